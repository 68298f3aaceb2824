from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sandbox.billing.periods import next_boundary
from tests.sandbox.billing.company import at

LAST_CENTURIES_END = 4_000_000_000


def boundaries(anchor: int, interval: str, count: int, steps: int) -> list[datetime]:
    found, moment = [], anchor
    for _ in range(steps):
        moment = next_boundary(anchor, {"interval": interval, "interval_count": count}, moment)
        found.append(datetime.fromtimestamp(moment, UTC))
    return found


def test_the_31st_becomes_the_last_day_of_a_short_month_and_comes_back() -> None:
    found = boundaries(at(2026, 1, 31, 9, 30), "month", 1, 4)

    assert [(moment.month, moment.day, moment.hour, moment.minute) for moment in found] == [
        (2, 28, 9, 30),
        (3, 31, 9, 30),
        (4, 30, 9, 30),
        (5, 31, 9, 30),
    ]


def test_a_leap_day_comes_back_after_four_years() -> None:
    found = boundaries(at(2024, 2, 29), "year", 1, 4)

    assert [(moment.month, moment.day) for moment in found] == [(2, 28)] * 3 + [(2, 29)]


@pytest.mark.parametrize(
    ("interval", "count", "expected"),
    [
        ("day", 1, at(2026, 1, 2)),
        ("week", 2, at(2026, 1, 15)),
        ("month", 3, at(2026, 4, 1)),
        ("year", 1, at(2027, 1, 1)),
    ],
)
def test_every_interval_has_its_first_boundary(interval: str, count: int, expected: int) -> None:
    recurring = {"interval": interval, "interval_count": count}

    assert next_boundary(at(2026, 1, 1), recurring, at(2026, 1, 1)) == expected


recurrences = st.one_of(
    st.fixed_dictionaries(
        {"interval": st.sampled_from(["day", "week"]), "interval_count": st.integers(1, 52)}
    ),
    st.fixed_dictionaries(
        {"interval": st.sampled_from(["month", "year"]), "interval_count": st.integers(1, 3)}
    ),
)
moments = st.integers(min_value=0, max_value=LAST_CENTURIES_END)


@given(moments, recurrences, moments)
def test_periods_join_without_gap_or_overlap(
    anchor: int, recurring: dict[str, Any], moment: int
) -> None:
    boundary = next_boundary(anchor, recurring, moment)

    assert boundary > moment
    assert next_boundary(anchor, recurring, boundary - 1) == boundary
    assert next_boundary(anchor, recurring, anchor - 1) == anchor
