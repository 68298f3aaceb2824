"""Collecting an open invoice: what follows when it works and when it does not.

https://docs.stripe.com/billing/subscriptions/overview#payment-status
"""

from typing import Any

from portal.sandbox.billing import intents, retries
from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.billing.payer import payment_method_of
from portal.sandbox.billing.payment_objects import new_invoice_payment, new_payment_intent
from portal.sandbox.billing.standing import follow_payment
from portal.sandbox.events import save_change
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_UNSETTLED = ("open", "uncollectible")


def pay(
    store: Store,
    invoice: StripeObject,
    at: int,
    payment_method: StripeObject | None = None,
    *,
    on_request: bool = False,
) -> StripeObject:
    """Try to collect an open invoice; the answer's status says whether that worked.

    Nothing due is paid at once. An invoice that is sent to the customer waits for them, unless
    they or the vendor ask for it (`on_request`).
    """
    if invoice["amount_remaining"] <= 0:
        return _settled(store, invoice, at)
    invoice = request_payment(store, invoice, at)
    if invoice["collection_method"] == "send_invoice" and not on_request:
        return invoice
    card = payment_method or payment_method_of(store, invoice)
    intent = intent_of(store, invoice) or {}
    if card is not None:
        intent = intents.attempt(store, intent, card, made_at(store, invoice, at))
    return follow_intent(store, intent, at, automatic=not on_request)


