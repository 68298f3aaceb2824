"""The vendor's catalog as Stripe objects: meters, products, prices, made by Stripe's requests."""

from collections.abc import Callable
from typing import Any

from portal.catalog import Catalog, CatalogMeter, Plan, UsagePrice
from portal.sandbox.resources.meters import create_meter
from portal.sandbox.resources.prices import create_price
from portal.sandbox.resources.products import create_product
from portal.sandbox.routes import Call

StripeObject = dict[str, Any]
# Makes a request of its parameters.
Ask = Callable[..., Call]


def make_offer(ask: Ask, catalog: Catalog) -> dict[str, str]:
    """Make everything that the catalog lists; the ids of the prices by lookup key."""
    prices: dict[str, str] = {}
    metered = {meter.event_name: _Metered(ask, catalog.currency, meter) for meter in catalog.meters}
    for plan in (*catalog.plans, *catalog.add_ons):
        prices[plan.lookup_key] = _fee(ask, catalog.currency, plan)
        for usage in plan.usage:
            prices[usage.lookup_key] = metered[usage.event_name].price(usage)
    return prices


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
        tiers = [
            {
                "up_to": "inf" if tier.up_to is None else tier.up_to,
                "unit_amount_decimal": tier.unit_amount_decimal,
            }
            for tier in usage.tiers
        ]
        made = create_price(
            self._ask(
                currency=self._currency,
                product=self._product,
                lookup_key=usage.lookup_key,
                recurring={"interval": "month", "usage_type": "metered", "meter": self._meter},
                billing_scheme="tiered",
                tiers_mode="graduated",
                tiers=tiers,
            )
        )
        return str(made["id"])


def _fee(ask: Ask, currency: str, plan: Plan) -> str:
    product = create_product(ask(name=plan.product_name))
    made = create_price(
        ask(
            currency=currency,
            product=product["id"],
            lookup_key=plan.lookup_key,
            recurring={"interval": "month"},
            unit_amount=plan.amount,
        )
    )
    return str(made["id"])
