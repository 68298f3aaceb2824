"""The tier bar: what is outlined, what is solid, which labels fit, and that the words add up."""

import re
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portal.components.tier_ladder import TierBar, tier_bar_of
from portal.services.reports import MeterUsage, TierStep
from tests.make import meter_usage


def test_usage_beyond_the_included_amount_is_outlined_then_solid():
    bar = tier_bar_of(meter_usage(quantity=1_642_611))

    assert [(part.included, part.left, part.width) for part in bar.segments] == [
        (True, "0.00%", "33.33%"),
        (False, "33.33%", "21.42%"),
    ]
    assert [mark.label for mark in bar.boundaries] == [
        "1\N{NO-BREAK SPACE}M",
        "2\N{NO-BREAK SPACE}M",
    ]
    assert [price.label for price in bar.prices] == ["included", "$0.40 / 1,000", "$0.32 / 1,000"]


def test_usage_inside_the_included_amount_is_outlined_only():
    bar = tier_bar_of(meter_usage(quantity=88, included=1_000_000))

    assert [part.included for part in bar.segments] == [True]
    assert [price.label for price in bar.prices] == ["included", "$0.40 / 1,000"]


def test_a_far_boundary_is_named_instead_of_drawn():
    tiers = (("250000000", "0.000065"), ("1000000000", "0.00005"), (None, "0.00004"))
    tokens = meter_usage(
        quantity=417_429_669, included=0, tiers=tiers, unit_label="tokens", price_per=1_000_000
    )

    bar = tier_bar_of(tokens)

    assert [price.label for price in bar.prices] == [
        "$0.65 / M",
        "$0.50 / M, up to 1,000\N{NO-BREAK SPACE}M",
    ]


def test_without_usage_nothing_is_filled():
    bar = tier_bar_of(meter_usage(quantity=0))

    assert bar.segments == ()
    assert [price.label for price in bar.prices] == ["included", "$0.40 / 1,000"]


def test_a_price_without_tiers_is_one_solid_bar():
    bar = tier_bar_of(meter_usage(quantity=10, included=0, tiers=((None, "150"),), price_per=1))

    assert [(part.included, part.left, part.width) for part in bar.segments] == [
        (False, "0.00%", "55.56%")
    ]
    assert bar.boundaries == ()
    assert [price.label for price in bar.prices] == ["$1.50 each"]


def test_a_volume_price_bills_everything_in_one_tier():
    steps = (
        TierStep(Decimal(0), Decimal(100), Decimal(50), None, Decimal(0), 0),
        TierStep(Decimal(100), None, Decimal(40), None, Decimal(150), 6000),
    )

    bar = tier_bar_of(meter_usage(quantity=150, included=0, steps=steps, price_per=1))

    assert [part.included for part in bar.segments] == [False]
    assert bar.explanation == ("above 0, $0.50 each: not reached; 150 at $0.40 each: $60.00.")


def test_a_flat_fee_stands_beside_the_unit_price():
    steps = (
        TierStep(Decimal(0), Decimal(100), Decimal(0), Decimal(1000), Decimal(100), 1000),
        TierStep(Decimal(100), None, Decimal(5), Decimal(500), Decimal(20), 600),
    )

    bar = tier_bar_of(meter_usage(quantity=120, included=0, steps=steps, price_per=1))

    assert "$10.00 flat" in bar.explanation
    assert "$5.00 + $0.05 each" in bar.explanation


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=9, unique=True).map(sorted),
    st.integers(0, 10**11),
)
def test_labels_never_overlap_and_nothing_leaves_the_bar(bounds, quantity):
    tiers = [(str(bound), "7") for bound in bounds] + [(None, "3")]
    bar = tier_bar_of(meter_usage(quantity=quantity, included=0, tiers=tiers))

    for part in bar.segments:
        assert _share(part.left) + _share(part.width) <= Decimal("100.01")
    prices = [(_share(price.left), len(price.label)) for price in bar.prices]
    for (left, letters), (following, _) in pairwise(prices):
        assert left + 2 * letters <= following


@given(st.integers(0, 10**10))
def test_the_words_of_the_bar_add_up_to_the_cost(quantity):
    meter = meter_usage(quantity=quantity)

    assert _amounts_in_words(tier_bar_of(meter)) == _dollars(meter)


def _amounts_in_words(bar: TierBar) -> Decimal:
    found = re.findall(r": \$([\d,]+\.\d\d)", bar.explanation)
    return sum((Decimal(amount.replace(",", "")) for amount in found), Decimal(0))


def _dollars(meter: MeterUsage) -> Decimal:
    return Decimal(meter.cost.amount) / 100


def _share(percent: str) -> Decimal:
    return Decimal(percent.removesuffix("%"))
