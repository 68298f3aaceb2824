"""The mirror's tables: Stripe's objects, and what is pulled: usage and the next invoice's preview.

A column is named like the field of the facts that fills it. `read_at` is when the read began that
a row stands for; a row with `deleted_at` is a tombstone, kept so that a late answer cannot bring
the object back. Children stand and fall with their parent. No row refers to anything outside of
the mirror.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel

from portal.database import ExactDecimal, UtcDateTime


class MirroredRow(SQLModel):
    """What every row of a Stripe object has."""

    id: str = Field(primary_key=True)
    read_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stripe_object: dict[str, Any] = Field(sa_type=JSON)


class Customer(MirroredRow, table=True):
    """A customer; `balance` is in minor units, negative when Stripe owes the customer."""

    __tablename__ = "mirror_customer"

    name: str | None
    email: str | None
    currency: str | None
    balance: int = Field(sa_type=BigInteger)
    default_payment_method_id: str | None
    test_clock_id: str | None = Field(index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Product(MirroredRow, table=True):
    """A product of the catalogue."""

    __tablename__ = "mirror_product"

    name: str
    active: bool
    description: str | None
    unit_label: str | None
    created_at: datetime = Field(sa_type=UtcDateTime)


class Price(MirroredRow, table=True):
    """A price; its tiers are in `stripe_object`, see queries.rating_price."""

    __tablename__ = "mirror_price"

    product_id: str = Field(index=True)
    active: bool
    currency: str
    type: str
    billing_scheme: str
    tiers_mode: str | None
    unit_amount_decimal: Decimal | None = Field(sa_type=ExactDecimal)
    interval: str | None
    interval_count: int | None
    usage_type: str | None
    meter_id: str | None = Field(index=True)
    nickname: str | None
    lookup_key: str | None
    created_at: datetime = Field(sa_type=UtcDateTime)


class Meter(MirroredRow, table=True):
    """A billing meter; `formula` is sum, count or last."""

    __tablename__ = "mirror_meter"

    display_name: str
    event_name: str
    formula: str
    event_time_window: str | None
    status: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class TestClock(MirroredRow, table=True):
    """A test clock; for the customers on it, now is its `frozen_time`."""

    __tablename__ = "mirror_test_clock"

    frozen_time: datetime = Field(sa_type=UtcDateTime)
    status: str


class Subscription(MirroredRow, table=True):
    """A subscription, cancelled ones included."""

    __tablename__ = "mirror_subscription"

    customer_id: str = Field(index=True)
    status: str
    currency: str
    collection_method: str
    start_date: datetime = Field(sa_type=UtcDateTime)
    billing_cycle_anchor: datetime = Field(sa_type=UtcDateTime)
    cancel_at_period_end: bool
    cancel_at: datetime | None = Field(sa_type=UtcDateTime)
    canceled_at: datetime | None = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(sa_type=UtcDateTime)
    trial_end: datetime | None = Field(sa_type=UtcDateTime)
    default_payment_method_id: str | None
    test_clock_id: str | None
    created_at: datetime = Field(sa_type=UtcDateTime)


class SubscriptionItem(SQLModel, table=True):
    """An item of a subscription, a child of its row; the billing period is the item's."""

    __tablename__ = "mirror_subscription_item"

    id: str = Field(primary_key=True)
    subscription_id: str = Field(index=True)
    customer_id: str
    position: int
    price_id: str = Field(index=True)
    meter_id: str | None
    quantity: int | None = Field(sa_type=BigInteger)
    current_period_start: datetime = Field(sa_type=UtcDateTime)
    current_period_end: datetime = Field(sa_type=UtcDateTime)
    stripe_object: dict[str, Any] = Field(sa_type=JSON)


class BilledAmounts(SQLModel):
    """What an invoice and the preview of one have in common; amounts in minor units.

    `discount_amount`, `credit_amount` and `tax_amount` are sums, positive as Stripe sends them.
    """

    currency: str
    subtotal: int = Field(sa_type=BigInteger)
    discount_amount: int = Field(sa_type=BigInteger)
    credit_amount: int = Field(sa_type=BigInteger)
    tax_amount: int = Field(sa_type=BigInteger)
    total: int = Field(sa_type=BigInteger)
    starting_balance: int = Field(sa_type=BigInteger)
    amount_due: int = Field(sa_type=BigInteger)
    period_start: datetime = Field(sa_type=UtcDateTime)
    period_end: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    next_payment_attempt: datetime | None = Field(sa_type=UtcDateTime)