def retry(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """Try again what could not be collected; a card that was refused for good is not asked."""
    if invoice["status"] != "open":
        return store.put(invoice | {"_due_at": None, "next_payment_attempt": None})
    card = payment_method_of(store, invoice)
    if retries.is_of_no_use(intent_of(store, invoice), card):
        return _failed(store, invoice, at, automatic=True, waits=False)
    return pay(store, invoice, at)


def request_payment(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """Make the payment intent that is to pay a finalised invoice, if anything is to be paid."""
    due, known = invoice["amount_remaining"], intent_of(store, invoice)
    if due <= 0:
        return invoice
    if known is not None:
        if known["amount"] != due:
            _ask_for(store, invoice, known, due)
        return invoice
    intent = _new_intent(store, invoice, at)
    store.put(intent)
    store.put(new_invoice_payment(store, invoice, intent))
    store.emit("payment_intent.created", intent)
    secret = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    return store.put(invoice | {"_confirmation_secret": secret})


def follow_intent(
    store: Store, intent: StripeObject, at: int, *, automatic: bool = False
) -> StripeObject:
    """Bring the invoice that a payment intent is for in line with what became of the intent."""
    invoice = store.get("invoice", intent["_invoice"]) or {}
    if intent["status"] == "succeeded":
        _note_paid(store, intent)
        _keep_card(store, invoice, intent)
        paid = invoice["amount_paid"] + intent["amount_received"]
        left = max(invoice["amount_due"] - paid, 0)
        # https://docs.stripe.com/api/invoices/object: attempts of one's own count as the first.
        counted = invoice["attempt_count"] + 1 if automatic else max(invoice["attempt_count"], 1)
        amounts = {"amount_paid": paid, "amount_remaining": left, "attempt_count": counted}
        return _settled(store, invoice | amounts, at)
    waits = intent["status"] == "requires_action"
    return _failed(store, invoice, at, automatic=automatic, waits=waits)


def confirm(
    store: Store, intent: StripeObject, payment_method: StripeObject, *, off_session: bool = False
) -> StripeObject:
    """Try a payment that was asked for, and pay the invoice that it is for."""
    invoice = store.get("invoice", intent.get("_invoice") or "")
    moment = store.now()
    intent = intents.attempt(store, intent, payment_method, moment, off_session=off_session)
    return _followed(store, intent, invoice)


def answer_challenge(store: Store, intent: StripeObject, *, passes: bool = True) -> StripeObject:
    """The card's holder gave their bank their consent, or did not; the invoice follows."""
    invoice = store.get("invoice", intent.get("_invoice") or "")
    intent = intents.authenticate(store, intent, store.now(), passes=passes)
    return _followed(store, intent, invoice)


def pay_out_of_band(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """The vendor got the money elsewhere: paid without a charge."""
    cancel_payments(store, invoice, at, "abandoned")
    due = invoice["amount_remaining"]
    amounts = {
        "amount_paid": invoice["amount_paid"] + due,
        "amount_paid_off_stripe": invoice["amount_paid_off_stripe"] + due,
        "amount_remaining": 0,
    }
    return _settled(store, invoice | amounts, at)


def cancel_payments(
    store: Store, invoice: StripeObject, at: int, reason: str = "void_invoice"
) -> None:
    """Give up the payments that an invoice still expects."""
    for payment in store.every("invoice_payment", invoice=invoice["id"], status="open"):
        moment = made_at(store, invoice, at)
        transitions = payment["status_transitions"] | {"canceled_at": moment}
        store.put(payment | {"status": "canceled", "status_transitions": transitions})
        intent = store.get("payment_intent", payment["_payment_intent"])
        if intent is not None and intent["status"] not in ("canceled", "succeeded"):
            intents.cancel(store, intent, moment, reason)


def intent_of(store: Store, invoice: StripeObject) -> StripeObject | None:
    """The payment intent that the invoice is waiting for."""
    for payment in store.each("invoice_payment", invoice=invoice["id"], status="open"):
        return store.get("payment_intent", payment["_payment_intent"])
    return None


def made_at(store: Store, invoice: StripeObject, at: int) -> int:
    """When a payment happens: cards live in real time, also for a customer on a test clock.

    https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage
    """
    return store.now() if invoice["test_clock"] else at


def _new_intent(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    asked = {name: invoice[name] for name in ("currency", "customer")}
    amount, created = invoice["amount_remaining"], made_at(store, invoice, at)
    intent = new_payment_intent(store, amount=amount, created=created, **asked)
    card = None
    if invoice["collection_method"] == "charge_automatically":
        card = payment_method_of(store, invoice)
    reference = {"customer_reference": None, "order_reference": invoice["id"]}
    subscribed: StripeObject = {"payment_details": reference, "setup_future_usage": "off_session"}
    return {
        **intent,
        **({} if invoice["billing_reason"] == "manual" else subscribed),
        "description": _description(invoice["billing_reason"]),
        "payment_method": card["id"] if card else None,
        "status": "requires_confirmation" if card else "requires_payment_method",
        "_invoice": invoice["id"],
    }


def _description(billing_reason: str) -> str:
    if billing_reason == "manual":
        return "Payment for Invoice"
    created = billing_reason == "subscription_create"
    return "Subscription creation" if created else "Subscription update"


def _followed(store: Store, intent: StripeObject, invoice: StripeObject | None) -> StripeObject:
    if invoice is not None:
        follow_intent(store, intent, store.now(invoice["customer"]))
    return intent


def _ask_for(store: Store, invoice: StripeObject, intent: StripeObject, due: int) -> None:
    """A credit note or a part payment changed what is due."""
    store.put(intent | {"amount": due})
    for payment in store.every("invoice_payment", invoice=invoice["id"], status="open"):
        store.put(payment | {"amount_requested": due})


def _note_paid(store: Store, intent: StripeObject) -> None:
    charge = store.look("charge", intent["latest_charge"]) or {}
    for payment in store.every("invoice_payment", invoice=intent["_invoice"], status="open"):
        if payment["_payment_intent"] == intent["id"]:
            done = {"canceled_at": None, "paid_at": charge.get("created")}
            amount = {"amount_paid": intent["amount_received"], "status": "paid"}
            paid = store.put(payment | amount | {"status_transitions": done})
            store.emit("invoice_payment.paid", paid)


def _keep_card(store: Store, invoice: StripeObject, intent: StripeObject) -> None:
    """https://docs.stripe.com/billing/subscriptions/payment-methods-setting: what paid stays."""
    subscription = store.get("subscription", subscription_of(invoice) or "")
    settings = (subscription or {}).get("payment_settings") or {}
    if subscription and settings.get("save_default_payment_method") == "on_subscription":
        kept = {"default_payment_method": intent["payment_method"]}
        save_change(store, "customer.subscription.updated", subscription | kept)


def _settled(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """Paid, once nothing is left to pay."""
    if invoice["amount_remaining"] > 0:
        return save_change(store, "invoice.updated", invoice)
    paid = save_change(
        store,
        "invoice.updated",
        invoice
        | {
            "attempted": True,
            "auto_advance": False,
            "next_payment_attempt": None,
            "status": "paid",
            "status_transitions": invoice["status_transitions"] | {"paid_at": at},
            "_due_at": None,
        },
    )
    store.emit("invoice.paid", paid)
    store.emit("invoice.payment_succeeded", paid)
    _note_delinquent(store, paid, owes=False)
    follow_payment(store, paid, at)
    return paid


def _failed(
    store: Store, invoice: StripeObject, at: int, *, automatic: bool, waits: bool
) -> StripeObject:
    """The invoice stays open; what its customer's bank is asked about at sign-up is no attempt."""
    if invoice["status"] not in _UNSETTLED:
        return invoice
    attempts = invoice["attempt_count"]
    if not (waits and invoice["billing_reason"] == "subscription_create"):
        attempts = attempts + 1 if automatic else max(attempts, 1)
    invoice = invoice | {"attempted": True, "attempt_count": attempts}
    if automatic:
        due_at = retries.next_attempt(invoice, at)
        invoice |= {"next_payment_attempt": due_at, "_due_at": due_at}
        _note_delinquent(store, invoice, owes=True)
    open_still = save_change(store, "invoice.updated", invoice)
    if waits:
        store.emit("invoice.payment_action_required", open_still)
    store.emit("invoice.payment_failed", open_still)
    follow_payment(store, open_still, at)
    return store.get("invoice", open_still["id"]) or open_still


def _note_delinquent(store: Store, invoice: StripeObject, *, owes: bool) -> None:
    """https://docs.stripe.com/api/customers/object#customer_object-delinquent."""
    customer = store.get("customer", invoice["customer"])
    if customer is not None and not customer.get("deleted") and customer["delinquent"] != owes:
        save_change(store, "customer.updated", customer | {"delinquent": owes})
