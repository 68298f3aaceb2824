"""Builders of what services answer: every default is ordinary, and all sums add up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from portal.clock import Period
from portal.money import Money
from portal.services.reports import (
    Deduction,
    LicensedCharge,
    MeterUsage,
    PreviousPeriod,
    SpendPoint,
    TierStep,
    UpcomingInvoice,
    UpcomingLine,
    UsageReport,
)

NOVEMBER = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
OCTOBER = Period(datetime(2026, 10, 1, tzinfo=UTC), NOVEMBER.start)
DECEMBER = Period(NOVEMBER.end, datetime(2027, 1, 1, tzinfo=UTC))
NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)


def tier_steps(
    *tiers: tuple[str | None, str], quantity: str | int, flat: str | None = None
) -> tuple[TierStep, ...]:
    """A graduated ladder from (up_to, unit price in minor units), each step rated on its own."""
    used, steps, start = Decimal(quantity), [], Decimal(0)
    for up_to, unit in tiers:
        end = Decimal(up_to) if up_to else None
        inside = max((used if end is None else min(used, end)) - start, Decimal(0))
        fee = Decimal(flat) if flat else None
        reached = inside or start == 0
        exact = inside * Decimal(unit) + (fee if fee and reached else 0)
        amount = int(exact.to_integral_value("ROUND_HALF_UP"))
        steps.append(TierStep(start, end, Decimal(unit), fee, inside, amount))
        start = end if end is not None else start
    return tuple(steps)


def meter_usage(
    name: str = "API requests",
    *,
    quantity: str | int = 1_642_611,
    tiers: Sequence[tuple[str | None, str]] = (
        ("1000000", "0"),
        ("2000000", "0.04"),
        (None, "0.032"),
    ),
    included: str | int = 1_000_000,
    steps: tuple[TierStep, ...] | None = None,
    unit_label: str = "requests",
    price_per: int = 1000,
    formula: str = "sum",
    currency: str = "usd",
    previous_quantity: str | int | None = 1_532_517,
    daily: Sequence[str | int] | None = None,
    previous_daily_mean: str | int | None = 72_948,
    days: int = 22,
    on_trial: bool = False,
    read_at: datetime = NOW - timedelta(seconds=4),
) -> MeterUsage:
    """A metered item whose cost is the sum of its steps; its days share the quantity evenly."""
    ladder = tier_steps(*tiers, quantity=quantity) if steps is None else steps
    shared = [Decimal(quantity) / days] * days if daily is None else [Decimal(day) for day in daily]
    return MeterUsage(
        event_name=name.lower().replace(" ", "_"),
        name=name,
        unit_label=unit_label,
        price_per=price_per,
        formula=formula,
        quantity=Decimal(quantity),
        included=Decimal(included),
        steps=ladder,
        cost=Money(sum(step.amount for step in ladder), currency),
        previous_quantity=None if previous_quantity is None else Decimal(previous_quantity),
        daily=tuple(shared),
        previous_daily_mean=(None if previous_daily_mean is None else Decimal(previous_daily_mean)),
        on_trial=on_trial,
        read_at=read_at,
    )


def licensed_charge(
    name: str = "Scale plan",
    *,
    amount: int = 49_900,
    currency: str = "usd",
    quantity: int = 1,
    period: Period = NOVEMBER,
    interval: str = "month",
    on_trial: bool = False,
) -> LicensedCharge:
    """A plan paid for the whole period."""
    return LicensedCharge(name, quantity, Money(amount, currency), period, interval, on_trial)


def previous_period(
    *,
    at_this_point: int = 93_581,
    at_end: int = 129_174,
    currency: str = "usd",
    period: Period = OCTOBER,
    curve: Sequence[SpendPoint] | None = None,
) -> PreviousPeriod:
    """The period before, growing evenly from a third of its end."""
    drawn = even_curve(period, at_end // 3, at_end, period.end) if curve is None else curve
    return PreviousPeriod(
        period, Money(at_this_point, currency), Money(at_end, currency), tuple(drawn)
    )


def usage_report(
    meters: Sequence[MeterUsage] | None = None,
    licensed: Sequence[LicensedCharge] | None = None,
    *,
    period: Period = NOVEMBER,
    now: datetime = NOW,
    currency: str = "usd",
    previous: PreviousPeriod | None = None,
    curve: Sequence[SpendPoint] | None = None,
    read_at: datetime | None = NOW - timedelta(seconds=4),
) -> UsageReport:
    """A report whose spend to date is the sum of its meters and charges."""
    shown = [meter_usage()] if meters is None else list(meters)
    plans = [licensed_charge()] if licensed is None else list(licensed)
    paid = sum(plan.cost.amount for plan in plans)
    spend = paid + sum(meter.cost.amount for meter in shown)
    return UsageReport(
        customer_name="Acme Robotics",
        currency=currency,
        period=period,
        now=now,
        meters=tuple(shown),
        licensed=tuple(plans),
        licensed_total=Money(paid, currency),
        spend_to_date=Money(spend, currency),
        curve=tuple(even_curve(period, paid, spend, now) if curve is None else curve),
        previous=previous,
        read_at=read_at,
    )


def upcoming_line(
    name: str,
    amount: int,
    *,
    timing: str = "in arrears",
    quantity: str | int = 1,
    currency: str = "usd",
    period: Period | None = None,
) -> UpcomingLine:
    """One row of a preview; a line in advance lies in December."""
    own = period or (DECEMBER if timing == "in advance" else NOVEMBER)
    return UpcomingLine(name, Decimal(quantity), "", Money(amount, currency), own, timing)


def deduction(
    amount: int, name: str = "Discount", *, percent: str | None = None, currency: str = "usd"
) -> Deduction:
    """A discount or a tax."""
    percentage = None if percent is None else Decimal(percent)
    return Deduction(name, percentage, Money(amount, currency))


def upcoming_invoice(
    lines: Sequence[UpcomingLine] | None = None,
    *,
    line_discounts: Sequence[Deduction] = (),
    discounts: Sequence[Deduction] = (),
    credits: int = 0,
    taxes: Sequence[Deduction] = (),
    included_taxes: Sequence[Deduction] = (),
    adjustment: int = 0,
    starting_balance: int = 0,
    amount_due: int | None = None,
    currency: str = "usd",
    payment_method: str = "Visa ending 4242",
) -> UpcomingInvoice:
    """A preview whose sums follow from its lines and deductions."""
    shown = lines
    if shown is None:
        shown = [
            upcoming_line("Scale plan", 49_900, timing="in advance", currency=currency),
            upcoming_line("API requests", 25_704, quantity=1_642_611, currency=currency),
        ]
    off_lines = sum(one.amount.amount for one in line_discounts)
    subtotal = sum(line.amount.amount for line in shown) + off_lines
    deducted = sum(one.amount.amount for one in (*discounts, *taxes))
    total = subtotal + deducted + credits + adjustment
    due = max(total + starting_balance, 0) if amount_due is None else amount_due
    return UpcomingInvoice(
        issues_at=DECEMBER.start,
        lines=tuple(shown),
        line_discounts=tuple(line_discounts),
        subtotal=Money(subtotal, currency),
        discounts=tuple(discounts),
        credits=Money(credits, currency),
        taxes=tuple(taxes),
        included_taxes=tuple(included_taxes),
        adjustment=Money(adjustment, currency),
        total=Money(total, currency),
        starting_balance=Money(starting_balance, currency),
        amount_due=Money(due, currency),
        payment_method=payment_method,
        read_at=NOW,
    )


def even_curve(period: Period, first: int, last: int, until: datetime) -> list[SpendPoint]:
    """Spend that grows evenly in steps of six hours up to a moment."""
    length, step = until - period.start, timedelta(hours=6)
    moments = [period.start + step * at for at in range(length // step + 1)]
    grown = (
        SpendPoint(at, first + round((last - first) * ((at - period.start) / length)))
        for at in moments
    )
    return [*grown, SpendPoint(until, last)] if length else [SpendPoint(until, last)]
