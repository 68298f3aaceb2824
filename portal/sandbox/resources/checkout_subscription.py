"""The subscription that a Checkout session is to start, and what it will cost at once.

https://docs.stripe.com/payments/subscriptions: what the session shows is found by starting the
subscription and undoing that, so the customer pays what was shown.
"""

from typing import Any

from portal.sandbox.included import lines_of
from portal.sandbox.resources.customers import create_customer
from portal.sandbox.resources.subscriptions import create_subscription
from portal.sandbox.routes import Call

StripeObject = dict[str, Any]
_DATA = (
    "billing_cycle_anchor billing_cycle_anchor_config billing_mode.type default_tax_rates "
    "description metadata proration_behavior trial_end trial_period_days trial_settings"
).split()
SUBSCRIPTION_DATA = " ".join(f"subscription_data.{name}" for name in _DATA)


def subscription_asked(
    session: StripeObject, items: list[StripeObject], customer: str, card: str | None
) -> StripeObject:
    """The request for the subscription; one-time prices go on its first invoice."""
    asked: StripeObject = {**session["_subscription_data"], "customer": customer}
    asked["currency"] = items[0]["currency"]
    asked["items"] = [_item(item) for item in items if not item["_is_once"]]
    once = [_item(item) for item in items if item["_is_once"]]
    if once:
        asked["add_invoice_items"] = once
    if session["_discounts"]:
        asked["discounts"] = session["_discounts"]
    return asked | ({"default_payment_method": card} if card else {})


def with_amounts(
    call: Call, session: StripeObject, items: list[StripeObject]
) -> tuple[StripeObject, list[StripeObject]]:
    """The session and its items with what is due at once, by discounts, taxes and trials."""
    invoice, lines = _tried(call, session, items)
    total = {
        "amount_subtotal": invoice["subtotal"] if invoice else 0,
        "amount_total": invoice["total"] if invoice else 0,
        "currency": items[0]["currency"],
        "total_details": {
            "amount_discount": _sum(line["discount_amounts"] for line in lines),
            "amount_shipping": 0,
            "amount_tax": _sum(line["taxes"] for line in lines),
        },
    }
    return session | total, [item | _amounts(item, lines) for item in items]


def _tried(
    call: Call, session: StripeObject, items: list[StripeObject]
) -> tuple[StripeObject | None, list[StripeObject]]:
    """The first invoice that the subscription would have, and its lines."""
    store = call.store
    with store.speculating():
        customer = session["customer"] or _somebody(call)
        asked = subscription_asked(session, items, customer, card=None)
        trial = asked | {"payment_behavior": "default_incomplete"}
        made = create_subscription(Call(store, call.ledger, trial, call.previews))
        invoice = store.get("invoice", made["latest_invoice"] or "")
        return invoice, lines_of(store, invoice) if invoice else []


def _somebody(call: Call) -> str:
    made = create_customer(Call(call.store, call.ledger, {}, call.previews))
    return str(made["id"])


def _item(item: StripeObject) -> StripeObject:
    asked = {"price": item["price"]}
    if item["quantity"] is not None:
        asked["quantity"] = item["quantity"]
    if item["_tax_rates"]:
        asked["tax_rates"] = item["_tax_rates"]
    return asked


def _amounts(item: StripeObject, lines: list[StripeObject]) -> StripeObject:
    """What the lines of the item's price come to."""
    own = [line for line in lines if _price(line) == item["price"]]
    subtotal = sum(line["amount"] for line in own)
    discount = _sum(line["discount_amounts"] for line in own)
    tax = _sum(line["taxes"] for line in own)
    on_top = _sum(
        [one for one in line["taxes"] if one["tax_behavior"] == "exclusive"] for line in own
    )
    return {
        "amount_discount": discount,
        "amount_subtotal": subtotal,
        "amount_tax": tax,
        "amount_total": subtotal - discount + on_top,
    }


def _price(line: StripeObject) -> str | None:
    details: StripeObject = (line["pricing"] or {}).get("price_details") or {}
    return details.get("price")


def _sum(groups: Any) -> int:
    return sum(one["amount"] for group in groups for one in group)
