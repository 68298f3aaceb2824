"""A charge's receipt: https://docs.stripe.com/receipts."""

from portal.money import Money, money_text
from portal.sandbox.hosted.card_choice import card_name
from portal.sandbox.hosted.invoice_view import day
from portal.sandbox.hosted.markup import html
from portal.sandbox.hosted.pages import Page, Visit, document, facts, refusal


def show(visit: Visit) -> Page:
    """What was paid, when and with which card."""
    charge = visit.store.get("charge", visit.names[0])
    if charge is None or charge["receipt_url"] is None:
        return refusal(404, "No such receipt", "The address is wrong, or nothing was paid.")
    amount = money_text(Money(charge["amount_captured"], charge["currency"]))
    card = charge["payment_method_details"]
    rows = [
        ("Date paid", day(charge["created"])),
        ("Paid with", card_name(card)),
        ("For", charge["description"] or "Payment"),
        ("Payment", charge["payment_intent"] or charge["id"]),
    ]
    if charge["amount_refunded"]:
        given_back = money_text(Money(charge["amount_refunded"], charge["currency"]))
        rows.append(("Refunded", given_back))
    body = html(
        '<section class="card"><h1>{amount} paid</h1>{facts}</section>',
        amount=amount,
        facts=facts(rows),
    )
    return document("Receipt", body)
