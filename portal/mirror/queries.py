"""Named questions to the mirror; nothing here changes it.

Deleted objects are left out of every list; a `find_` or `get_` by id gives the tombstone as well.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from portal.clock import Period
from portal.database import Session
from portal.errors import NotFound
from portal.mirror.tables import (
    Customer,
    Invoice,
    InvoiceLine,
    InvoicePreview,
    InvoicePreviewLine,
    Meter,
    PaymentMethod,
    Price,
    Product,
    Subscription,
    SubscriptionItem,
    TestClock,
    UsageHour,
    UsageSnapshot,
    UsageTotal,
)
from portal.rating import price as rating
from portal.stripe_gateway.facts import LIVE_STATUSES
from portal.stripe_gateway.usage.windows import counted_span
from portal.stripe_ids import CustomerId, MeterId, SubscriptionId


@dataclass(frozen=True, slots=True)
class SubscribedItem:
    """A subscription item with all that it refers to; only a metered one has a meter."""

    subscription: Subscription
    item: SubscriptionItem
    price: Price
    product: Product
    meter: Meter | None


async def get_customer(session: Session, customer: CustomerId) -> Customer:
    """The customer; NotFound when the mirror does not hold him or Stripe has deleted him."""
    found = await find_customer(session, customer)
    if found is None or found.deleted_at is not None:
        raise NotFound("There is no such customer.")
    return found


async def find_customer(session: Session, customer: CustomerId) -> Customer | None:
    """The customer, deleted or not; None when the mirror has never seen him."""
    return await session.get(Customer, customer)


async def list_subscribed_customers(session: Session) -> Sequence[CustomerId]:
    """The ids of all customers with a live subscription, in order."""
    found = (
        select(Subscription.customer_id)
        .distinct()
        .where(col(Subscription.status).in_(LIVE_STATUSES), col(Subscription.deleted_at).is_(None))
    )
    # Sorted here, not by the database, whose order of texts depends on its language.
    return sorted(CustomerId(one) for one in await session.exec(found))


async def find_present_moment(session: Session, customer: CustomerId) -> datetime | None:
    """Where the customer's test clock stands; None for a customer who lives in real time."""
    found = (
        select(TestClock.frozen_time)
        .join(Customer, col(Customer.test_clock_id) == TestClock.id)
        .where(Customer.id == customer, col(TestClock.deleted_at).is_(None))
    )
    return (await session.exec(found)).first()


async def list_subscription_items(
    session: Session, customer: CustomerId
) -> Sequence[SubscribedItem]:
    """The items of the customer's live subscriptions, the oldest subscription first.

    An item whose price or product the mirror has not seen yet is left out until it has.
    """
    found = (
        Select[Subscription, SubscriptionItem, Price, Product, Meter | None](
            Subscription, SubscriptionItem, Price, Product, Meter
        )
        .join(SubscriptionItem, col(SubscriptionItem.subscription_id) == Subscription.id)
        .join(Price, col(Price.id) == SubscriptionItem.price_id)
        .join(Product, col(Product.id) == Price.product_id)
        .join(Meter, col(Meter.id) == SubscriptionItem.meter_id, isouter=True)
        .where(
            col(Subscription.customer_id) == customer,
            col(Subscription.status).in_(LIVE_STATUSES),
            col(Subscription.deleted_at).is_(None),
        )
        .order_by(col(Subscription.created_at), Subscription.id, col(SubscriptionItem.position))
    )
    return [SubscribedItem(*row) for row in await session.exec(found)]


async def find_latest_subscription(session: Session, customer: CustomerId) -> Subscription | None:
    """The customer's newest subscription in any status; None when there never was one."""
    found = select(Subscription).where(
        Subscription.customer_id == customer, col(Subscription.deleted_at).is_(None)
    )
    newest_first = found.order_by(col(Subscription.created_at).desc(), col(Subscription.id).desc())
    return (await session.exec(newest_first)).first()


async def list_products(session: Session, ids: Collection[str | None]) -> Sequence[Product]:
    """The products with these ids, as far as the mirror has them."""
    return (await session.exec(select(Product).where(col(Product.id).in_(ids)))).all()