class Invoice(BilledAmounts, MirroredRow, table=True):
    """An invoice in any status; a line says which time it serves, `period_*` does not."""

    __tablename__ = "mirror_invoice"

    customer_id: str = Field(index=True)
    subscription_id: str | None
    number: str | None
    status: str | None
    billing_reason: str | None
    amount_paid: int = Field(sa_type=BigInteger)
    amount_remaining: int = Field(sa_type=BigInteger)
    due_date: datetime | None = Field(sa_type=UtcDateTime)
    finalized_at: datetime | None = Field(sa_type=UtcDateTime)
    paid_at: datetime | None = Field(sa_type=UtcDateTime)


class BilledLine(SQLModel):
    """What a line of an invoice and of a preview have in common."""

    amount: int = Field(sa_type=BigInteger)
    currency: str
    description: str | None
    quantity: Decimal | None = Field(sa_type=ExactDecimal)
    unit_amount_decimal: Decimal | None = Field(sa_type=ExactDecimal)
    price_id: str | None
    product_id: str | None
    subscription_item_id: str | None
    proration: bool
    period_start: datetime = Field(sa_type=UtcDateTime)
    period_end: datetime = Field(sa_type=UtcDateTime)
    stripe_object: dict[str, Any] = Field(sa_type=JSON)


class InvoiceLine(BilledLine, table=True):
    """A line of an invoice, a child of its row, in Stripe's order."""

    __tablename__ = "mirror_invoice_line"

    invoice_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    id: str


class PaymentMethod(MirroredRow, table=True):
    """A payment method; without a customer it is detached."""

    __tablename__ = "mirror_payment_method"

    customer_id: str | None = Field(index=True)
    type: str
    brand: str | None
    last4: str | None
    exp_month: int | None
    exp_year: int | None
    created_at: datetime = Field(sa_type=UtcDateTime)


class UsageSnapshot(SQLModel, table=True):
    """The newest look at a customer's usage; all that it brought is in the tables below.

    `as_of` is the customer's own moment then, which differs from `read_at` on a test clock.
    """

    __tablename__ = "mirror_usage_snapshot"

    customer_id: str = Field(primary_key=True)
    read_at: datetime = Field(sa_type=UtcDateTime)
    as_of: datetime = Field(sa_type=UtcDateTime)
    agrees: bool


class UsageTotal(SQLModel, table=True):
    """What a customer has used of a meter in one billing period: the quantity that is billed."""

    __tablename__ = "mirror_usage_total"

    customer_id: str = Field(primary_key=True)
    meter_id: str = Field(primary_key=True)
    period_start: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    period_end: datetime = Field(sa_type=UtcDateTime)
    value: Decimal = Field(sa_type=ExactDecimal)
    read_at: datetime = Field(sa_type=UtcDateTime)
    as_of: datetime = Field(sa_type=UtcDateTime)


class UsageHour(SQLModel, table=True):
    """What a meter counted within one hour; hours without usage have no row.

    The hour in which one billing period gives way to the next has a row for either side.
    """

    __tablename__ = "mirror_usage_hour"

    customer_id: str = Field(primary_key=True)
    meter_id: str = Field(primary_key=True)
    start: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    end: datetime = Field(sa_type=UtcDateTime)
    value: Decimal = Field(sa_type=ExactDecimal)


class InvoicePreview(BilledAmounts, table=True):
    """Stripe's preview of a live subscription's next invoice, which is made at `created_at`."""

    __tablename__ = "mirror_invoice_preview"

    subscription_id: str = Field(primary_key=True)
    customer_id: str = Field(index=True)
    read_at: datetime = Field(sa_type=UtcDateTime)
    stripe_object: dict[str, Any] = Field(sa_type=JSON)


class InvoicePreviewLine(BilledLine, table=True):
    """A line of a preview, in Stripe's order."""

    __tablename__ = "mirror_invoice_preview_line"

    subscription_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    customer_id: str = Field(index=True)


class SyncCursor(SQLModel, table=True):
    """How far a backfill has come in one of Stripe's lists."""

    __tablename__ = "mirror_sync_cursor"

    list_name: str = Field(primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    last_id: str | None
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
