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
from portal.rating.price import PER_UNIT, Price
from portal.services.spend_curve import HourlyUsage
from portal.stripe_ids import CustomerId, MeterId


@dataclass(frozen=True, slots=True)
class MeteredItem:
    """One metered item; `quantity` is what Stripe would bill now, `read_at` when it said so.

    While it is `on_trial` what is used costs nothing.
    """

    name: str
    meter: Meter
    price: Price
    period: Period
    quantity: Decimal
    hours: HourlyUsage
    on_trial: bool
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


def is_on_trial(one: SubscribedItem) -> bool:
    """Whether the item's present period is the trial, for which nothing is billed.

    https://docs.stripe.com/billing/subscriptions/trials
    """
    return one.subscription.status == "trialing"


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
        price=_price_now(one),
        period=period,
        quantity=total.value if total else Decimal(0),
        hours=await hours_of(session, customer, meter, period),
        on_trial=is_on_trial(one),
        read_at=total.read_at if total else None,
    )


def _price_now(one: SubscribedItem) -> Price:
    """What a unit costs now: nothing in a trial."""
    price = queries.rating_price(one.price, one.subscription.currency)
    if not is_on_trial(one):
        return price
    return Price(price.id, price.currency, PER_UNIT, unit_amount_decimal=Decimal(0))
