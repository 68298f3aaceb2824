"""An invoice as people read it: the same texts for its page and for its PDF."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.clock import from_epoch
from portal.money import Money, money_text, rate_text
from portal.sandbox.fields import decimal_text
from portal.sandbox.included import lines_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_STATUS = {
    "draft": "Draft",
    "open": "Open",
    "paid": "Paid",
    "uncollectible": "Uncollectible",
    "void": "Void",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is for, when, how much of it, and what it costs; notes stand below it."""

    description: str
    period: str
    quantity: str
    unit_price: str
    amount: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """A line of the sum at the foot; `is_strong` for the figures that matter most."""

    label: str
    amount: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """Everything that an invoice says."""

    vendor: str
    number: str
    status: str
    is_payable: bool
    headline: str
    due: str
    dates: tuple[tuple[str, str], ...]
    customer: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    description: str
    footer: str
    rows: tuple[Row, ...]
    sums: tuple[Sum, ...]


def invoice_view(store: Store, invoice: StripeObject) -> InvoiceView:
    """The invoice's texts, in their order."""
    rows = tuple(_row(store, line) for line in lines_of(store, invoice))
    fields = invoice["custom_fields"] or ()
    return InvoiceView(
        vendor=invoice["account_name"] or "Sandbox",
        number=invoice["number"] or "no number yet",
        status=_STATUS[invoice["status"]],
        is_payable=invoice["status"] in ("open", "uncollectible"),
        headline=_headline(invoice),
        due=_money(invoice, "amount_remaining"),
        dates=tuple(_dates(invoice)),
        customer=tuple(_customer(invoice)),
        fields=tuple((field["name"], field["value"]) for field in fields),
        description=invoice["description"] or "",
        footer=invoice["footer"] or "",
        rows=rows,
        sums=tuple(_sums(store, invoice)),
    )


def day(moment: int) -> str:
    """A day as the pages write it: 3 November 2026; days begin at midnight UTC."""
    date = from_epoch(moment)
    return f"{date.day} {date:%B %Y}"


def address_lines(address: StripeObject | None) -> list[str]:
    """A postal address as it is written below each other, without what is not known."""
    known = address or {}
    town = " ".join(part for part in (known.get("postal_code"), known.get("city")) if part)
    lines = [known.get("line1"), known.get("line2"), town, known.get("state"), known.get("country")]
    return [line for line in lines if line]


def _headline(invoice: StripeObject) -> str:
    """The one figure that matters now."""
    if invoice["status"] == "paid":
        return f"{_money(invoice, 'amount_paid')} paid"
    return "Void" if invoice["status"] == "void" else f"{_money(invoice, 'amount_remaining')} due"


def _row(store: Store, line: StripeObject) -> Row:
    return Row(
        description=line["description"] or "Item without a description",
        period=_period(line["period"]["start"], line["period"]["end"]),
        quantity=f"{Decimal(line['quantity_decimal']):,f}",
        unit_price=_unit_price(line),
        amount=money_text(Money(line["amount"], line["currency"])),
        notes=tuple(_notes(store, line)),
    )


def _period(start: int, end: int) -> str:
    return day(start) if day(start) == day(end) else f"{day(start)} \N{EN DASH} {day(end)}"


def _unit_price(line: StripeObject) -> str:
    """The price of one; a proration and a flat fee have none."""
    exact = (line["pricing"] or {}).get("unit_amount_decimal")
    if exact is None:
        return ""
    amount = Decimal(exact)
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return sign + rate_text(abs(amount), line["currency"])


def _notes(store: Store, line: StripeObject) -> list[str]:
    """What was taken off this line alone, the credits used for it, and the taxes on it."""
    currency = line["currency"]
    notes = [
        f"{_discount_name(store, one['discount'])}: {_text(-one['amount'], currency)}"
        for one in line["discount_amounts"]
        if one["amount"] and one["discount"] in line["discounts"]
    ]
    notes += [
        f"Billing credits: {_text(-one['amount'], currency)}"
        for one in line["pretax_credit_amounts"]
        if one["type"] == "credit_balance_transaction" and one["amount"]
    ]
    return notes + [f"{_tax_name(store, one)}" for one in line["taxes"]]


