from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portal.rating.spreading import evenly, in_proportion

amounts = st.integers(0, 10**12)
places = st.lists(st.integers(1, 10**9), max_size=8)


def test_parts_are_in_proportion_and_the_last_cent_goes_where_most_was_cut_off() -> None:
    # 1,000 over 10:20:30 of 60: 166.67, 333.33, 500
    assert in_proportion(1000, [1000, 2000, 3000]) == [167, 333, 500]


def test_of_places_that_are_alike_the_last_one_takes_what_is_left_over() -> None:
    assert in_proportion(1000, [5000, 5000, 5000]) == [333, 333, 334]
    assert evenly(1000, [5000, 5000, 5000]) == [333, 333, 334]


def test_evenly_means_the_same_for_a_small_and_a_large_place() -> None:
    assert evenly(1000, [600, 5000]) == [500, 500]


def test_what_a_small_place_cannot_take_goes_to_the_others() -> None:
    assert evenly(1000, [5000, 100, 5000]) == [450, 100, 450]


def test_nothing_can_be_spread_over_nothing() -> None:
    assert in_proportion(100, []) == evenly(100, []) == []


@given(amounts, places)
def test_the_parts_add_up_and_no_place_is_overdrawn(amount: int, limits: list[int]) -> None:
    for spread in (in_proportion, evenly):
        parts = spread(amount, limits)

        assert sum(parts) == min(amount, sum(limits))
        assert all(0 <= part <= limit for part, limit in zip(parts, limits, strict=True))


@given(amounts, places)
def test_no_part_is_a_whole_unit_away_from_its_exact_share(amount: int, weights: list[int]) -> None:
    spread = min(amount, sum(weights))
    for part, weight in zip(in_proportion(amount, weights), weights, strict=True):
        assert abs(part - Fraction(spread * weight, sum(weights))) < 1


@given(amounts, places)
def test_even_parts_differ_only_where_a_limit_was_reached(amount: int, limits: list[int]) -> None:
    parts = evenly(amount, limits)
    open_parts = [part for part, limit in zip(parts, limits, strict=True) if part < limit]
    assert max(open_parts, default=0) - min(open_parts, default=0) <= 1
    assert all(part >= max(parts) - 1 for part in open_parts)
