"""Facts for the mirror's tests, made as the gateway makes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.clock import Period
from portal.stripe_gateway import translate
from portal.stripe_gateway.facts import (
    CustomerFacts,
    InvoiceFacts,
    MeterFacts,
    PaymentMethodFacts,
    PriceFacts,
    ProductFacts,
    SubscriptionFacts,
)
from portal.stripe_gateway.translate_invoice import invoice_facts
from portal.stripe_gateway.usage.facts import (
    UsageSnapshotFacts,
    UsageTotalFacts,
    UsageWindow,
    UsageWindows,
)
from portal.stripe_ids import CustomerId, MeterId
from tests import stripe_objects

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOVEMBER = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
HOUR = timedelta(hours=1)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def customer(id: str = "cus_1", *, read: float = 0, **changes: Any) -> CustomerFacts:
    return translate.customer_facts(stripe_objects.customer(id, **changes), at(read))


def product(id: str = "prod_1", *, read: float = 0, **changes: Any) -> ProductFacts:
    return translate.product_facts(stripe_objects.product(id, **changes), at(read))


def price(id: str = "price_1", *, read: float = 0, **changes: Any) -> PriceFacts:
    return translate.price_facts(stripe_objects.price(id, **changes), at(read))


def meter(id: str = "mtr_1", *, read: float = 0, **changes: Any) -> MeterFacts:
    return translate.meter_facts(stripe_objects.meter(id, **changes), at(read))


def payment_method(id: str = "pm_1", *, read: float = 0, **changes: Any) -> PaymentMethodFacts:
    return translate.payment_method_facts(stripe_objects.payment_method(id, **changes), at(read))


def subscription(
    id: str = "sub_1",
    *,
    read: float = 0,
    items: Sequence[str] = ("si_1",),
    price: dict[str, Any] | None = None,
    **changes: Any,
) -> SubscriptionFacts:
    shown = [
        stripe_objects.subscription_item(
            one, price=price or stripe_objects.price(), subscription=id
        )
        for one in items
    ]
    return translate.subscription_facts(stripe_objects.subscription(id, **changes), shown, at(read))


def invoice(
    id: str = "in_1", *, read: float = 0, amounts: Sequence[int] = (2500,), **changes: Any
) -> InvoiceFacts:
    lines = [
        stripe_objects.invoice_line(f"il_{id}_{number}", amount=amount)
        for number, amount in enumerate(amounts)
    ]
    return invoice_facts(stripe_objects.invoice(id, lines=lines, **changes), lines, at(read))


def usage(
    customer: str = "cus_1",
    *,
    read: float = 0,
    value: int = 0,
    hours: Sequence[int] = (),
    span: Period = NOVEMBER,
    previews: Sequence[InvoiceFacts] = (),
    **changes: Any,
) -> UsageSnapshotFacts:
    """A look at one meter; `hours` are the values of the hours from the span's start."""
    windows = tuple(
        UsageWindow(span.start + HOUR * number, span.start + HOUR * (number + 1), Decimal(counted))
        for number, counted in enumerate(hours)
    )
    return UsageSnapshotFacts(
        **{
            "customer_id": CustomerId(customer),
            "read_at": at(read),
            "as_of": at(read),
            "objects": (),
            "previews": tuple(previews),
            "totals": (UsageTotalFacts(MeterId("mtr_1"), NOVEMBER, Decimal(value)),),
            "windows": (UsageWindows(MeterId("mtr_1"), span, windows),),
            "agrees": True,
            **changes,
        }
    )