async def list_open_invoices(session: Session, subscription: SubscriptionId) -> Sequence[Invoice]:
    """The subscription's finalized invoices that are not paid, the oldest first."""
    found = select(Invoice).where(
        Invoice.subscription_id == subscription,
        Invoice.status == "open",
        col(Invoice.deleted_at).is_(None),
    )
    return (await session.exec(found.order_by(col(Invoice.created_at), Invoice.id))).all()


async def list_invoices(session: Session, customer: CustomerId) -> Sequence[Invoice]:
    """The customer's invoices, drafts included, the newest first."""
    found = select(Invoice).where(
        Invoice.customer_id == customer, col(Invoice.deleted_at).is_(None)
    )
    newest_first = found.order_by(col(Invoice.created_at).desc(), col(Invoice.id).desc())
    return (await session.exec(newest_first)).all()


async def list_invoice_lines_serving(
    session: Session, customer: CustomerId, period: Period
) -> Sequence[InvoiceLine]:
    """The lines of the customer's invoices, void ones left out, whose service lies in a period.

    Licensed lines are on the invoice at the period's start, metered ones on that at its end.
    """
    found = (
        select(InvoiceLine)
        .join(Invoice, col(Invoice.id) == InvoiceLine.invoice_id)
        .where(
            Invoice.customer_id == customer,
            col(Invoice.deleted_at).is_(None),
            col(Invoice.status).is_distinct_from("void"),
            col(InvoiceLine.period_start) >= period.start,
            col(InvoiceLine.period_end) <= period.end,
        )
        .order_by(col(Invoice.created_at), InvoiceLine.invoice_id, col(InvoiceLine.position))
    )
    return (await session.exec(found)).all()


async def find_default_payment_method(
    session: Session, customer: CustomerId
) -> PaymentMethod | None:
    """The payment method that the customer's invoices are charged to, when there is one."""
    found = (
        select(PaymentMethod)
        .join(Customer, col(Customer.default_payment_method_id) == PaymentMethod.id)
        .where(
            Customer.id == customer,
            PaymentMethod.customer_id == customer,
            col(PaymentMethod.deleted_at).is_(None),
        )
    )
    return (await session.exec(found)).first()


async def find_invoice_preview(
    session: Session, customer: CustomerId, subscription: SubscriptionId
) -> tuple[InvoicePreview, Sequence[InvoicePreviewLine]] | None:
    """The preview of the next invoice of a customer's subscription, with its lines in order."""
    preview = await session.get(InvoicePreview, subscription)
    if preview is None or preview.customer_id != customer:
        return None
    lines = (
        select(InvoicePreviewLine)
        .where(InvoicePreviewLine.subscription_id == preview.subscription_id)
        .order_by(col(InvoicePreviewLine.position))
    )
    return preview, (await session.exec(lines)).all()


async def find_usage_snapshot(session: Session, customer: CustomerId) -> UsageSnapshot | None:
    """When the customer's usage was last looked at, and whether the preview agreed with it."""
    return await session.get(UsageSnapshot, customer)


async def list_usage_totals(session: Session, customer: CustomerId) -> Sequence[UsageTotal]:
    """The quantities of all meters and billing periods, the newest period first."""
    found = select(UsageTotal).where(UsageTotal.customer_id == customer)
    newest_first = found.order_by(col(UsageTotal.period_start).desc(), col(UsageTotal.meter_id))
    return (await session.exec(newest_first)).all()


async def list_usage_hours(
    session: Session, customer: CustomerId, meter: MeterId, period: Period
) -> Sequence[tuple[datetime, Decimal]]:
    """The hours of a billing period in which the meter counted something: start and value.

    In order; pairs and not rows, since a page draws thousands of them.
    """
    span = counted_span(period)
    found = (
        Select[datetime, Decimal](col(UsageHour.start), col(UsageHour.value))
        .where(
            UsageHour.customer_id == customer,
            UsageHour.meter_id == meter,
            col(UsageHour.start) >= span.start,
            col(UsageHour.start) < span.end,
        )
        .order_by(col(UsageHour.start))
    )
    return [(start, value) for start, value in await session.exec(found)]


def rating_price(row: Price, currency: str) -> rating.Price:
    """The price as a value to rate with in a currency; raises what price_from_stripe raises."""
    return rating.price_from_stripe(row.stripe_object, currency)
