"""The rows of "What makes up …": meters, plans and add-ons, and their total. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from portal.clock import Period, to_epoch
from portal.components.daily_bars import DailyBars, daily_bars_of, days_per_bar
from portal.components.formats import (
    change_text,
    day_text,
    days_in,
    period_name,
    period_text,
    quantity_text,
)
from portal.components.tier_ladder import TierBar, tier_bar_of
from portal.money import money_text
from portal.services.reports import (
    LicensedCharge,
    MeterUsage,
    UpcomingInvoice,
    UpcomingLine,
    UsageReport,
)


@dataclass(frozen=True, slots=True)
class MeterRow:
    """One meter: what was used, where that is on its ladder, and what it has cost so far."""

    name: str
    read_at: int
    used: str
    included: str
    bar: TierBar
    days: DailyBars
    direction: str
    change: str
    before: str
    amount: str


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A plan or an add-on within this period."""

    name: str
    caption: str
    amount: str


@dataclass(frozen=True, slots=True)
class MakeUpView:
    """The whole table; its amounts add up to `total`."""

    title: str = "What makes it up"
    compared_with: str = ""
    days_heading: str = "Daily"
    previous_name: str = ""
    meters: tuple[MeterRow, ...] = ()
    charges: tuple[ChargeRow, ...] = ()
    total: str = ""


def make_up_view(report: UsageReport, upcoming: UpcomingInvoice | None) -> MakeUpView:
    """The rows of the report, in its order."""
    total = money_text(report.spend_to_date)
    previous = period_name(report.previous.period) if report.previous else ""
    return MakeUpView(
        title=f"What makes up {total}",
        compared_with=f"vs {previous}" if previous else "Change",
        days_heading="Daily" if days_per_bar(days_in(report.period)) == 1 else "Weekly",
        previous_name=previous,
        meters=tuple(_meter_row(meter, report) for meter in report.meters),
        charges=tuple(_charge_row(charge, report, upcoming) for charge in report.licensed),
        total=total,
    )


def _meter_row(meter: MeterUsage, report: UsageReport) -> MeterRow:
    direction, change, before = _comparison(meter)
    return MeterRow(
        name=meter.name,
        read_at=to_epoch(meter.read_at) if meter.read_at else 0,
        used=quantity_text(meter.quantity, meter.unit_label),
        included=_included(meter),
        bar=tier_bar_of(meter),
        days=daily_bars_of(
            meter.daily,
            days=days_in(report.period),
            takes_last=meter.formula == "last",
            previous_mean=meter.previous_daily_mean,
        ),
        direction=direction,
        change=change,
        before=before,
        amount=money_text(meter.cost),
    )


def _included(meter: MeterUsage) -> str:
    if meter.on_trial:
        return "free in the trial"
    included = quantity_text(meter.included, meter.unit_label)
    return f"of {included} included" if meter.included else "none included"


def _comparison(meter: MeterUsage) -> tuple[str, str, str]:
    """The direction (up, down, same or none), the change and what it was, at equal elapsed time."""
    before = meter.previous_quantity
    if before is None:
        return "none", "", "not yet"
    was = f"was {quantity_text(before, meter.unit_label)}"
    if before <= 0:
        return ("none", "new", "was none") if meter.quantity > 0 else ("same", "none", "was none")
    change = change_text(meter.quantity, before)
    direction = "same" if change == "0%" else "up" if meter.quantity > before else "down"
    return direction, change, was


def _charge_row(
    charge: LicensedCharge, report: UsageReport, upcoming: UpcomingInvoice | None
) -> ChargeRow:
    many = f"{charge.quantity:,} × " if charge.quantity != 1 else ""
    return ChargeRow(
        name=f"{many}{charge.name}",
        caption=f"{_service_time(charge, report.period)}{_next_time(charge, upcoming)}",
        amount=money_text(charge.cost),
    )


def _service_time(charge: LicensedCharge, period: Period) -> str:
    """For which days the charge is; a part of the period says how many of its days."""
    days = period_text(charge.period)
    if charge.on_trial:
        return f"{days}, free in the trial"
    if charge.period.start < period.start:
        return f"{days}, billed on {day_text(charge.period.start)}"
    if charge.period.length >= period.length:
        return f"{days}, billed in advance"
    if _is_whole_days(charge.period) and _is_whole_days(period):
        return f"{days}, {charge.period.length.days} of {period.length.days} days"
    return f"{days}, part of the period"


def _next_time(charge: LicensedCharge, upcoming: UpcomingInvoice | None) -> str:
    following = _following_line(charge, upcoming)
    if following is None:
        return ""
    same = following.amount == charge.cost
    price = "at the same price" if same else f"at {money_text(following.amount)}"
    return f". {period_name(following.period)} is on the upcoming invoice {price}"


def _following_line(
    charge: LicensedCharge, upcoming: UpcomingInvoice | None
) -> UpcomingLine | None:
    if upcoming is None:
        return None
    lines = (line for line in upcoming.lines if line.timing == "in advance")
    return next((line for line in lines if line.name == charge.name), None)


def _is_whole_days(period: Period) -> bool:
    return not period.length % timedelta(days=1)
