"""A subscription's metered items, each with its price, its quantity and its hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.clock import Period
from portal.database import Session
from portal.mirror import queries
from portal.mirror.queries import SubscribedItem
from portal.mirror.tables import Meter, UsageTotal
from portal.rating.price import Price
from portal.services.spend_curve import HourlyUsage
from portal.stripe_ids import CustomerId, MeterId


@dataclass(frozen=True, slots=True)
class MeteredItem:
    """One metered item; `quantity` is what Stripe would bill now, `read_at` when it said so."""

    name: str
    meter: Meter
    price: Price
    period: Period
    quantity: Decimal
    hours: HourlyUsage
    read_at: datetime | None


async def list_metered_items(
    session: Session, customer: CustomerId, items: Sequence[SubscribedItem]
) -> list[MeteredItem]:
    """The metered ones of the items, in their order; one that was never read yet has quantity 0."""
    totals = await queries.list_usage_totals(session, customer)
    of_period = {(total.meter_id, total.period_start): total for total in totals}
    return [
        await _metered_item(session, customer, one, one.meter, of_period)
        for one in items
        if one.meter is not None
    ]


async def hours_of(
    session: Session, customer: CustomerId, meter: Meter, period: Period
) -> HourlyUsage:
    """The hours of a billing period, ready to be summed."""
    hours = await queries.list_usage_hours(session, customer, MeterId(meter.id), period)
    return HourlyUsage(hours, meter.formula)


async def _metered_item(
    session: Session,
    customer: CustomerId,
    one: SubscribedItem,
    meter: Meter,
    totals: dict[tuple[str, datetime], UsageTotal],
) -> MeteredItem:
    period = Period(one.item.current_period_start, one.item.current_period_end)
    total = totals.get((meter.id, period.start))
    return MeteredItem(
        name=one.product.name,
        meter=meter,
        price=queries.rating_price(one.price),
        period=period,
        quantity=total.value if total else Decimal(0),
        hours=await hours_of(session, customer, meter, period),
        read_at=total.read_at if total else None,
    )
