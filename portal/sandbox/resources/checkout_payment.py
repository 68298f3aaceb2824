"""A single payment in a Checkout session: https://docs.stripe.com/payments/accept-a-payment."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portal.rating.price import price_from_stripe
from portal.rating.rate import rate
from portal.sandbox import lookup
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.payment_intents import confirm_payment_intent, create_payment_intent
from portal.sandbox.routes import Call
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_DATA = ("description", "metadata", "receipt_email", "setup_future_usage", "statement_descriptor")
PAYMENT_DATA = " ".join(f"payment_intent_data.{name}" for name in _DATA)


def payment_amounts(
    store: Store, session: StripeObject, items: list[StripeObject]
) -> tuple[StripeObject, list[StripeObject]]:
    """The session and its items with what is to be paid."""
    priced = [item | _amounts(store, item, place) for place, item in enumerate(items)]
    if len({item["currency"] for item in priced}) > 1:
        raise Refused("All line items must have the same currency.", param="line_items")
    total = sum(item["amount_total"] for item in priced)
    nothing = {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}
    sums = {"amount_subtotal": total, "amount_total": total, "total_details": nothing}
    return session | sums | {"currency": priced[0]["currency"]}, priced


def pay_session(
    store: Store, session: StripeObject, request: Callable[..., Call], card: str
) -> StripeObject:
    """Try the card; a payment that was refused before is tried again, not made anew."""
    if session["payment_intent"] is None:
        asked = {"amount": session["amount_total"], "currency": session["currency"]}
        asked |= {"customer": session["customer"], **session["_payment_data"]}
        made = create_payment_intent(request(**asked))
        store.put(made | {"_checkout_session": session["id"]})
        session = store.put(session | {"payment_intent": made["id"]})
    return confirm_payment_intent(request(payment_method=card), session["payment_intent"])


def _amounts(store: Store, item: StripeObject, place: int) -> StripeObject:
    if not item["_is_once"]:
        raise Refused(
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices.",
            param=f"line_items[{place}][price]",
        )
    price = lookup.get(store, "price", item["price"])
    rated = rate(price_from_stripe(price, item["currency"]), Decimal(item["quantity"]))
    amount = sum(line.amount for line in rated.lines)
    return {"amount_subtotal": amount, "amount_total": amount}
