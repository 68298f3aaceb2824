"""The parts of the billing portal's page, each with the forms that act on it."""

from typing import Any

from portal.money import Money, money_text
from portal.sandbox.hosted.card_choice import card_choice, card_name, expiry
from portal.sandbox.hosted.invoice_view import address_lines, day
from portal.sandbox.hosted.markup import NOTHING, Html, html
from portal.sandbox.hosted.pages import Visit, button, form, text_field
from portal.sandbox.included import items_of

StripeObject = dict[str, Any]
_LIVE = ("active", "past_due", "trialing", "unpaid", "incomplete", "paused")
_MOST_INVOICES = 24
_LABELS = {
    "city": "City",
    "country": "Country, as two letters",
    "line1": "Street",
    "line2": "More",
    "postal_code": "Postal code",
    "state": "State or region",
}
_IN_ORDER = ("line1", "line2", "postal_code", "city", "state", "country")


def subscriptions(visit: Visit, customer: StripeObject, features: StripeObject) -> Html:
    """What the customer is subscribed to, and how to end it or to keep it."""
    feature = features["subscription_cancel"]
    found = [
        one
        for one in visit.store.every("subscription", customer=customer["id"])
        if one["status"] in _LIVE
    ]
    rows = [_subscription(visit, one, feature) for one in found]
    return _section("Subscriptions", rows, "There is no subscription.")


def cards(visit: Visit, customer: StripeObject, features: StripeObject) -> Html:
    """The customer's cards, and a choice of test cards to add."""
    allowed = features["payment_method_update"]["enabled"]
    usual = customer["invoice_settings"]["default_payment_method"]
    found = visit.store.every("payment_method", customer=customer["id"])
    rows = [_card(visit, one, is_usual=one["id"] == usual, allowed=allowed) for one in found]
    adding = html(
        "<details{open}><summary>Add a card</summary>{form}</details>",
        open=Html(" open") if not found else NOTHING,
        form=form(visit, "add_card", card_choice([]), button("Add card")),
    )
    return _section("Cards", rows, "There is no card.", adding if allowed else NOTHING)


def details(visit: Visit, customer: StripeObject, features: StripeObject) -> Html:
    """Name, email and address, and a form for those that may be changed."""
    feature = features["customer_update"]
    lines = [customer["name"], customer["email"], *address_lines(customer["address"])]
    known = html(
        '<p class="what">{lines}</p>',
        lines=[html("{line}<br>", line=line) for line in lines if line]
        or ["Nothing is known yet."],
    )
    changing = NOTHING
    if feature["enabled"] and feature["allowed_updates"]:
        changing = html(
            "<details><summary>Change</summary>{form}</details>",
            form=form(
                visit,
                "change_details",
                html(
                    '<div class="fields">{fields}</div>',
                    fields=_detail_fields(customer, feature["allowed_updates"]),
                ),
                button("Save"),
            ),
        )
    return _section("Details", [], "", known, changing)


def invoices(visit: Visit, customer: StripeObject, features: StripeObject) -> Html:
    """The latest invoices, each with its page."""
    if not features["invoice_history"]["enabled"]:
        return NOTHING
    found = [
        one
        for one in visit.store.every("invoice", customer=customer["id"])
        if one["status"] != "draft"
    ]
    rows = [_invoice(one) for one in found[:_MOST_INVOICES]]
    return _section("Invoices", rows, "There is no invoice yet.")


def _section(title: str, rows: list[Html], nothing: str, *more: Html) -> Html:
    listed = html('<ul class="rows">{rows}</ul>', rows=rows) if rows else NOTHING
    empty = html("<p>{nothing}</p>", nothing=nothing) if nothing and not rows else NOTHING
    return html(
        '<section class="card"><h2>{title}</h2>{listed}{empty}{more}</section>',
        title=title,
        listed=listed,
        empty=empty,
        more=more,
    )


def _subscription(visit: Visit, subscription: StripeObject, feature: StripeObject) -> Html:
    names = []
    for item in items_of(visit.store, subscription):
        price = visit.store.look("price", item["price"]) or {}
        names.append((visit.store.look("product", price.get("product") or "") or {}).get("name"))
    ends = subscription["cancel_at"]
    note = f"Ends on {day(ends)}" if ends else subscription["status"].replace("_", " ").capitalize()
    return html(
        '<li><span class="what"><strong>{names}</strong><span class="caption">{note}</span></span>'
        "{change}</li>",
        names=", ".join(name or "Item" for name in names) or subscription["id"],
        note=note,
        change=_ending(visit, subscription, feature) if feature["enabled"] else NOTHING,
    )


def _ending(visit: Visit, subscription: StripeObject, feature: StripeObject) -> Html:
    if subscription["schedule"] is not None:
        return NOTHING
    which = html('<input type="hidden" name="subscription" value="{id}">', id=subscription["id"])
    if subscription["cancel_at_period_end"]:
        return form(visit, "resume", which, button("Keep it"))
    when = "now" if feature["mode"] == "immediately" else "at the period's end"
    return form(visit, "cancel", which, button(f"Cancel {when}", kind="danger"))


def _card(visit: Visit, card: StripeObject, *, is_usual: bool, allowed: bool) -> Html:
    which = html('<input type="hidden" name="card" value="{id}">', id=card["id"])
    choosing = form(visit, "make_default", which, button("Charge this one", kind="plain"))
    removing = form(visit, "remove_card", which, button("Remove", kind="plain"))
    return html(
        '<li><span class="what"><strong>{name}</strong><span class="caption">Expires {expiry}'
        "</span></span>{badge}{choosing}{removing}</li>",
        name=card_name(card),
        expiry=expiry(card),
        badge=html('<span class="badge is-accent">is charged</span>') if is_usual else NOTHING,
        choosing=choosing if allowed and not is_usual else NOTHING,
        removing=removing if allowed else NOTHING,
    )


def _detail_fields(customer: StripeObject, allowed: list[str]) -> list[Html]:
    fields = []
    if "name" in allowed:
        fields.append(text_field("Name", "name", customer["name"]))
    if "email" in allowed:
        fields.append(text_field("Email", "email", customer["email"], kind="email"))
    if "address" in allowed:
        address = customer["address"] or {}
        fields += [text_field(_LABELS[name], name, address.get(name)) for name in _IN_ORDER]
    return fields


def _invoice(invoice: StripeObject) -> Html:
    amount = money_text(Money(invoice["total"], invoice["currency"]))
    return html(
        '<li><span class="what"><a href="/i/{id}">{number}</a><span class="caption">{when}</span>'
        '</span><span class="badge">{status}</span><span class="num">{amount}</span></li>',
        id=invoice["id"],
        number=invoice["number"],
        when=day(invoice["effective_at"] or invoice["created"]),
        status=invoice["status"],
        amount=amount,
    )
