"""What a list of customers tells of each: found by name, with plan and next invoice."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, func, select

from portal.database import Session
from portal.mirror.queries import list_products
from portal.mirror.tables import (
    Customer,
    InvoicePreview,
    Price,
    Product,
    Subscription,
    SubscriptionItem,
)


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """A customer with the newest subscription, its first product and its preview, if there are."""

    customer: Customer
    subscription: Subscription | None
    plan: Product | None
    preview: InvoicePreview | None


async def list_named(session: Session, name: str, limit: int) -> Sequence[ListedCustomer]:
    """At most so many customers whose name contains the text, the oldest first."""
    found = select(Customer).where(col(Customer.deleted_at).is_(None))
    if name:
        found = found.where(func.lower(Customer.name).contains(name.lower(), autoescape=True))
    oldest_first = found.order_by(col(Customer.created_at), Customer.id).limit(limit)
    customers = (await session.exec(oldest_first)).all()
    ids = {one.id for one in customers}
    subscriptions = await _newest_subscriptions(session, ids)
    plans = await _plans(session, {one.id for one in subscriptions.values()})
    previews = select(InvoicePreview).where(col(InvoicePreview.customer_id).in_(ids))
    preview_of = {one.subscription_id: one for one in await session.exec(previews)}
    listed = []
    for customer in customers:
        subscription = subscriptions.get(customer.id)
        key = subscription.id if subscription else ""
        listed.append(ListedCustomer(customer, subscription, plans.get(key), preview_of.get(key)))
    return listed


async def _newest_subscriptions(session: Session, customers: set[str]) -> dict[str, Subscription]:
    found = select(Subscription).where(
        col(Subscription.customer_id).in_(customers), col(Subscription.deleted_at).is_(None)
    )
    oldest_first = found.order_by(col(Subscription.created_at), Subscription.id)
    return {one.customer_id: one for one in await session.exec(oldest_first)}


async def _plans(session: Session, subscriptions: set[str]) -> dict[str, Product]:
    """The product of each subscription's first item that is not metered."""
    found = (
        select(SubscriptionItem.subscription_id, Price.product_id)
        .join(Price, col(Price.id) == SubscriptionItem.price_id)
        .where(
            col(SubscriptionItem.subscription_id).in_(subscriptions),
            col(SubscriptionItem.meter_id).is_(None),
        )
        .order_by(col(SubscriptionItem.position).desc())
    )
    product_of = dict((await session.exec(found)).all())
    products = await list_products(session, set(product_of.values()))
    by_id = {one.id: one for one in products}
    return {one: by_id[product] for one, product in product_of.items() if product in by_id}
