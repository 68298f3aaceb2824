"""The overview's view: what it says, that what it shows adds up, and that nothing breaks it."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import Period, to_epoch
from portal.pages.overview.view import EMPTY_OVERVIEW, OverviewView, overview_view
from portal.services.reports import Standing
from tests.make import (
    NOVEMBER,
    NOW,
    OCTOBER,
    licensed_charge,
    meter_usage,
    previous_period,
    upcoming_invoice,
    upcoming_line,
    usage_report,
)

LONG = "Realtime multimodal inference requests with extended context (EU region, priority)"


def amount(text: str) -> Decimal:
    """A shown amount back as a number, whatever its currency."""
    sign = -1 if text.startswith("−") else 1
    return sign * Decimal("".join(letter for letter in text if letter.isdigit() or letter == "."))


def test_before_the_first_report_nothing_is_claimed():
    assert not EMPTY_OVERVIEW.loaded
    assert EMPTY_OVERVIEW.spend.label == "Spend to date"


def test_without_a_subscription_the_page_is_loaded_and_empty():
    view = overview_view(None, None)

    assert view.loaded
    assert not view.subscribed


def test_the_summary_compares_with_the_last_period_at_equal_elapsed_time():
    view = overview_view(usage_report(previous=previous_period()), upcoming_invoice())

    assert (view.spend.amount.whole, view.spend.amount.cents) == ("$756", ".04")
    assert (view.spend.strong, view.spend.after) == ("−$179.77", " on October at this point")
    assert view.spend.second == "Day 22 of 30, before credits and tax"
    assert view.previous.label == "October at this point"
    assert (view.previous.before, view.previous.strong) == ("Ended at ", "$1,291.74")
    assert view.upcoming.strong == "1 Dec"
    assert view.period == "1–30 Nov 2026"


def test_a_first_period_has_nothing_to_compare_with():
    view = overview_view(usage_report([meter_usage(previous_quantity=None)]), None)

    assert view.previous.word == "None yet"
    assert view.make_up.compared_with == "Change"
    assert view.make_up.meters[0].direction == "none"


def test_the_same_spend_as_last_time_says_so_in_words():
    report = usage_report(previous=previous_period(at_this_point=75_604))

    assert overview_view(report, None).spend.after == "Same as October at this point"


def test_a_meter_row_says_what_was_used_included_and_paid():
    row = overview_view(usage_report(), None).make_up.meters[0]

    assert row.used.replace("\N{NO-BREAK SPACE}", " ") == "1.64 M"
    assert row.included.replace("\N{NO-BREAK SPACE}", " ") == "of 1 M included"
    assert (row.direction, row.change) == ("up", "+7%")
    assert row.amount == "$257.04"
    assert row.read_at == to_epoch(NOW) - 4


@pytest.mark.parametrize(
    ("quantity", "before", "direction", "change", "was"),
    [
        (5, 0, "none", "new", "was none"),
        (0, 0, "same", "none", "was none"),
        (5, 5, "same", "0%", "was 5"),
        (4, 5, "down", "−20%", "was 5"),
    ],
)
def test_changes_have_a_direction_and_a_word(quantity, before, direction, change, was):
    meter = meter_usage(quantity=quantity, previous_quantity=before)
    row = overview_view(usage_report([meter]), None).make_up.meters[0]

    assert (row.direction, row.change, row.before) == (direction, change, was)


def test_an_add_on_says_for_which_days_it_is():
    burst = licensed_charge(
        "Burst capacity",
        amount=4_500,
        period=Period(datetime(2026, 11, 22, tzinfo=UTC), NOVEMBER.end),
    )
    view = overview_view(usage_report(licensed=[licensed_charge(), burst]), None)

    assert [row.caption for row in view.make_up.charges] == [
        "1–30 Nov, billed in advance",
        "22–30 Nov, 9 of 30 days",
    ]


def test_the_plan_says_what_the_upcoming_invoice_asks_for_it():
    dearer = upcoming_invoice([upcoming_line("Scale plan", 59_900, timing="in advance")])

    same_price = overview_view(usage_report(), upcoming_invoice()).make_up.charges[0].caption
    new_price = overview_view(usage_report(), dearer).make_up.charges[0].caption

    assert same_price.endswith("December is on the upcoming invoice at the same price")
    assert new_price.endswith("December is on the upcoming invoice at $599.00")


def test_several_of_one_plan_are_counted():
    view = overview_view(usage_report(licensed=[licensed_charge("Seat", quantity=12)]), None)

    assert view.make_up.charges[0].name == "12 × Seat"


def test_no_usage_in_a_first_period_shows_the_first_steps_instead_of_a_chart():
    idle = [meter_usage(quantity=0, previous_quantity=None, daily=[0] * 22)]

    first = overview_view(usage_report(idle), None).first_steps
    later = overview_view(usage_report(idle, previous=previous_period()), None).first_steps
    assert first.title == "No usage recorded yet"
    assert later.title == ""
    assert overview_view(usage_report(idle), None).spend.after == "Plan only, no usage yet"


def test_without_a_preview_the_card_waits():
    view = overview_view(usage_report(), None)

    assert not view.invoice.available
    assert view.upcoming.word == "Not yet"


def test_silence_of_stripe_names_the_time_of_the_figures():
    view = overview_view(usage_report(), None, stripe_answers=False)
    never = overview_view(usage_report(read_at=None), None, stripe_answers=False)

    assert view.silent_since == "10:41 UTC"
    assert never.silent_since == "the last answer"
    assert never.read_at == 0


@given(
    st.lists(st.integers(0, 10**10), min_size=0, max_size=6),
    st.lists(st.integers(0, 10**9), min_size=0, max_size=3),
    st.sampled_from(["usd", "jpy", "kwd"]),
)
def test_the_rows_add_up_to_the_spend_to_date(quantities, plans, currency):
    meters = [meter_usage(quantity=quantity, currency=currency) for quantity in quantities]
    charges = [licensed_charge(amount=plan, currency=currency) for plan in plans]
    view = overview_view(usage_report(meters, charges, currency=currency), None)

    rows = [*view.make_up.meters, *view.make_up.charges]
    shown = sum((amount(row.amount) for row in rows), Decimal(0))

    assert shown == amount(view.make_up.total)
    assert view.spend.amount.whole + view.spend.amount.cents == view.make_up.total
    assert view.make_up.title == f"What makes up {view.make_up.total}"


def test_in_a_trial_nothing_costs_and_the_rows_say_why():
    meter = meter_usage(tiers=((None, "0"),), included=0, on_trial=True)
    plan = licensed_charge(amount=0, on_trial=True)
    view = overview_view(
        usage_report([meter], [plan]),
        upcoming_invoice(),
        standing=Standing("trialing", NOVEMBER.end),
    )

    assert view.make_up.meters[0].included == "free in the trial"
    assert view.make_up.charges[0].caption.startswith("1–30 Nov, free in the trial")
    assert [segment.included for segment in view.make_up.meters[0].bar.segments] == [True]
    assert view.standing.strong == "Trial until 1 Dec, 8 days left."
    assert view.first_steps.title == "Nothing to pay in the trial"
    assert view.spend.after == "Free in the trial"


def test_a_yearly_plan_says_when_it_was_billed():
    year = Period(OCTOBER.start, OCTOBER.start + timedelta(days=365))
    view = overview_view(usage_report(licensed=[licensed_charge(amount=0, period=year)]), None)

    assert view.make_up.charges[0].caption == "1 Oct 2026–30 Sep 2027, billed on 1 Oct"


def hard_reports():
    """Reports that have broken layouts elsewhere: names, sizes, currencies and periods."""
    year = Period(NOVEMBER.start, NOVEMBER.start + timedelta(days=365))
    day = Period(NOVEMBER.start, NOVEMBER.start + timedelta(days=1))
    flat = {"included": 0, "tiers": ((None, "0.000002"),)}
    return {
        "long names": usage_report([meter_usage(LONG)], [licensed_charge(LONG)]),
        "no meters": usage_report([]),
        "no plan": usage_report(licensed=[]),
        "free of charge": usage_report([meter_usage(tiers=((None, "0"),), included=0)]),
        "yen": usage_report(
            [meter_usage(currency="jpy")], [licensed_charge(currency="jpy")], currency="jpy"
        ),
        "very large": usage_report(
            [meter_usage(quantity=10**18, **flat)], [licensed_charge(amount=10**13)]
        ),
        "fractions": usage_report([meter_usage(quantity="0.000125", daily=["0.000125"])]),
        "corrected below zero": usage_report([meter_usage(quantity=-5, daily=[-5])]),
        "first minute": usage_report([meter_usage(daily=[])], now=NOVEMBER.start),
        "one day": usage_report(period=day, now=day.start + timedelta(hours=9)),
        "a year": usage_report([meter_usage(days=22)], period=year, previous=previous_period()),
        "ended": usage_report(now=NOVEMBER.end + timedelta(hours=1)),
    }


@pytest.mark.parametrize("name", hard_reports())
def test_hard_reports_become_a_view_that_can_be_sent(name):
    report = hard_reports()[name]
    view = overview_view(report, upcoming_invoice(currency=report.currency))

    assert view.subscribed
    assert json.loads(json.dumps(asdict(view)))["loaded"]
    assert 1 <= int(view.spend.second.split()[1]) <= 365


def test_the_view_stays_small_enough_to_send_every_few_seconds():
    meters = [meter_usage(f"Meter {at}") for at in range(3)]
    view = overview_view(usage_report(meters, previous=previous_period()), upcoming_invoice())

    assert size_of(view) < 32_000


def test_an_octobers_worth_of_previous_days_is_named_by_its_month_only_when_it_is_one():
    odd = Period(OCTOBER.start + timedelta(days=3), OCTOBER.end)
    view = overview_view(usage_report(previous=previous_period(period=odd)), None)

    assert view.make_up.compared_with == "vs 4–31 Oct"


def size_of(view: OverviewView) -> int:
    return len(json.dumps(asdict(view)))


def test_long_amounts_are_marked_so_that_they_are_drawn_smaller():
    view = overview_view(usage_report(licensed=[licensed_charge(amount=123_456_789_012)]), None)

    assert view.spend.amount.long
    assert not overview_view(usage_report(), None).spend.amount.long


def test_the_footnote_names_the_currency():
    yen = usage_report([], [licensed_charge(currency="jpy")], currency="jpy")

    assert "Amounts are Japanese yen" in overview_view(yen, None).footnote
