"""What the mirror knows of a customer's usage, in the form in which the gateway takes it.

With it a look at the usage reads only what may have changed.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import and_, col, or_, select

from portal.clock import Period
from portal.database import Session
from portal.mirror.tables import Meter, UsageHour, UsageTotal
from portal.stripe_gateway.usage.facts import KnownUsage, MeterPeriod, UsageWindow
from portal.stripe_gateway.usage.windows import counted_span, is_settled
from portal.stripe_ids import CustomerId, MeterId


async def known_usage(session: Session, customer: CustomerId) -> KnownUsage:
    """All periods that were looked at, and the windows of those that may still change."""
    formulas = await session.exec(select(Meter.id, Meter.formula))
    totals = await session.exec(select(UsageTotal).where(UsageTotal.customer_id == customer))
    as_of = {_meter_period(total): total.as_of for total in totals}
    return KnownUsage(
        # A meter that was gone before it was seen has no formula.
        formulas={MeterId(meter): formula for meter, formula in formulas if formula},
        as_of=as_of,
        windows=await _windows_since(session, customer, _open_since(as_of)),
    )


def _meter_period(total: UsageTotal) -> MeterPeriod:
    return MeterPeriod(MeterId(total.meter_id), Period(total.period_start, total.period_end))


def _open_since(as_of: Mapping[MeterPeriod, datetime]) -> dict[MeterId, datetime]:
    """For each meter, the beginning of its first period that may still change."""
    since: dict[MeterId, datetime] = {}
    for known, moment in as_of.items():
        if not is_settled(known.period, moment):
            start = counted_span(known.period).start
            since[known.meter_id] = min(start, since.get(known.meter_id, start))
    return since


async def _windows_since(
    session: Session, customer: CustomerId, since: Mapping[MeterId, datetime]
) -> dict[MeterId, tuple[UsageWindow, ...]]:
    if not since:
        return {}
    open_hours = or_(
        *(
            and_(col(UsageHour.meter_id) == meter, col(UsageHour.start) >= start)
            for meter, start in since.items()
        )
    )
    found = await session.exec(
        select(
            col(UsageHour.meter_id), col(UsageHour.start), col(UsageHour.end), col(UsageHour.value)
        )
        .where(UsageHour.customer_id == customer, open_hours)
        .order_by(col(UsageHour.start))
    )
    windows: dict[MeterId, list[UsageWindow]] = {meter: [] for meter in since}
    for meter, start, end, value in found:
        windows[MeterId(meter)].append(UsageWindow(start, end, value))
    return {meter: tuple(found) for meter, found in windows.items()}
