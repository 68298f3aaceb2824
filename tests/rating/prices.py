"""Random prices and quantities for property tests, as wide as Stripe allows them."""

from decimal import Decimal

from hypothesis import strategies as st

from portal.rating.price import Price, Tier, TransformQuantity

fine_amounts = st.decimals(min_value=0, max_value=10_000, places=12)
coarse_amounts = st.decimals(min_value=0, max_value=100, places=4)
whole_amounts = st.integers(min_value=0, max_value=10**8).map(Decimal)
amounts = st.one_of(fine_amounts, coarse_amounts, whole_amounts)
quantities = st.one_of(
    st.integers(min_value=0, max_value=10**12).map(Decimal),
    st.decimals(min_value=0, max_value=10**6, places=3),
    st.decimals(min_value=0, max_value=10**9, places=12),
)
packages = st.builds(
    TransformQuantity, st.integers(min_value=1, max_value=10_000), st.sampled_from(["up", "down"])
)


@st.composite
def tiered_prices(draw: st.DrawFn, tiers_mode: str | None = None) -> Price:
    bounds = draw(st.lists(st.integers(1, 10**10), max_size=5, unique=True).map(sorted))
    # Mostly the rates of one price are alike; those of twelve decimals would rule all others.
    rates = draw(st.sampled_from([fine_amounts, coarse_amounts, whole_amounts, amounts]))
    fees = draw(st.sampled_from([st.none(), st.one_of(st.none(), rates)]))
    tiers = tuple(
        Tier(None if bound is None else Decimal(bound), draw(rates), draw(fees))
        for bound in [*bounds, None]
    )
    mode = tiers_mode or draw(st.sampled_from(["graduated", "volume"]))
    return Price("price_1", "usd", "tiered", tiers=tiers, tiers_mode=mode)


def per_unit_prices(
    transform: st.SearchStrategy[TransformQuantity | None],
) -> st.SearchStrategy[Price]:
    return st.builds(
        Price,
        id=st.just("price_1"),
        currency=st.sampled_from(["usd", "jpy", "kwd"]),
        billing_scheme=st.just("per_unit"),
        unit_amount_decimal=amounts,
        transform_quantity=transform,
    )


prices = st.one_of(per_unit_prices(st.one_of(st.none(), packages)), tiered_prices())
