"""From the lines of a bill to what is owed: discounts, credits, taxes and the balance, in order.

Stripe's order is: the line's own discounts, the discounts of the whole invoice, billing credits,
taxes, the customer's balance
(https://docs.stripe.com/billing/subscriptions/usage-based/billing-credits).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from portal.money import round_amount
from portal.rating.precision import exact_digits
from portal.rating.spreading import evenly, in_proportion
from portal.rating.taxes import TaxAmount, TaxRate, line_taxes, taxes_by_rate

Spread = Callable[[int, Sequence[int]], list[int]]


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount as its coupon grants it: a percentage, or an amount of the invoice's currency.

    `products` are the only ones it is for; None is all of them.
    """

    id: str
    percent_off: Decimal | None = None
    amount_off: int | None = None
    products: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Prepaid or given credit in the invoice's currency; `prices` None is every metered price.

    `category` is "paid" or "promotional"; a lower `priority` is used up first.
    """

    id: str
    available: int
    priority: int
    category: str
    effective_at: int
    expires_at: int | None
    created: int
    prices: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a bill before anything is taken off; `key` is the caller's name for it.

    `discounts` are the line's own, such as those of its subscription item. A discount that several
    lines carry is one discount: an amount is given once and spread over them.
    """

    key: str
    amount: int
    product: str | None
    price: str | None
    is_metered: bool
    period_end: int
    discountable: bool = True
    discounts: tuple[Discount, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()


@dataclass(frozen=True, slots=True)
class RatedBillLine:
    """A line with what came off it and what it is taxed with; pairs of an id and an amount."""

    line: BillLine
    discount_amounts: tuple[tuple[str, int], ...] = ()
    credit_amounts: tuple[tuple[str, int], ...] = ()
    taxes: tuple[TaxAmount, ...] = ()


@dataclass(frozen=True, slots=True)
class RatedInvoice:
    """A bill to the cent, under the names of Stripe's invoice.

    `subtotal` has the lines' own discounts off, `total` everything but the balance. The sums by
    discount and by grant hold those that took something off.
    """

    lines: tuple[RatedBillLine, ...]
    subtotal: int
    subtotal_excluding_tax: int
    discount_amounts: Mapping[str, int]
    credit_amounts: Mapping[str, int]
    taxes: tuple[TaxAmount, ...]
    total_excluding_tax: int
    total: int
    starting_balance: int
    amount_due: int
    ending_balance: int


@dataclass(slots=True)
class _OpenLine:
    """A line while things come off it; `left` is what the next step works on."""

    line: BillLine
    left: int
    discounts: list[tuple[str, int]] = field(default_factory=list)
    credits: list[tuple[str, int]] = field(default_factory=list)

    def take(self, taken: list[tuple[str, int]], source: str, amount: int) -> None:
        self.left -= amount
        taken.append((source, amount))


def rate_invoice(
    lines: Iterable[BillLine],
    *,
    discounts: Sequence[Discount] = (),
    grants: Iterable[CreditGrant] = (),
    balance: int = 0,
    spread_evenly: bool = False,
) -> RatedInvoice:
    """Take off discounts and credits, add taxes, and settle with the customer's balance.

    `discounts` are those of the whole invoice, in order. `spread_evenly` says how an amount off is
    shared by lines: evenly in the classic billing mode, else in proportion. `balance` is negative
    when the customer has credit, as Stripe counts it.
    """
    spread = evenly if spread_evenly else in_proportion
    open_lines = [_OpenLine(line, line.amount) for line in lines]
    for discount in dict.fromkeys(one for line in open_lines for one in line.line.discounts):
        own = [line for line in open_lines if discount in line.line.discounts]
        _take_discount(discount, own, spread)
    subtotals = [line.left for line in open_lines]
    for discount in discounts:
        _take_discount(discount, open_lines, spread)
    for grant in sorted(grants, key=_turn):
        _take_credit(grant, open_lines)
    rated = tuple(_rated(line) for line in open_lines)
    return _totals(rated, open_lines, subtotals, balance)


def _take_discount(discount: Discount, lines: Iterable[_OpenLine], spread: Spread) -> None:
    eligible = [line for line in lines if _is_discounted(line, discount)]
    amounts = [line.left for line in eligible]
    if discount.percent_off is not None:
        percent = discount.percent_off
        with exact_digits():
            parts = [round_amount(amount * percent / 100) for amount in amounts]
    else:
        parts = spread(discount.amount_off or 0, amounts)
    for line, part in zip(eligible, parts, strict=True):
        line.take(line.discounts, discount.id, part)


def _is_discounted(line: _OpenLine, discount: Discount) -> bool:
    is_for = discount.products is None or line.line.product in discount.products
    return is_for and line.line.discountable and line.left > 0


def _turn(grant: CreditGrant) -> tuple[object, ...]:
    """Priority, the earliest expiry, promotional first, the earliest effective, the oldest.

    https://docs.stripe.com/billing/subscriptions/usage-based/billing-credits
    """
    never = grant.expires_at is None
    expiry = (never, grant.expires_at or 0)
    is_paid = grant.category != "promotional"
    return (grant.priority, expiry, is_paid, grant.effective_at, grant.created)


def _take_credit(grant: CreditGrant, lines: Iterable[_OpenLine]) -> None:
    available = grant.available
    for line in lines:
        if available > 0 and line.left > 0 and _is_credited(line.line, grant):
            part = min(available, line.left)
            available -= part
            line.take(line.credits, grant.id, part)


def _is_credited(line: BillLine, grant: CreditGrant) -> bool:
    is_for = grant.prices is None or line.price in grant.prices
    has_begun = grant.effective_at <= line.period_end
    is_over = grant.expires_at is not None and grant.expires_at <= line.period_end
    return line.is_metered and is_for and has_begun and not is_over


def _rated(line: _OpenLine) -> RatedBillLine:
    taxes = line_taxes(line.left, line.line.tax_rates)
    return RatedBillLine(line.line, tuple(line.discounts), tuple(line.credits), taxes)


def _totals(
    rated: tuple[RatedBillLine, ...],
    open_lines: Sequence[_OpenLine],
    subtotals: Sequence[int],
    balance: int,
) -> RatedInvoice:
    taxes = taxes_by_rate(tax for one in rated for tax in one.taxes)
    left = sum(line.left for line in open_lines)
    exclusive = sum(tax.amount for tax in taxes if not tax.tax_rate.inclusive)
    total = left + exclusive
    before_discounts = (
        tax.amount
        for one, subtotal in zip(rated, subtotals, strict=True)
        for tax in line_taxes(subtotal, one.line.tax_rates)
        if tax.tax_rate.inclusive
    )
    return RatedInvoice(
        lines=rated,
        subtotal=sum(subtotals),
        subtotal_excluding_tax=sum(subtotals) - sum(before_discounts),
        discount_amounts=_by_id(pair for one in rated for pair in one.discount_amounts),
        credit_amounts=_by_id(pair for one in rated for pair in one.credit_amounts),
        taxes=taxes,
        total_excluding_tax=total - sum(tax.amount for tax in taxes),
        total=total,
        starting_balance=balance,
        amount_due=max(0, total + balance),
        ending_balance=min(0, total + balance),
    )


def _by_id(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for source, amount in pairs:
        sums[source] = sums.get(source, 0) + amount
    return {source: amount for source, amount in sums.items() if amount}
