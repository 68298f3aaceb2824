"""What no list of Stripe's brings: objects only referred to, and those that it no longer has."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from portal.database import Session
from portal.mirror.applied import Reference
from portal.mirror.concerned import MODELS
from portal.mirror.tables import Customer, Invoice, Price, Subscription, SubscriptionItem
from portal.stripe_gateway.facts import (
    CustomerFacts,
    MeterFacts,
    PaymentMethodFacts,
    PriceFacts,
    ProductFacts,
    TestClockFacts,
)

_REFERENCES = (
    (PriceFacts.kind, col(SubscriptionItem.price_id)),
    (ProductFacts.kind, col(Price.product_id)),
    (MeterFacts.kind, col(Price.meter_id)),
    (PaymentMethodFacts.kind, col(Customer.default_payment_method_id)),
    (TestClockFacts.kind, col(Customer.test_clock_id)),
    (CustomerFacts.kind, col(Subscription.customer_id)),
    (CustomerFacts.kind, col(Invoice.customer_id)),
)


async def list_unknown_references(session: Session) -> Sequence[Reference]:
    """Objects that mirrored ones refer to and that the mirror has never seen.

    Inline prices, for one, are in no list of Stripe's.
    """
    unknown: set[Reference] = set()
    for kind, column in _REFERENCES:
        known = select(MODELS[kind].id)
        found = select(column).distinct().where(column.is_not(None), column != "")
        ids = await session.exec(found.where(column.not_in(known)))
        unknown |= {(kind, one) for one in ids if one}
    return sorted(unknown)


async def list_not_read_since(session: Session, moment: datetime) -> Sequence[Reference]:
    """Live objects that were not read after the moment: Stripe may have deleted them."""
    unread: list[Reference] = []
    for kind, model in MODELS.items():
        found = select(model.id).where(col(model.read_at) < moment, col(model.deleted_at).is_(None))
        unread += [(kind, one) for one in await session.exec(found.order_by(model.id))]
    return unread
