"""Facts: what one read of Stripe said, translated and frozen; one class for each kind of object.

A fact's fields carry the names that the mirror's columns have. Nested objects that the portal
does not use yet stay in `stripe_object`, as Stripe sent them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from portal.stripe_ids import (
    CustomerId,
    InvoiceId,
    MeterId,
    PriceId,
    ProductId,
    SubscriptionId,
    SubscriptionItemId,
)

# The statuses in which a subscription still bills or may bill again
# (https://docs.stripe.com/api/subscriptions/object#subscription_object-status).
LIVE_STATUSES = frozenset({"active", "trialing", "past_due", "unpaid", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What every object has; `read_at` is the moment when the read began.

    An answer may show anything that happened until it was sent, so only the beginning is a
    moment from which on the facts are known to hold.
    """

    kind: ClassVar[str]

    id: str
    read_at: datetime
    stripe_object: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts(ObjectFacts):
    """A customer; `balance` is in minor units, negative when Stripe owes the customer."""

    kind: ClassVar[str] = "customer"

    id: CustomerId
    name: str | None
    email: str | None
    currency: str | None
    balance: int
    default_payment_method_id: str | None
    test_clock_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts(ObjectFacts):
    """A product of the catalogue."""

    kind: ClassVar[str] = "product"

    id: ProductId
    name: str
    active: bool
    description: str | None
    unit_label: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFacts(ObjectFacts):
    """A price, its tiers within `stripe_object`; `meter_id` is set on a metered one."""

    kind: ClassVar[str] = "price"

    id: PriceId
    product_id: ProductId
    active: bool
    currency: str
    type: str
    billing_scheme: str
    tiers_mode: str | None
    unit_amount_decimal: Decimal | None
    interval: str | None
    interval_count: int | None
    usage_type: str | None
    meter_id: MeterId | None
    nickname: str | None
    lookup_key: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts(ObjectFacts):
    """A billing meter; `formula` is sum, count or last."""

    kind: ClassVar[str] = "meter"

    id: MeterId
    display_name: str
    event_name: str
    formula: str
    event_time_window: str | None
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TestClockFacts(ObjectFacts):
    """A test clock: the present moment of the customers on it is its `frozen_time`."""

    kind: ClassVar[str] = "test_clock"

    frozen_time: datetime
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionItemFacts:
    """One item of a subscription; the billing period is the item's, not the subscription's."""

    id: SubscriptionItemId
    subscription_id: SubscriptionId
    customer_id: CustomerId
    position: int
    price_id: PriceId
    meter_id: MeterId | None
    interval: str
    interval_count: int
    quantity: int | None
    current_period_start: datetime
    current_period_end: datetime
    stripe_object: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionFacts(ObjectFacts):
    """A subscription with all of its items."""

    kind: ClassVar[str] = "subscription"

    id: SubscriptionId
    customer_id: CustomerId
    status: str
    currency: str
    collection_method: str
    start_date: datetime
    billing_cycle_anchor: datetime
    cancel_at_period_end: bool
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None
    trial_end: datetime | None
    default_payment_method_id: str | None
    test_clock_id: str | None
    created_at: datetime
    items: tuple[SubscriptionItemFacts, ...]

    @property
    def is_live(self) -> bool:
        """Whether it still bills or may bill again."""
        return self.status in LIVE_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceLineFacts:
    """One invoice line; the amount is in minor units, before invoice-level reductions."""

    id: str
    position: int
    amount: int
    currency: str
    description: str | None
    quantity: Decimal | None
    unit_amount_decimal: Decimal | None
    price_id: PriceId | None
    product_id: ProductId | None
    subscription_id: SubscriptionId | None
    subscription_item_id: SubscriptionItemId | None
    proration: bool
    period_start: datetime
    period_end: datetime
    stripe_object: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts(ObjectFacts):
    """An invoice, or the preview of one, with all of its lines; amounts in minor units.

    `discount_amount`, `credit_amount` (billing credits) and `tax_amount` are sums, positive as
    Stripe sends them. `period_start` and `period_end` are the look-back window for invoice items;
    the time served is on the lines (https://docs.stripe.com/api/invoices/object).
    """

    kind: ClassVar[str] = "invoice"

    id: InvoiceId
    customer_id: CustomerId
    subscription_id: SubscriptionId | None
    number: str | None
    status: str | None
    billing_reason: str | None
    currency: str
    subtotal: int
    discount_amount: int
    credit_amount: int
    tax_amount: int
    total: int
    starting_balance: int
    amount_due: int
    amount_paid: int
    amount_remaining: int
    period_start: datetime
    period_end: datetime
    created_at: datetime
    due_date: datetime | None
    finalized_at: datetime | None
    paid_at: datetime | None
    next_payment_attempt: datetime | None
    lines: tuple[InvoiceLineFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodFacts(ObjectFacts):
    """A payment method, what a person recognises it by; without a customer it is detached."""

    kind: ClassVar[str] = "payment_method"

    customer_id: CustomerId | None
    type: str
    brand: str | None
    last4: str | None
    exp_month: int | None
    exp_year: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such object at Stripe: it was deleted, or never was."""

    kind: str
    id: str
    read_at: datetime
