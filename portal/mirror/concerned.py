"""Who and what a mirrored object concerns: the customers who see it, the objects it refers to."""

from collections import defaultdict
from collections.abc import Iterator

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from portal.database import Session
from portal.mirror.applied import Reference
from portal.mirror.tables import (
    Customer,
    Invoice,
    Meter,
    MirroredRow,
    PaymentMethod,
    Price,
    Product,
    Subscription,
    SubscriptionItem,
    TestClock,
)
from portal.stripe_gateway.facts import (
    CustomerFacts,
    InvoiceFacts,
    MeterFacts,
    ObjectFacts,
    PaymentMethodFacts,
    PriceFacts,
    ProductFacts,
    SubscriptionFacts,
    TestClockFacts,
)
from portal.stripe_ids import CustomerId

MODELS: dict[str, type[MirroredRow]] = {
    CustomerFacts.kind: Customer,
    ProductFacts.kind: Product,
    PriceFacts.kind: Price,
    MeterFacts.kind: Meter,
    TestClockFacts.kind: TestClock,
    SubscriptionFacts.kind: Subscription,
    InvoiceFacts.kind: Invoice,
    PaymentMethodFacts.kind: PaymentMethod,
}


async def customers_of(session: Session, row: MirroredRow) -> frozenset[CustomerId]:
    """The customers on whose pages the object shows."""
    match row:
        case Customer():
            return frozenset({CustomerId(row.id)})
        case Subscription() | Invoice() | PaymentMethod():
            return frozenset({CustomerId(row.customer_id)} if row.customer_id else ())
        case _:
            found = await session.exec(_subscribers(row))
            return frozenset(CustomerId(one) for one in found)


def _subscribers(row: MirroredRow) -> SelectOfScalar[str]:
    items = select(SubscriptionItem.customer_id).distinct()
    match row:
        case Price():
            return items.where(SubscriptionItem.price_id == row.id)
        case Meter():
            return items.where(SubscriptionItem.meter_id == row.id)
        case TestClock():
            return select(Customer.id).where(Customer.test_clock_id == row.id)
        case _:
            of_product = select(Price.id).where(Price.product_id == row.id)
            return items.where(col(SubscriptionItem.price_id).in_(of_product))


async def unknown_references(session: Session, facts: ObjectFacts) -> frozenset[Reference]:
    """The objects that the facts refer to and that the mirror has never seen."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for kind, object_id in _references(facts):
        if object_id:
            wanted[kind].add(object_id)
    unknown: set[Reference] = set()
    for kind, ids in wanted.items():
        model = MODELS[kind]
        known = set(await session.exec(select(model.id).where(col(model.id).in_(ids))))
        unknown |= {(kind, one) for one in ids - known}
    return frozenset(unknown)


def _references(facts: ObjectFacts) -> Iterator[tuple[str, str | None]]:
    match facts:
        case CustomerFacts():
            yield PaymentMethodFacts.kind, facts.default_payment_method_id
            yield TestClockFacts.kind, facts.test_clock_id
        case PriceFacts():
            yield ProductFacts.kind, facts.product_id
            yield MeterFacts.kind, facts.meter_id
        case SubscriptionFacts():
            yield CustomerFacts.kind, facts.customer_id
            for item in facts.items:
                yield PriceFacts.kind, item.price_id
        case InvoiceFacts():
            yield CustomerFacts.kind, facts.customer_id
