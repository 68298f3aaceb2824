from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.rating.price import Price, Tier, TransformQuantity
from portal.rating.rate import rate
from portal.services.tier_steps import included_quantity, tier_steps

API = (
    Tier(Decimal(1_000_000), Decimal(0)),
    Tier(Decimal(2_000_000), Decimal("0.04")),
    Tier(None, Decimal("0.032")),
)


def price(mode: str, *tiers: Tier) -> Price:
    return Price("price_x", "usd", "tiered", tiers=tiers, tiers_mode=mode)


def test_every_step_of_the_ladder_is_there_with_what_was_used_in_it() -> None:
    steps = tier_steps(rate(price("graduated", *API), Decimal(1_642_611)))
    assert [(step.starts_at, step.quantity, step.amount) for step in steps] == [
        (0, 1_000_000, 0),
        (1_000_000, 642_611, 25704),
        (2_000_000, 0, 0),
    ]


def test_a_volume_price_puts_everything_into_one_step() -> None:
    steps = tier_steps(rate(price("volume", *API), Decimal(1_500_000)))
    assert [step.quantity for step in steps] == [0, 1_500_000, 0]


def test_a_price_without_tiers_is_one_step() -> None:
    flat = Price("price_x", "usd", "per_unit", unit_amount_decimal=Decimal("0.5"))
    assert [(s.quantity, s.amount) for s in tier_steps(rate(flat, Decimal(10)))] == [(10, 5)]


def test_a_package_shows_what_one_unit_of_it_costs() -> None:
    package = TransformQuantity(1000, "up")
    packaged = Price("price_x", "usd", "per_unit", Decimal(40), transform_quantity=package)
    (step,) = tier_steps(rate(packaged, Decimal(1001)))
    assert (step.unit_amount_decimal, step.amount) == (Decimal("0.04"), 80)


def test_what_is_included_is_what_comes_before_the_first_price() -> None:
    assert included_quantity(price("graduated", *API)) == 1_000_000
    assert included_quantity(price("graduated", *API[1:])) == 0


def test_a_volume_price_includes_nothing_for_good() -> None:
    assert included_quantity(price("volume", *API)) == 0


@given(st.integers(0, 10**8), st.sampled_from(["graduated", "volume"]))
def test_the_steps_add_up_to_the_line(quantity: int, mode: str) -> None:
    rated = rate(price(mode, *API), Decimal(quantity))
    steps = tier_steps(rated)
    assert sum(step.amount for step in steps) == rated.amount
    assert sum(step.quantity for step in steps) == quantity
