from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rating.proration import prorated

DAY = 86_400
MONTH = 30 * DAY


@pytest.mark.parametrize(
    ("amount", "at", "part"),
    [
        # 2,000 × 15/30 = 1,000
        (2000, 15 * DAY, 1000),
        # -1,000 × 20/30 = -666.67
        (-1000, 10 * DAY, -667),
        # 999 × 1 s / 2,592,000 s is nothing that could be paid
        (999, MONTH - 1, 0),
        # 1 × 15/30 is exactly half a cent: away from zero, for a credit too
        (1, 15 * DAY, 1),
        (-1, 15 * DAY, -1),
        (2500, 0, 2500),
        (2500, MONTH, 0),
    ],
)
def test_what_is_left_of_a_month_is_what_is_charged(amount: int, at: int, part: int) -> None:
    assert prorated(amount, 0, MONTH, at) == part


def test_a_year_that_begins_four_seconds_late_costs_all_but_the_last_fraction_of_a_cent() -> None:
    # 25,000 × 31,535,996 / 31,536,000 = 24,999.9968
    assert prorated(25_000, 0, 365 * DAY, 4) == 25_000


def test_an_amount_with_decimals_is_rounded_after_it_is_divided() -> None:
    # 33.3 × 10/30 = 11.1, while 33 × 10/30 = 11
    assert prorated(Decimal("4.5"), 0, 3, 2) == 2
    assert prorated(Decimal("33.3"), 0, 30, 20) == 11


@pytest.mark.parametrize(("start", "end", "at"), [(0, 10, 11), (0, 10, -1), (10, 10, 10)])
def test_a_moment_outside_the_period_is_refused(start: int, end: int, at: int) -> None:
    with pytest.raises(ValueError, match="outside the period"):
        prorated(100, start, end, at)


moments = st.tuples(*[st.integers(0, 2_000_000_000)] * 3).map(sorted)
amounts = st.integers(-(10**12), 10**12)


@given(amounts, moments)
def test_a_part_is_the_nearest_whole_amount_and_never_more_than_all(
    amount: int, moments: list[int]
) -> None:
    start, at, end = moments
    if start == end:
        end += 1
    exact = Fraction(amount) * (end - at) / (end - start)

    part = prorated(amount, start, end, at)

    assert abs(part - exact) <= Fraction(1, 2)
    assert abs(part) <= abs(amount)
    assert part == -prorated(-amount, start, end, at)
