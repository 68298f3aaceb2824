"""Random bills for property tests: lines, discounts, grants and taxes as Stripe allows them."""

from decimal import Decimal

from hypothesis import strategies as st

from portal.rating.invoice import BillLine, CreditGrant, Discount
from portal.rating.taxes import TaxRate

PRODUCTS = ("prod_plan", "prod_usage", "prod_extra")
PRICES = ("price_plan", "price_usage", "price_extra")
MOMENTS = st.integers(0, 100)

percentages = st.decimals(min_value=0, max_value=100, places=2)


def chosen_from(names: tuple[str, ...]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.one_of(st.none(), st.frozensets(st.sampled_from(names), min_size=1))


def discounts_named(prefix: str) -> st.SearchStrategy[list[Discount]]:
    made = st.tuples(st.one_of(percentages, st.integers(1, 10**6)), chosen_from(PRODUCTS))
    return st.lists(made, max_size=3).map(
        lambda several: [
            Discount(f"{prefix}_{number}", amount, None, products)
            if isinstance(amount, Decimal)
            else Discount(f"{prefix}_{number}", None, amount, products)
            for number, (amount, products) in enumerate(several)
        ]
    )


tax_rates = st.lists(
    st.builds(
        TaxRate,
        st.sampled_from(["txr_1", "txr_2", "txr_3"]),
        st.decimals(min_value=0, max_value=40, places=4),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda rate: rate.id,
).map(tuple)


@st.composite
def bill_lines(draw: st.DrawFn) -> list[BillLine]:
    own = draw(discounts_named("di_own"))
    rates = draw(tax_rates)
    return [
        BillLine(
            key=f"line_{number}",
            amount=draw(st.integers(-(10**5), 10**7)),
            product=draw(st.sampled_from(PRODUCTS)),
            price=draw(st.sampled_from(PRICES)),
            is_metered=draw(st.booleans()),
            period_end=draw(MOMENTS),
            discountable=draw(st.booleans()),
            discounts=tuple(one for one in own if draw(st.booleans())),
            tax_rates=rates if draw(st.booleans()) else (),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


grants = st.lists(
    st.builds(
        CreditGrant,
        id=st.integers(0, 10**6).map("credgr_{}".format),
        available=st.integers(0, 10**6),
        priority=st.integers(0, 100),
        category=st.sampled_from(["paid", "promotional"]),
        effective_at=MOMENTS,
        expires_at=st.one_of(st.none(), MOMENTS),
        created=MOMENTS,
        prices=chosen_from(PRICES),
    ),
    max_size=5,
    unique_by=lambda grant: grant.id,
)
