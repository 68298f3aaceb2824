"""The vendor's catalog as Stripe objects: meters, products, prices, made by Stripe's requests."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.catalog import Catalog, CatalogMeter, CatalogTier, UsagePrice
from portal.sandbox.resources.meters import create_meter
from portal.sandbox.resources.prices import create_price
from portal.sandbox.resources.products import create_product
from portal.sandbox.routes import Call

StripeObject = dict[str, Any]
# Makes a request of its parameters.
Ask = Callable[..., Call]
# What a minor unit of the catalog's currency costs in those of others, and to how many of them a
# plan's price is rounded there: vendors set their prices by hand, and like round ones.
_ABROAD = {"eur": (Decimal("0.9"), 100), "jpy": (Decimal("1.5"), 100)}
# Who pays a plan by the year pays for so many months of it.
_MONTHS_OF_A_YEAR = 10


def make_offer(ask: Ask, catalog: Catalog) -> dict[str, str]:
    """Make everything that the catalog lists; the ids of the prices by lookup key.

    Plans can also be had by the year, under `yearly` of their key.
    """
    prices: dict[str, str] = {}
    metered = {meter.event_name: _Metered(ask, catalog.currency, meter) for meter in catalog.meters}
    for plan in (*catalog.plans, *catalog.add_ons):
        product = create_product(ask(name=plan.product_name))["id"]
        fee = {"currency": catalog.currency, "product": product}
        monthly = {"lookup_key": plan.lookup_key, "recurring": {"interval": "month"}}
        prices[plan.lookup_key] = _fee(ask, plan.amount, **fee, **monthly)
        for usage in plan.usage:
            prices[usage.lookup_key] = metered[usage.event_name].price(usage)
        if plan in catalog.plans:
            key = yearly(plan.lookup_key)
            by_the_year = {"lookup_key": key, "recurring": {"interval": "year"}}
            prices[key] = _fee(ask, plan.amount * _MONTHS_OF_A_YEAR, **fee, **by_the_year)
    return prices


def yearly(lookup_key: str) -> str:
    """Under which key a plan's price by the year is found."""
    return f"{lookup_key}_yearly"


class _Metered:
    """A meter with the product that its prices are for."""

    def __init__(self, ask: Ask, currency: str, meter: CatalogMeter) -> None:
        self._ask, self._currency = ask, currency
        made = create_meter(
            ask(
                event_name=meter.event_name,
                display_name=meter.display_name,
                default_aggregation={"formula": meter.formula},
            )
        )
        product = create_product(ask(name=meter.display_name, unit_label=meter.unit_label))
        self._meter, self._product = made["id"], product["id"]

    def price(self, usage: UsagePrice) -> str:
        abroad = {
            currency: {"tiers": _tiers(usage.tiers, rate)}
            for currency, (rate, _) in _abroad(self._currency)
        }
        made = create_price(
            self._ask(
                currency=self._currency,
                product=self._product,
                lookup_key=usage.lookup_key,
                recurring={"interval": "month", "usage_type": "metered", "meter": self._meter},
                billing_scheme="tiered",
                tiers_mode="graduated",
                tiers=_tiers(usage.tiers, Decimal(1)),
                currency_options=abroad,
            )
        )
        return str(made["id"])


def _tiers(tiers: tuple[CatalogTier, ...], rate: Decimal) -> list[StripeObject]:
    return [
        {
            "up_to": "inf" if tier.up_to is None else tier.up_to,
            "unit_amount_decimal": tier.unit_amount_decimal * rate,
        }
        for tier in tiers
    ]


def _fee(ask: Ask, amount: int, **asked: Any) -> str:
    abroad = {
        currency: {"unit_amount": _rounded(amount * rate, step)}
        for currency, (rate, step) in _abroad(asked["currency"])
    }
    return str(create_price(ask(unit_amount=amount, currency_options=abroad, **asked))["id"])


def _abroad(home: str) -> list[tuple[str, tuple[Decimal, int]]]:
    return [(currency, terms) for currency, terms in _ABROAD.items() if currency != home]


def _rounded(amount: Decimal, step: int) -> int:
    return int((amount / step).quantize(Decimal(1), ROUND_HALF_UP)) * step
