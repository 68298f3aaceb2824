"""From Stripe's JSON to facts: pure functions, one for each kind of object.

Invoices are in translate_invoice.py. A field that Stripe may leave empty may also be missing; an
enum value that is not known is kept.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.clock import from_epoch
from portal.stripe_gateway.facts import (
    CustomerFacts,
    MeterFacts,
    PaymentMethodFacts,
    PriceFacts,
    ProductFacts,
    SubscriptionFacts,
    SubscriptionItemFacts,
    TestClockFacts,
)

StripeObject = Mapping[str, Any]


def customer_facts(customer: StripeObject, read_at: datetime) -> CustomerFacts:
    """A customer; expanded payment method and test clock are folded back to their ids."""
    payment_method_id = id_of(customer["invoice_settings"]["default_payment_method"])
    test_clock_id = id_of(customer.get("test_clock"))
    invoice_settings = {
        **customer["invoice_settings"],
        "default_payment_method": payment_method_id,
    }
    return CustomerFacts(
        id=customer["id"],
        read_at=read_at,
        stripe_object={
            **customer,
            "invoice_settings": invoice_settings,
            "test_clock": test_clock_id,
        },
        name=customer.get("name"),
        email=customer.get("email"),
        currency=customer.get("currency"),
        balance=customer["balance"],
        default_payment_method_id=payment_method_id,
        test_clock_id=test_clock_id,
        created_at=from_epoch(customer["created"]),
    )


def product_facts(product: StripeObject, read_at: datetime) -> ProductFacts:
    """A product."""
    return ProductFacts(
        id=product["id"],
        read_at=read_at,
        stripe_object=product,
        name=product["name"],
        active=product["active"],
        description=product.get("description"),
        unit_label=product.get("unit_label"),
        created_at=from_epoch(product["created"]),
    )


def price_facts(price: StripeObject, read_at: datetime) -> PriceFacts:
    """A price; a tiered one must have been read with its tiers expanded."""
    recurring = price.get("recurring") or {}
    return PriceFacts(
        id=price["id"],
        read_at=read_at,
        stripe_object=price,
        product_id=id_of(price["product"]),
        active=price["active"],
        currency=price["currency"],
        type=price["type"],
        billing_scheme=price["billing_scheme"],
        tiers_mode=price.get("tiers_mode"),
        unit_amount_decimal=exact(price.get("unit_amount_decimal")),
        interval=recurring.get("interval"),
        interval_count=recurring.get("interval_count"),
        usage_type=recurring.get("usage_type"),
        meter_id=recurring.get("meter"),
        nickname=price.get("nickname"),
        lookup_key=price.get("lookup_key"),
        created_at=from_epoch(price["created"]),
    )


def meter_facts(meter: StripeObject, read_at: datetime) -> MeterFacts:
    """A billing meter."""
    return MeterFacts(
        id=meter["id"],
        read_at=read_at,
        stripe_object=meter,
        display_name=meter["display_name"],
        event_name=meter["event_name"],
        formula=meter["default_aggregation"]["formula"],
        event_time_window=meter.get("event_time_window"),
        status=meter["status"],
        created_at=from_epoch(meter["created"]),
    )


def test_clock_facts(clock: StripeObject, read_at: datetime) -> TestClockFacts:
    """A test clock."""
    return TestClockFacts(
        id=clock["id"],
        read_at=read_at,
        stripe_object=clock,
        frozen_time=from_epoch(clock["frozen_time"]),
        status=clock["status"],
    )


def subscription_facts(
    subscription: StripeObject, items: Sequence[StripeObject], read_at: datetime
) -> SubscriptionFacts:
    """A subscription with all its items, which Stripe embeds ten at a time."""
    test_clock_id = id_of(subscription.get("test_clock"))
    return SubscriptionFacts(
        id=subscription["id"],
        read_at=read_at,
        stripe_object={**without(subscription, "items"), "test_clock": test_clock_id},
        customer_id=id_of(subscription["customer"]),
        status=subscription["status"],
        currency=subscription["currency"],
        collection_method=subscription["collection_method"],
        start_date=from_epoch(subscription["start_date"]),
        billing_cycle_anchor=from_epoch(subscription["billing_cycle_anchor"]),
        cancel_at_period_end=subscription["cancel_at_period_end"],
        cancel_at=moment(subscription.get("cancel_at")),
        canceled_at=moment(subscription.get("canceled_at")),
        ended_at=moment(subscription.get("ended_at")),
        trial_end=moment(subscription.get("trial_end")),
        default_payment_method_id=id_of(subscription.get("default_payment_method")),
        test_clock_id=test_clock_id,
        created_at=from_epoch(subscription["created"]),
        items=tuple(
            _subscription_item_facts(item, position, id_of(subscription["customer"]))
            for position, item in enumerate(items)
        ),
    )


def _subscription_item_facts(
    item: StripeObject, position: int, customer_id: Any
) -> SubscriptionItemFacts:
    recurring = item["price"]["recurring"]
    return SubscriptionItemFacts(
        id=item["id"],
        subscription_id=item["subscription"],
        customer_id=customer_id,
        position=position,
        price_id=item["price"]["id"],
        meter_id=recurring.get("meter"),
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        quantity=item.get("quantity"),
        current_period_start=from_epoch(item["current_period_start"]),
        current_period_end=from_epoch(item["current_period_end"]),
        stripe_object=item,
    )


def payment_method_facts(method: StripeObject, read_at: datetime) -> PaymentMethodFacts:
    """A payment method; a bank account's brand is its bank."""
    details = method.get(method["type"]) or {}
    return PaymentMethodFacts(
        id=method["id"],
        read_at=read_at,
        stripe_object=method,
        customer_id=id_of(method.get("customer")),
        type=method["type"],
        brand=details.get("display_brand") or details.get("brand") or details.get("bank_name"),
        last4=details.get("last4"),
        exp_month=details.get("exp_month"),
        exp_year=details.get("exp_year"),
        created_at=from_epoch(method["created"]),
    )


def id_of(reference: Any) -> Any:
    """The id of a reference, whether Stripe sent the bare id, the expanded object or nothing."""
    return reference["id"] if isinstance(reference, Mapping) else reference


def moment(seconds: int | None) -> datetime | None:
    """A time that may be absent."""
    return None if seconds is None else from_epoch(seconds)


def exact(number: str | float | None) -> Decimal | None:
    """A number as Stripe wrote it, text or JSON number, without a detour over binary fractions."""
    return None if number is None else Decimal(str(number))


def without(stripe_object: StripeObject, *names: str) -> dict[str, Any]:
    """The object without some of its fields."""
    return {name: value for name, value in stripe_object.items() if name not in names}
