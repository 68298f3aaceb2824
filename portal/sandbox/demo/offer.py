"""The vendor's catalog as Stripe objects: meters, products, prices, made by Stripe's requests."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.catalog import Catalog, CatalogMeter, Plan, UsagePrice
from portal.sandbox.resources.meters import create_meter
from portal.sandbox.resources.prices import create_price
from portal.sandbox.resources.products import create_product
from portal.sandbox.routes import Call

StripeObject = dict[str, Any]
# Makes a request of its parameters.
Ask = Callable[..., Call]
# Who pays a plan by the year pays for so many months of it.
_MONTHS_OF_A_YEAR = 10


@dataclass(frozen=True, slots=True)
class _Market:
    """A currency: what a minor unit of the catalog's costs in its own, and the step of its fees.

    Vendors set their prices abroad by hand, and like round ones.
    """

    currency: str
    rate: Decimal = Decimal(1)
    step: int = 1
    suffix: str = ""

    def fee(self, amount: int) -> int:
        """A plan's amount here."""
        steps = (amount * self.rate / self.step).quantize(Decimal(1), ROUND_HALF_UP)
        return int(steps) * self.step


_ABROAD = (
    _Market("eur", Decimal("0.9"), 100, "_eur"),
    _Market("jpy", Decimal("1.5"), 100, "_jpy"),
)


def make_offer(ask: Ask, catalog: Catalog) -> dict[str, str]:
    """Make everything that the catalog lists; the ids of the prices by lookup key.

    What `price_key` names is there too: plans by the year, and all of it in other currencies.
    """
    prices: dict[str, str] = {}
    metered = {meter.event_name: _Metered(ask, meter) for meter in catalog.meters}
    home = _Market(catalog.currency)
    markets = (home, *(one for one in _ABROAD if one.currency != catalog.currency))
    for plan in (*catalog.plans, *catalog.add_ons):
        product = create_product(ask(name=plan.product_name))["id"]
        intervals = ("month", "year") if plan in catalog.plans else ("month",)
        for market in markets:
            for interval in intervals:
                key = price_key(plan.lookup_key, interval) + market.suffix
                prices[key] = _fee(ask, plan, market, product, key, interval)
            for usage in plan.usage:
                key = usage.lookup_key + market.suffix
                prices[key] = metered[usage.event_name].price(usage, market, key)
    return prices


def price_key(lookup_key: str, interval: str = "month", currency: str = "") -> str:
    """Under which key a price is found that is not the catalog's own."""
    suffixes = {market.currency: market.suffix for market in _ABROAD}
    by_the_year = "_yearly" if interval == "year" else ""
    return f"{lookup_key}{by_the_year}{suffixes.get(currency, '')}"


class _Metered:
    """A meter with the product that its prices are for."""

    def __init__(self, ask: Ask, meter: CatalogMeter) -> None:
        self._ask = ask
        made = create_meter(
            ask(
                event_name=meter.event_name,
                display_name=meter.display_name,
                default_aggregation={"formula": meter.formula},
            )
        )
        product = create_product(ask(name=meter.display_name, unit_label=meter.unit_label))
        self._meter, self._product = made["id"], product["id"]

    def price(self, usage: UsagePrice, market: _Market, lookup_key: str) -> str:
        tiers = [
            {
                "up_to": "inf" if tier.up_to is None else tier.up_to,
                "unit_amount_decimal": tier.unit_amount_decimal * market.rate,
            }
            for tier in usage.tiers
        ]
        made = create_price(
            self._ask(
                currency=market.currency,
                product=self._product,
                lookup_key=lookup_key,
                recurring={"interval": "month", "usage_type": "metered", "meter": self._meter},
                billing_scheme="tiered",
                tiers_mode="graduated",
                tiers=tiers,
            )
        )
        return str(made["id"])


def _fee(  # noqa: PLR0913 - what is sold, where, under which name and how often it is paid
    ask: Ask, plan: Plan, market: _Market, product: str, lookup_key: str, interval: str
) -> str:
    months = _MONTHS_OF_A_YEAR if interval == "year" else 1
    made = create_price(
        ask(
            currency=market.currency,
            product=product,
            lookup_key=lookup_key,
            recurring={"interval": interval},
            unit_amount=market.fee(plan.amount) * months,
        )
    )
    return str(made["id"])
