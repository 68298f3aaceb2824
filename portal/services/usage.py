"""What a customer has used in the current period and what it has cost so far.

The quantities are the mirror's, the amounts our own rating, before credits, discounts and tax.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import repeat

from portal.catalog import CatalogMeter
from portal.clock import Period
from portal.database import Session
from portal.mirror import queries
from portal.mirror.queries import SubscribedItem
from portal.money import Money
from portal.rating.rate import rate
from portal.services.acting import Acting
from portal.services.metered_items import MeteredItem, is_on_trial, list_metered_items
from portal.services.previous_period import Before, find_before
from portal.services.reports import LicensedCharge, MeterUsage, UsageReport
from portal.services.spend_curve import spend_curve
from portal.services.tier_steps import included_quantity, tier_steps


async def report(acting: Acting, session: Session, items: Sequence[SubscribedItem]) -> UsageReport:
    """The current period of one subscription, given its items; at least one."""
    metered = await list_metered_items(session, acting.customer, items)
    period = metered[0].period if metered else _period_of(items[0])
    now = await queries.find_present_moment(session, acting.customer) or acting.now()
    licensed = tuple(_licensed_charge(one, period) for one in items if one.meter is None)
    before = await find_before(session, acting.customer, metered, now)
    meters = _meters(acting, metered, before, now)
    currency = items[0].subscription.currency
    fees = sum(one.cost.amount for one in licensed)
    spent = fees + sum(one.cost.amount for one in meters)
    return UsageReport(
        customer_name=acting.actor.name,
        currency=currency,
        period=period,
        now=now,
        meters=meters,
        licensed=licensed,
        licensed_total=Money(fees, currency),
        spend_to_date=Money(spent, currency),
        curve=spend_curve(metered, fees, period, now),
        previous=before.told if before else None,
        read_at=min((one.read_at for one in metered if one.read_at), default=None),
    )


def _meters(
    acting: Acting, metered: Sequence[MeteredItem], before: Before | None, now: datetime
) -> tuple[MeterUsage, ...]:
    """All meters but those that the catalog hides, as long as they cost nothing."""
    quantities = before.quantities_at_same_point() if before else repeat(None)
    means = before.daily_means() if before else repeat(None)
    meters = [
        _meter_usage(acting.catalog.meter(one.meter.event_name), one, now, quantity, mean)
        for one, quantity, mean in zip(metered, quantities, means, strict=False)
    ]
    return tuple(
        one for one in meters if acting.catalog.meter(one.event_name).visible or one.cost.amount
    )


def _meter_usage(
    shown: CatalogMeter,
    item: MeteredItem,
    now: datetime,
    previous_quantity: Decimal | None,
    previous_daily_mean: Decimal | None,
) -> MeterUsage:
    rated = rate(item.price, item.quantity)
    return MeterUsage(
        event_name=item.meter.event_name,
        name=item.name,
        unit_label=shown.unit_label_plural,
        price_per=shown.price_per,
        formula=item.meter.formula,
        quantity=item.quantity,
        included=included_quantity(item.price),
        steps=tier_steps(rated),
        cost=Money(rated.amount, item.price.currency),
        previous_quantity=previous_quantity,
        daily=item.hours.daily(item.period, now),
        previous_daily_mean=previous_daily_mean,
        on_trial=item.on_trial,
        read_at=item.read_at,
    )


def _licensed_charge(one: SubscribedItem, period: Period) -> LicensedCharge:
    """What the item costs within the period: its fee, if its own period begins within it.

    A yearly fee therefore counts in the month in which it was charged. A trial costs nothing.
    """
    served = _period_of(one)
    quantity = one.item.quantity or 0
    currency = one.subscription.currency
    fee = rate(queries.rating_price(one.price, currency), Decimal(quantity)).amount
    is_charged = served.start in period and not is_on_trial(one)
    return LicensedCharge(
        name=one.product.name,
        quantity=quantity,
        cost=Money(fee if is_charged else 0, currency),
        period=served,
        interval=one.price.interval or "",
        on_trial=is_on_trial(one),
    )


def _period_of(one: SubscribedItem) -> Period:
    return Period(one.item.current_period_start, one.item.current_period_end)
