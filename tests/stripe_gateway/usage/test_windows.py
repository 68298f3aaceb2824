"""Which windows are read, when known ones are believed, and which period came before."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import Period
from portal.stripe_gateway.facts import SubscriptionFacts
from portal.stripe_gateway.usage.facts import UsageWindow
from portal.stripe_gateway.usage.windows import (
    add_up,
    counted_span,
    needs_look,
    pieces,
    previous_period,
    recent_span,
    total_of,
)
from tests import stripe_facts as facts
from tests import stripe_objects

HOUR = timedelta(hours=1)
minutes = st.integers(0, 365 * 24 * 60).map(
    lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def windows(*values: int) -> list[UsageWindow]:
    start = day("2026-11-01")
    return [
        UsageWindow(start + HOUR * n, start + HOUR * (n + 1), Decimal(value))
        for n, value in enumerate(values)
    ]


@given(minutes, minutes)
def test_pieces_cover_a_span_without_gap_or_overlap(one: datetime, other: datetime):
    span = Period(min(one, other), max(one, other))

    found = list(pieces(span))

    edges = [edge for piece, _ in found for edge in (piece.start, piece.end)]
    assert edges == sorted(edges)
    assert edges[1:-1:2] == edges[2::2]
    assert not found or (edges[0], edges[-1]) == (span.start, span.end)
    for piece, is_whole_hours in found:
        assert piece.length > timedelta(0)
        if is_whole_hours:
            assert piece.start.minute == piece.end.minute == 0
        else:
            assert piece.length < HOUR


def test_periods_in_a_row_are_counted_without_gap():
    first = Period(day("2026-10-05T12:34:56"), day("2026-11-05T12:34:56"))
    second = Period(first.end, day("2026-12-05T12:34:56"))

    assert counted_span(first).end == counted_span(second).start == day("2026-11-05T12:34")


def test_recent_windows_are_those_of_two_days():
    recent = recent_span(facts.NOVEMBER, day("2026-11-22T12:20"))

    assert recent == Period(day("2026-11-20T12:00"), day("2026-11-22T13:00"))


def test_usage_may_be_stamped_a_little_ahead():
    recent = recent_span(facts.NOVEMBER, day("2026-11-22T12:57"))

    assert recent.end == day("2026-11-22T14:00")


def test_all_of_a_young_period_is_recent():
    recent = recent_span(facts.NOVEMBER, day("2026-11-02T06:00"))

    assert recent.start == facts.NOVEMBER.start


def test_the_recent_part_of_a_past_period_is_its_end():
    recent = recent_span(facts.NOVEMBER, day("2027-02-01"))

    assert recent == Period(day("2026-11-29"), day("2026-12-01"))


def test_sums_add_up_and_levels_do_not():
    assert total_of("sum", windows(3, 4)) == 7
    assert total_of("count", windows(3, 4)) == 7
    assert total_of("last", windows(3, 4)) == 4
    assert total_of("last", []) == 0


@pytest.mark.parametrize(
    ("formula", "older", "young", "total", "holds"),
    [
        ("sum", (3, 4), (5,), 12, True),
        ("sum", (3, 4), (5,), 13, False),
        ("last", (3, 4), (5,), 9, True),
        ("last", (3, 4), (), 4, True),
        ("last", (3, 4), (), 9, False),
        ("count", (), (), 0, True),
    ],
)
def test_known_windows_hold_when_all_come_to_the_total(
    formula: str, older: tuple[int, ...], young: tuple[int, ...], total: int, holds: bool
):
    assert add_up(formula, windows(*older), windows(*young), Decimal(total)) is holds


@pytest.mark.parametrize(
    ("as_of", "now", "due"),
    [
        (None, "2026-12-01T00:00", True),
        ("2026-11-30T23:59", "2026-12-01T00:01", True),
        ("2026-12-01T00:01", "2026-12-01T00:59", False),
        ("2026-12-01T00:01", "2026-12-01T01:00", True),
        ("2026-12-01T01:00", "2026-12-20T00:00", False),
    ],
)
def test_a_past_period_is_looked_at_until_it_is_settled(as_of: str | None, now: str, due: bool):
    assert needs_look(facts.NOVEMBER, day(as_of) if as_of else None, day(now)) is due


def subscribed(started: str, anchor: str, start: str, end: str, **recurring: object):
    price = stripe_objects.price()
    price["recurring"] |= recurring
    item = stripe_objects.subscription_item(
        price=price,
        current_period_start=int(day(start).timestamp()),
        current_period_end=int(day(end).timestamp()),
    )
    subscription: SubscriptionFacts = facts.translate.subscription_facts(
        stripe_objects.subscription(
            start_date=int(day(started).timestamp()),
            billing_cycle_anchor=int(day(anchor).timestamp()),
        ),
        [item],
        facts.NOON,
    )
    return subscription, subscription.items[0]


@pytest.mark.parametrize(
    ("anchor", "start", "end", "recurring", "before"),
    [
        ("2026-01-05", "2026-11-05", "2026-12-05", {}, "2026-10-05"),
        ("2026-01-31", "2026-02-28", "2026-03-31", {}, "2026-01-31"),
        ("2026-01-31", "2026-03-31", "2026-04-30", {}, "2026-02-28"),
        ("2026-01-05", "2027-01-05", "2027-04-05", {"interval_count": 3}, "2026-10-05"),
        ("2024-02-29", "2028-02-29", "2029-02-28", {"interval": "year"}, "2027-02-28"),
        ("2026-01-05", "2026-01-19", "2026-01-26", {"interval": "week"}, "2026-01-12"),
        ("2026-01-05", "2026-01-19", "2026-01-20", {"interval": "day"}, "2026-01-18"),
    ],
)
def test_the_period_before(
    anchor: str, start: str, end: str, recurring: dict[str, object], before: str
):
    found = previous_period(*subscribed("2020-01-01", anchor, start, end, **recurring))

    assert found == Period(day(before), day(start))


def test_the_first_period_has_none_before():
    assert (
        previous_period(*subscribed("2026-11-05", "2026-11-05", "2026-11-05", "2026-12-05")) is None
    )


def test_a_short_first_period_begins_with_the_subscription():
    found = previous_period(*subscribed("2026-10-20", "2026-11-05", "2026-11-05", "2026-12-05"))

    assert found == Period(day("2026-10-20"), day("2026-11-05"))
