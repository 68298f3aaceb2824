"""What the services for usage and the upcoming invoice answer: frozen values without behaviour."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.clock import Period
from portal.money import Money


@dataclass(frozen=True, slots=True)
class TierStep:
    """One step of a price's ladder: its bounds, its price in minor units and the part used."""

    starts_at: Decimal
    up_to: Decimal | None
    unit_amount_decimal: Decimal
    flat_amount_decimal: Decimal | None
    quantity: Decimal
    amount: int


@dataclass(frozen=True, slots=True)
class MeterUsage:
    """One metered item in the current period, with what it has cost so far.

    `daily` has one value for each begun day (24 hours) of the period: the day's sum, or its last
    value for a meter with formula `last`. `previous_quantity` is the last period's at equal elapsed
    time, None when it is not known. Steps are in order; a price without tiers has one step.
    While it is `on_trial` all of it costs nothing. `read_at` is when Stripe said so, None when it
    was never asked yet.
    """

    event_name: str
    name: str
    unit_label: str
    price_per: int
    formula: str
    quantity: Decimal
    included: Decimal
    steps: tuple[TierStep, ...]
    cost: Money
    previous_quantity: Decimal | None
    daily: tuple[Decimal, ...]
    previous_daily_mean: Decimal | None
    on_trial: bool
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class LicensedCharge:
    """A plan or add-on paid in advance, for its service within the current period.

    While it is `on_trial` it costs nothing.
    """

    name: str
    quantity: int
    cost: Money
    period: Period
    interval: str
    on_trial: bool


@dataclass(frozen=True, slots=True)
class SpendPoint:
    """How much had been spent since the period's start at a moment, in minor units."""

    at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class PreviousPeriod:
    """The period before, for comparison: at the same elapsed time, at its end, and its curve."""

    period: Period
    spend_at_this_point: Money
    spend: Money
    curve: tuple[SpendPoint, ...]


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The current period of one subscription: what was used and what it has cost so far.

    Spend to date = licensed charges + metered cost so far, before credits, discounts and tax.
    `read_at` is when Stripe was last asked for usage, None when it never answered yet.
    """

    customer_name: str
    currency: str
    period: Period
    now: datetime
    meters: tuple[MeterUsage, ...]
    licensed: tuple[LicensedCharge, ...]
    licensed_total: Money
    spend_to_date: Money
    curve: tuple[SpendPoint, ...]
    previous: PreviousPeriod | None
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class UpcomingLine:
    """All of the preview's lines for one subscription item, in one row; alone what belongs to none.

    `timing` is "in advance" (a licensed price, its period lies ahead), "in arrears" (metered),
    "proration" or "one-time".
    """

    name: str
    quantity: Decimal
    unit_label: str
    amount: Money
    period: Period
    timing: str


@dataclass(frozen=True, slots=True)
class Deduction:
    """A discount (negative) or a tax, by its name; `percentage` where it is one."""

    name: str
    percentage: Decimal | None
    amount: Money


@dataclass(frozen=True, slots=True)
class UpcomingInvoice:
    """Stripe's preview of the next invoice, never our own sum; reductions are negative.

    The lines and `line_discounts` come to the subtotal; that with `discounts`, `credits`, `taxes`
    and `adjustment` (what Stripe does not itemise, mostly nothing) to the total.
    `included_taxes` are within the lines' amounts.
    """

    issues_at: datetime
    lines: tuple[UpcomingLine, ...]
    line_discounts: tuple[Deduction, ...]
    subtotal: Money
    discounts: tuple[Deduction, ...]
    credits: Money
    taxes: tuple[Deduction, ...]
    included_taxes: tuple[Deduction, ...]
    adjustment: Money
    total: Money
    starting_balance: Money
    amount_due: Money
    payment_method: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with a subscription, beside what it costs.

    `state` is Stripe's status, or "ending" for one that is active and ends at `at`, or
    "not collecting" while its invoices are not charged (until `at`, when that is known). `at` is
    the end of a trial, too, and when an ended one ended. `owed` is what of its invoices is open,
    `next_attempt` when Stripe tries to charge it again. Without any subscription the state is
    "none".
    """

    state: str
    at: datetime | None = None
    ends_with_trial: bool = False
    owed: Money | None = None
    next_attempt: datetime | None = None


NO_SUBSCRIPTION = Standing("none")