def _dates(invoice: StripeObject) -> list[tuple[str, str]]:
    issued = invoice["effective_at"] or invoice["created"]
    dates = [("Date of issue", day(issued))]
    if invoice["due_date"] is not None:
        dates.append(("Date due", day(invoice["due_date"])))
    paid_at = invoice["status_transitions"]["paid_at"]
    if paid_at is not None:
        dates.append(("Date paid", day(paid_at)))
    return dates


def _customer(invoice: StripeObject) -> list[str]:
    lines = [
        invoice["customer_name"],
        invoice["customer_email"],
        *address_lines(invoice["customer_address"]),
        invoice["customer_phone"],
    ]
    return [line for line in lines if line] or [invoice["customer"]]


def _sums(store: Store, invoice: StripeObject) -> list[Sum]:
    """From the subtotal down to what is left to pay; every step that is not nothing."""
    currency = invoice["currency"]
    sums = [Sum("Subtotal", _money(invoice, "subtotal"))]
    sums += _reductions(store, invoice)
    taxes = invoice["total_taxes"] or []
    if taxes:
        sums.append(Sum("Total excluding tax", _money(invoice, "total_excluding_tax")))
    sums += [Sum(_tax_name(store, tax), _text(tax["amount"], currency)) for tax in taxes]
    sums.append(Sum("Total", _money(invoice, "total"), is_strong=True))
    sums += _settlement(invoice)
    return sums


def _reductions(store: Store, invoice: StripeObject) -> list[Sum]:
    """Discounts of the whole invoice and billing credits; those of a line are in the subtotal."""
    currency, whole = invoice["currency"], set(invoice["discounts"])
    found = [
        Sum(_discount_name(store, one["discount"]), _text(-one["amount"], currency))
        for one in invoice["total_discount_amounts"] or []
        if one["amount"] and one["discount"] in whole
    ]
    credits = sum(
        one["amount"]
        for one in invoice["total_pretax_credit_amounts"] or []
        if one["type"] == "credit_balance_transaction"
    )
    return found + ([Sum("Billing credits", _text(-credits, currency))] if credits else [])


def _settlement(invoice: StripeObject) -> list[Sum]:
    currency = invoice["currency"]
    sums = []
    credited = invoice["pre_payment_credit_notes_amount"]
    if credited:
        sums.append(Sum("Credit notes", _text(-credited, currency)))
    applied = invoice["amount_due"] - invoice["total"] + credited
    if applied:
        label = "Applied balance" if invoice["total"] >= 0 else "Credited to the balance"
        sums.append(Sum(label, _text(applied, currency)))
    sums.append(Sum("Amount due", _money(invoice, "amount_due"), is_strong=True))
    if invoice["amount_paid"]:
        sums.append(Sum("Amount paid", _text(-invoice["amount_paid"], currency)))
        sums.append(Sum("Amount remaining", _money(invoice, "amount_remaining"), is_strong=True))
    return sums


def _discount_name(store: Store, id: str) -> str:
    """A discount by its coupon's name and size: `Spring (20% off)`."""
    discount = store.look("discount", id) or {}
    coupon_id = (discount.get("source") or {}).get("coupon") or ""
    coupon = store.look("coupon", coupon_id) or {}
    name = coupon.get("name") or coupon_id or "Discount"
    if coupon.get("percent_off") is not None:
        return f"{name} ({decimal_text(Decimal(str(coupon['percent_off'])))}% off)"
    return str(name)


def _tax_name(store: Store, tax: StripeObject) -> str:
    """A tax by its name, its percentage and what it is a part of: `VAT 20% on $50.00`."""
    details = tax.get("tax_rate_details") or {}
    rate = store.look("tax_rate", details.get("tax_rate") or "") or {}
    percentage = rate.get("percentage")
    shown = "" if percentage is None else f" {decimal_text(Decimal(str(percentage)))}%"
    inclusive = " included" if tax.get("tax_behavior") == "inclusive" else ""
    return f"{rate.get('display_name') or 'Tax'}{shown}{inclusive}"


def _money(invoice: StripeObject, name: str) -> str:
    return _text(invoice[name], invoice["currency"])


def _text(amount: int, currency: str) -> str:
    return money_text(Money(amount, currency))
