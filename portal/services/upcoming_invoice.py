"""The upcoming invoice as Stripe previews it, one row per subscription item; never our own sum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from portal.clock import Period
from portal.database import Session
from portal.mirror import queries
from portal.mirror.queries import SubscribedItem
from portal.mirror.tables import InvoicePreview, InvoicePreviewLine, PaymentMethod
from portal.money import Money
from portal.services.acting import Acting
from portal.services.reports import UpcomingInvoice, UpcomingLine
from portal.services.upcoming_deductions import adjustment_of, deductions_of
from portal.stripe_ids import SubscriptionId


async def report(
    acting: Acting, session: Session, items: Sequence[SubscribedItem]
) -> UpcomingInvoice | None:
    """The next invoice of one subscription, given its items, as last previewed; None before."""
    subscription = SubscriptionId(items[0].subscription.id)
    found = await queries.find_invoice_preview(session, acting.customer, subscription)
    if found is None:
        return None
    preview, lines = found
    method = await queries.find_default_payment_method(session, acting.customer)
    by_id = {one.item.id: one for one in items}
    groups = sorted(_by_item(lines), key=partial(_place, list(by_id)))
    products = await queries.list_products(session, {line.product_id for line in lines})
    names = _Names(by_id, {one.id: one.name for one in products})
    rows = tuple(_row(acting, group, names) for group in groups)
    return _report(preview, rows, items, _payment_method(method))


@dataclass(frozen=True, slots=True)
class _Names:
    """What lines are called by: the subscription's items by id, and the products' names."""

    items: Mapping[str, SubscribedItem]
    products: Mapping[str, str]


def _report(
    preview: InvoicePreview,
    rows: tuple[UpcomingLine, ...],
    items: Sequence[SubscribedItem],
    payment_method: str,
) -> UpcomingInvoice:
    def money(amount: int) -> Money:
        return Money(amount, preview.currency)

    deductions = deductions_of(preview, sum(row.amount.amount for row in rows), items)
    return UpcomingInvoice(
        issues_at=preview.created_at,
        lines=rows,
        line_discounts=deductions.line_discounts,
        subtotal=money(preview.subtotal),
        discounts=deductions.discounts,
        credits=money(-preview.credit_amount),
        taxes=deductions.taxes,
        included_taxes=deductions.included_taxes,
        adjustment=adjustment_of(preview, deductions),
        total=money(preview.total),
        starting_balance=money(preview.starting_balance),
        amount_due=money(preview.amount_due),
        payment_method=payment_method,
        read_at=preview.read_at,
    )


def _by_item(lines: Iterable[InvoicePreviewLine]) -> list[list[InvoicePreviewLine]]:
    """The lines in Stripe's order, those of one item and one period together; prorations alone."""
    groups: dict[tuple[object, ...], list[InvoicePreviewLine]] = {}
    for line in lines:
        alone = line.position if line.proration or not line.subscription_item_id else None
        key = (line.subscription_item_id, line.period_start, line.period_end, alone)
        groups.setdefault(key, []).append(line)
    return list(groups.values())


def _place(item_ids: Sequence[str], lines: Sequence[InvoicePreviewLine]) -> int:
    """Where a row stands: the subscription's items in their order, all else after them.

    Stripe lists the newest item first, which would put the plan at the end.
    """
    item = lines[0].subscription_item_id
    plain = item in item_ids and not lines[0].proration
    return item_ids.index(item) if item and plain else len(item_ids)


def _row(acting: Acting, lines: Sequence[InvoicePreviewLine], names: _Names) -> UpcomingLine:
    first = lines[0]
    item = names.items.get(first.subscription_item_id or "")
    meter = item.meter if item else None
    return UpcomingLine(
        name=_name(first, names),
        quantity=sum((line.quantity or Decimal(0) for line in lines), Decimal(0)),
        unit_label=acting.catalog.meter(meter.event_name).unit_label_plural if meter else "",
        amount=Money(sum(line.amount for line in lines), first.currency),
        period=Period(first.period_start, first.period_end),
        timing=_timing(first, item),
    )


def _name(line: InvoicePreviewLine, names: _Names) -> str:
    """The product's name; what is billed once, and a part of a period, as Stripe describes it."""
    product = names.products.get(line.product_id or "", "")
    if line.proration or _is_one_time(line):
        return line.description or product
    item = names.items.get(line.subscription_item_id or "")
    return item.product.name if item else product or line.description or ""


def _timing(line: InvoicePreviewLine, item: SubscribedItem | None) -> str:
    """When the line's service is; an item that only comes with the invoice has no meter yet."""
    if line.proration:
        return "proration"
    if _is_one_time(line):
        return "one-time"
    return "in arrears" if item and item.meter else "in advance"


def _is_one_time(line: InvoicePreviewLine) -> bool:
    """Whether the line is of an invoice item and of no item of the subscription.

    https://docs.stripe.com/api/invoice-line-item/object#invoice_line_item_object-parent
    """
    parent = line.stripe_object.get("parent") or {}
    return parent.get("type") != "subscription_item_details"


def _payment_method(method: PaymentMethod | None) -> str:
    """What the person recognises it by: Visa ending 4242; nothing when there is none."""
    if method is None:
        return ""
    name = (method.brand or method.type).replace("_", " ").capitalize()
    return f"{name} ending {method.last4}" if method.last4 else name
