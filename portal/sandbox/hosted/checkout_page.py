"""The hosted Checkout page: https://docs.stripe.com/payments/checkout."""

from decimal import Decimal
from typing import Any

from portal.money import Money, money_text
from portal.rating.price import price_from_stripe
from portal.rating.rate import rate
from portal.sandbox import lookup
from portal.sandbox.billing.checkout import expire
from portal.sandbox.hosted.card_choice import card_choice, chosen_card
from portal.sandbox.hosted.markup import NOTHING, Html, html
from portal.sandbox.hosted.pages import (
    Page,
    Visit,
    button,
    document,
    form,
    message,
    redirect,
    refusal,
    text_field,
)
from portal.sandbox.resources.checkout_completion import settle, submit, vendor_of

StripeObject = dict[str, Any]
_TITLES = {"payment": "Pay", "setup": "Save a card", "subscription": "Subscribe"}


def show(visit: Visit, problem: str | None = None) -> Page:
    """What is asked for, with a choice of cards; a session that is over sends on or says so."""
    session = _session(visit)
    if session is None:
        return refusal(404, "No such session", "The address is wrong.")
    session = settle(visit.store, session)
    if session["status"] == "complete":
        return redirect(_success_url(session))
    if session["status"] == "expired":
        return refusal(410, "This session has expired", "Go back to the shop and start again.")
    title = _TITLES[session["mode"]]
    return document(
        title,
        _head(visit, session, title),
        html(
            '<section class="card">{problem}{form}{cancel}</section>',
            problem=message(problem or _trouble(visit, session)),
            form=_form(visit, session),
            cancel=_cancel(session),
        ),
    )


def act(visit: Visit, sent: StripeObject) -> Page:
    """Go on with the card; then to the bank's question, or back to the vendor."""
    session = _session(visit)
    if session is None or session["status"] != "open":
        return show(visit)
    card = chosen_card(sent, _cards(visit, session))
    waiting = submit(visit.store, session, visit.call, card, sent)
    if waiting is not None:
        return redirect(f"/authenticate/{waiting}")
    return show(visit)


def _session(visit: Visit) -> StripeObject | None:
    """The session, closed first if its time was up before anything looked."""
    session = visit.store.get("checkout.session", visit.names[0])
    if session is None or session["status"] != "open":
        return session
    is_late = session["expires_at"] <= visit.store.now()
    return expire(visit.store, session) if is_late else session


def _cards(visit: Visit, session: StripeObject) -> list[StripeObject]:
    """The customer's own cards, which a setup does not need."""
    if session["customer"] is None or session["mode"] == "setup":
        return []
    return visit.store.every("payment_method", customer=session["customer"])


def _head(visit: Visit, session: StripeObject, title: str) -> Html:
    items = visit.store.every("item", _session=session["id"])[::-1]
    rows = [(_item_name(item), _item_amount(visit, item), "") for item in items]
    details = session["total_details"] or {}
    for label, name, sign in (("Discount", "amount_discount", -1), ("Tax", "amount_tax", 1)):
        if details.get(name):
            rows.append((label, _text(session, sign * details[name]), ""))
    rows.append(("Due today", _text(session, session["amount_total"] or 0), "is-strong"))
    sums = [
        html(
            '<div class="{kind}"><dt>{label}</dt><dd class="num">{amount}</dd></div>',
            label=label,
            amount=amount,
            kind=kind,
        )
        for label, amount, kind in rows
    ]
    return html(
        '<section class="card"><header><p class="vendor">{vendor}</p><h1>{title}</h1></header>'
        "{who}{sums}</section>",
        vendor=vendor_of(visit.store),
        title=title,
        who=_who(session),
        sums=html('<dl class="sums is-whole">{sums}</dl>', sums=sums)
        if items
        else html("<p>Your card is kept for later payments. Nothing is charged now.</p>"),
    )


def _who(session: StripeObject) -> Html:
    details = session["customer_details"] or {}
    known = details.get("name") or details.get("email")
    return html('<p class="caption">For {known}</p>', known=known) if known else NOTHING


def _item_name(item: StripeObject) -> str:
    name = item["description"] or "Item"
    return name if item["quantity"] in (None, 1) else f"{item['quantity']} × {name}"


def _item_amount(visit: Visit, item: StripeObject) -> str:
    """What it costs each time; a metered price is billed by what was used."""
    price = lookup.get(visit.store, "price", item["price"])
    if item["quantity"] is None:
        return "billed by usage"
    if item["currency"] == price["currency"]:
        rated = rate(price_from_stripe(price), Decimal(item["quantity"]))
        amount = sum(line.amount for line in rated.lines)
    else:
        amount = item["amount_subtotal"]
    text, recurring = money_text(Money(amount, item["currency"])), price["recurring"]
    if recurring is None:
        return text
    count, interval = recurring["interval_count"], recurring["interval"]
    return f"{text} / {interval}" if count == 1 else f"{text} every {count} {interval}s"


def _text(session: StripeObject, amount: int) -> str:
    return money_text(Money(amount, session["currency"] or "usd"))


def _form(visit: Visit, session: StripeObject) -> Html:
    asks_who = session["mode"] != "setup" and session["customer"] is None
    fields = [text_field("Name", "name", None)] if asks_who else []
    if asks_who and session["customer_email"] is None:
        fields.append(text_field("Email", "email", None, kind="email"))
    text = _button_text(session)
    return form(
        visit, "submit", *fields, card_choice(_cards(visit, session)), button(text, wide=True)
    )


def _button_text(session: StripeObject) -> str:
    """What happens on a click; what is paid carries its amount."""
    amount = _text(session, session["amount_total"] or 0)
    if session["mode"] == "payment":
        return f"Pay {amount}"
    if session["mode"] == "setup":
        return "Save card"
    return f"Subscribe and pay {amount}" if session["amount_total"] else "Subscribe"


def _cancel(session: StripeObject) -> Html:
    if session["cancel_url"] is None:
        return NOTHING
    return html('<p><a href="{url}">Go back without doing this</a></p>', url=session["cancel_url"])


def _trouble(visit: Visit, session: StripeObject) -> str | None:
    """Why the last card did not work, after its bank has been asked."""
    intent = visit.store.look("setup_intent", session["setup_intent"] or "") or {}
    error = intent.get("last_setup_error")
    payment = visit.store.look("payment_intent", session["payment_intent"] or "") or {}
    error = error or payment.get("last_payment_error")
    subscription = visit.store.look("subscription", session.get("_subscription") or "") or {}
    for one in visit.store.every("invoice_payment", invoice=subscription.get("latest_invoice")):
        waiting = visit.store.look("payment_intent", one["_payment_intent"]) or {}
        error = error or waiting.get("last_payment_error")
    return str(error["message"]) if error else None


def _success_url(session: StripeObject) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
