"""The hosted invoice: https://docs.stripe.com/invoicing/hosted-invoice-page.

The customer sees what they owe and pays it with the card on file or with another.
"""

from typing import Any

from portal.sandbox.billing import payment
from portal.sandbox.billing.payer import payment_method_of
from portal.sandbox.hosted.card_choice import card_choice, chosen_card
from portal.sandbox.hosted.invoice_pdf import invoice_pdf
from portal.sandbox.hosted.invoice_view import InvoiceView, invoice_view
from portal.sandbox.hosted.markup import NOTHING, Html, html
from portal.sandbox.hosted.pages import (
    Page,
    Visit,
    button,
    document,
    facts,
    form,
    message,
    redirect,
    refusal,
)
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.payment_methods import usable

StripeObject = dict[str, Any]
_CLOSED = {
    "paid": "Paid. Thank you.",
    "void": "This invoice was voided. There is nothing to pay.",
}


def show(visit: Visit, problem: str | None = None) -> Page:
    """The invoice with its lines, and how to pay it while that can be done."""
    invoice = _invoice(visit)
    if invoice is None:
        return refusal(404, "No such invoice", "The address is wrong, or the invoice is a draft.")
    view = invoice_view(visit.store, invoice)
    closed = _CLOSED.get(invoice["status"])
    paying = _paying(visit, invoice, view) if view.is_payable else message(closed, kind="done")
    head = html(
        '<header><p class="vendor">{vendor}</p><h1>{headline}</h1><p class="caption">'
        "Invoice {number} · {status}</p></header>",
        vendor=view.vendor,
        headline=view.headline,
        number=view.number,
        status=view.status,
    )
    aside = html('<section class="card">{head}{problem}{paying}{facts}{pdf}</section>',
                 head=head, problem=message(problem), paying=paying, facts=_facts(view),
                 pdf=_pdf_link(visit))  # fmt: skip
    return document(f"Invoice {view.number}", aside, _content(view), width="wide")


def act(visit: Visit, sent: StripeObject) -> Page:
    """Pay with the chosen card."""
    invoice = _invoice(visit)
    if invoice is None or invoice["status"] not in ("open", "uncollectible"):
        return show(visit, "This invoice cannot be paid any more.")
    store = visit.store
    known = _cards(visit, invoice)
    card = usable(store, chosen_card(sent, known), invoice["customer"])
    at = store.now(invoice["customer"])
    paid = payment.pay(store, invoice, at, card, on_request=True)
    intent = payment.intent_of(store, paid) or {}
    if paid["status"] == "paid":
        return redirect(visit.path)
    if intent.get("status") == "requires_action":
        return redirect(f"/authenticate/{intent['id']}")
    error = intent.get("last_payment_error") or {"message": "Your card was declined."}
    return show(visit, error["message"])


def pdf(visit: Visit) -> Page:
    """The invoice as a file to keep."""
    invoice = _invoice(visit)
    if invoice is None:
        raise Refused("No such invoice.", status=404)
    page_size = ((invoice["rendering"] or {}).get("pdf") or {}).get("page_size")
    body = invoice_pdf(invoice_view(visit.store, invoice), page_size)
    headers = {
        "Content-Type": "application/pdf",
        "Content-Disposition": f'inline; filename="Invoice-{invoice["number"]}.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    return Page(200, body, headers)


def _invoice(visit: Visit) -> StripeObject | None:
    """The invoice; a draft has no page yet."""
    invoice = visit.store.get("invoice", visit.names[0])
    is_there = invoice is not None and not invoice.get("deleted") and invoice["status"] != "draft"
    return invoice if is_there else None


def _cards(visit: Visit, invoice: StripeObject) -> list[StripeObject]:
    """The customer's cards, the one that would be charged first."""
    known = visit.store.every("payment_method", customer=invoice["customer"])
    usual = payment_method_of(visit.store, invoice)
    return sorted(known, key=lambda one: usual is None or one["id"] != usual["id"])


def _paying(visit: Visit, invoice: StripeObject, view: InvoiceView) -> Html:
    waiting = payment.intent_of(visit.store, invoice) or {}
    if waiting.get("status") == "requires_action":
        link = html('<p><a class="button is-primary is-wide" href="/authenticate/{id}">Authenticate'
                    "</a></p>", id=waiting["id"])  # fmt: skip
    else:
        link = NOTHING
    return html(
        "{link}{form}",
        link=link,
        form=form(
            visit,
            "pay",
            card_choice(_cards(visit, invoice)),
            button(f"Pay {view.due}", wide=True),
        ),
    )


def _facts(view: InvoiceView) -> Html:
    return facts([*view.dates, ("Bill to", ", ".join(view.customer)), *view.fields])


def _pdf_link(visit: Visit) -> Html:
    return html('<p><a href="{path}/pdf">Download the invoice as a PDF</a></p>', path=visit.path)


def _content(view: InvoiceView) -> Html:
    lines = [
        html(
            '<tr><td><span class="name">{what}</span>{small}</td><td class="num">{quantity}</td>'
            '<td class="num">{unit}</td><td class="num">{amount}</td></tr>',
            what=row.description,
            small=[html('<span class="caption">{text}</span>', text=text)
                   for text in (row.period, *row.notes)],
            quantity=row.quantity,
            unit=row.unit_price,
            amount=row.amount,
        )
        for row in view.rows
    ]  # fmt: skip
    sums = [
        html('<div class="{kind}"><dt>{label}</dt><dd class="num">{amount}</dd></div>',
             kind="is-strong" if one.is_strong else "", label=one.label, amount=one.amount)
        for one in view.sums
    ]  # fmt: skip
    return html(
        '<section class="card"><h2>What it is for</h2>{text}<table class="lines"><thead><tr>'
        '<th scope="col">Description</th><th scope="col" class="num">Quantity</th>'
        '<th scope="col" class="num">Unit price</th><th scope="col" class="num">Amount</th></tr>'
        '</thead><tbody>{lines}</tbody></table><dl class="sums">{sums}</dl>{footer}</section>',
        text=html("<p>{text}</p>", text=view.description) if view.description else NOTHING,
        lines=lines or html('<tr><td colspan="4">This invoice has no lines.</td></tr>'),
        sums=sums,
        footer=html('<p class="caption">{text}</p>', text=view.footer) if view.footer else NOTHING,
    )
