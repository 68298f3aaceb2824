"""Payment intents: https://docs.stripe.com/api/payment_intents.

An invoice's are made when it is finalised; a payment of its own is made here.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing import intents, payment
from portal.sandbox.billing.payment_objects import new_payment_intent
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing, listing_of
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.card_refusals import card_refusal
from portal.sandbox.resources.customers import shipping_details
from portal.sandbox.resources.payment_methods import attach, usable
from portal.sandbox.resources.price_rules import currency
from portal.sandbox.routes import Call, Routes
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
routes = Routes()
# https://docs.stripe.com/api/payment_method_configurations: the account's only one.
CONFIGURATION = {"id": "pmc_sandbox", "parent": None}
_TEXTS = ("description", "receipt_email", "setup_future_usage", "statement_descriptor",
          "statement_descriptor_suffix")  # fmt: skip
_WORDS = "description metadata receipt_email setup_future_usage shipping statement_descriptor "
_WORDS += "statement_descriptor_suffix"
_CONFIRMABLE = ("requires_action", "requires_confirmation", "requires_payment_method")
_CHANGEABLE = _CONFIRMABLE
_CANCELABLE = (*_CONFIRMABLE, "requires_capture")
# What an invoice has settled for the payment that was made for it.
_THE_INVOICES = ("amount", "capture_method", "currency", "customer")


@routes.post(
    "/v1/payment_intents",
    "PaymentIntentCreateParams",
    f"amount automatic_payment_methods capture_method confirm currency customer "
    f"error_on_requires_action off_session payment_method return_url use_stripe_sdk {_WORDS}",
)
def create_payment_intent(call: Call) -> StripeObject:
    """Make a payment, and try it at once when `confirm` is set."""
    store, params = call.store, call.params
    check_goes_with_confirm(params)
    if params.get("customer"):
        lookup.named(store, "customer", params["customer"], "customer")
    intent = new_payment_intent(
        store,
        amount=_checked_amount(params["amount"]),
        currency=currency(params["currency"]),
        customer=params.get("customer"),
        created=store.now(),
    )
    intent |= {
        "automatic_payment_methods": automatic_methods(params),
        "capture_method": params.get("capture_method", "automatic_async"),
        "payment_method_configuration_details": dict(CONFIGURATION),
    }
    _apply(call, intent)
    store.put(intent)
    store.emit("payment_intent.created", intent)
    return _confirmed(call, intent) if params.get("confirm") else intent


@routes.get("/v1/payment_intents", "PaymentIntentListParams", "created customer")
def list_payment_intents(call: Call) -> Listing:
    """Payment intents, newest first."""
    return listing_of(call.store, "payment_intent", call.params, "customer")


@routes.get("/v1/payment_intents/{id}", "PaymentIntentRetrieveParams", "client_secret")
def retrieve_payment_intent(call: Call, id: str) -> StripeObject:
    """The payment intent as it is now."""
    return with_its_secret(call, lookup.get(call.store, "payment_intent", id))


@routes.post(
    "/v1/payment_intents/{id}",
    "PaymentIntentUpdateParams",
    f"amount capture_method currency customer payment_method {_WORDS}",
)
def update_payment_intent(call: Call, id: str) -> StripeObject:
    """Change what the request names, as long as nothing has been paid."""
    params = call.params
    intent = _in_status(call, id, _CHANGEABLE, "updated")
    _check_its_own(intent, params)
    if "amount" in params:
        intent["amount"] = _checked_amount(params["amount"])
    if "currency" in params:
        intent["currency"] = currency(params["currency"])
    if params.get("customer"):
        lookup.named(call.store, "customer", params["customer"], "customer")
    intent.update(given(params, ("capture_method", "customer")))
    _apply(call, intent)
    # https://docs.stripe.com/api/events/types has no event for this.
    return call.store.put(intent)


@routes.post(
    "/v1/payment_intents/{id}/confirm",
    "PaymentIntentConfirmParams",
    "capture_method error_on_requires_action off_session payment_method receipt_email return_url "
    "setup_future_usage shipping use_stripe_sdk",
)
def confirm_payment_intent(call: Call, id: str) -> StripeObject:
    """Try the payment; where the holder was asked for consent, this is the consent."""
    intent = _in_status(call, id, _CONFIRMABLE, "confirmed")
    _check_its_own(intent, call.params)
    intent.update(given(call.params, ("capture_method",)))
    _apply(call, intent)
    return _confirmed(call, intent)


@routes.post(
    "/v1/payment_intents/{id}/capture", "PaymentIntentCaptureParams", "amount_to_capture metadata"
)
def capture_payment_intent(call: Call, id: str) -> StripeObject:
    """Take what was authorised, or some of it."""
    intent = _in_status(call, id, ("requires_capture",), "captured")
    asked: Any = call.params.get("amount_to_capture")
    amount = int(intent["amount_capturable"] if asked is None else asked)
    if not 0 < amount <= intent["amount_capturable"]:
        raise Refused(
            "The requested capture amount is greater than the amount you can capture for this "
            "charge.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    _apply(call, intent)
    return intents.capture(call.store, intent, amount, call.store.now())


@routes.post("/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams", "cancellation_reason")
def cancel_payment_intent(call: Call, id: str) -> StripeObject:
    """End the payment for good; an invoice's is ended with the invoice."""
    intent = _in_status(call, id, _CANCELABLE, "canceled")
    if intent.get("_invoice"):
        raise Refused(
            "You cannot cancel this PaymentIntent because it belongs to an invoice. Void the "
            "invoice instead.",
            code="payment_intent_unexpected_state",
        )
    reason = call.params.get("cancellation_reason")
    return intents.cancel(call.store, intent, call.store.now(), reason)


def check_goes_with_confirm(params: StripeObject) -> None:
    """https://docs.stripe.com/api/payment_intents/create: some go with `confirm` only."""
    for name in ("error_on_requires_action", "off_session", "return_url"):
        if name in params and not params.get("confirm"):
            raise Refused(f"`{name}` can only be used with `confirm=true`.", param=name)


def automatic_methods(params: StripeObject) -> StripeObject:
    """What a payment or a setup may be done with: whatever this sandbox has, which is cards."""
    asked = params.get("automatic_payment_methods", {})
    if not asked.get("enabled", True):
        raise NotSupported(
            "This sandbox chooses the payment methods by itself; it has cards only.",
            param="automatic_payment_methods[enabled]",
        )
    return {"allow_redirects": asked.get("allow_redirects", "always"), "enabled": True}


def return_address(params: StripeObject) -> str | None:
    """Where the holder goes after giving consent, unless Stripe's library sees to that."""
    return None if params.get("use_stripe_sdk") else params.get("return_url")


def with_its_secret(call: Call, intent: StripeObject) -> StripeObject:
    """The intent, unless the request shows a client secret that is another's."""
    if call.params.get("client_secret", intent["client_secret"]) != intent["client_secret"]:
        raise Refused(
            "The client_secret provided does not match the client_secret associated with it.",
            param="client_secret",
        )
    return intent


def _check_its_own(intent: StripeObject, params: StripeObject) -> None:
    """Refuse to change on an invoice's payment what the invoice says."""
    wrong = next((name for name in _THE_INVOICES if name in params), None)
    if wrong is not None and intent.get("_invoice"):
        raise Refused(
            f"You cannot change the {wrong} of this PaymentIntent because it belongs to an "
            "invoice.",
            param=wrong,
        )


def _confirmed(call: Call, intent: StripeObject) -> StripeObject:
    """The intent after its payment was tried; a refused card is told as an error."""
    store, away = call.store, bool(call.params.get("off_session", False))
    if intent["status"] == "requires_action":
        intent = payment.answer_challenge(store, intent)
    else:
        _check_confirmable(intent)
        card = usable(store, intent["payment_method"], intent["customer"])
        intent["_return_url"] = return_address(call.params)
        intent = payment.confirm(store, intent, card, off_session=away)
    if intent["status"] == "requires_payment_method":
        raise card_refusal(store, "payment_intent", intent)
    if intent["status"] == "requires_action" and call.params.get("error_on_requires_action"):
        raise Refused(
            "Your card was declined. This transaction requires authentication.",
            status=402,
            type="card_error",
            code="authentication_required",
            decline_code="authentication_required",
            decided=True,
        )
    return _saved_card(call, intent)


def _saved_card(call: Call, intent: StripeObject) -> StripeObject:
    """A card that is to be used again belongs to the customer from now on."""
    customer = call.store.get("customer", intent["customer"] or "")
    card = call.store.get("payment_method", intent["payment_method"]) or {}
    is_there = customer is not None and not customer.get("deleted")
    if intent["setup_future_usage"] and customer and is_there and card["customer"] is None:
        attach(call.store, card["id"], customer)
    return intent


def _check_confirmable(intent: StripeObject) -> None:
    if not intent["payment_method"]:
        raise Refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
        )


def _apply(call: Call, intent: StripeObject) -> None:
    params = call.params
    intent.update(given(params, _TEXTS))
    if "shipping" in params:
        intent["shipping"] = _parcel(params["shipping"])
    if "metadata" in params:
        intent["metadata"] = merged_metadata(intent["metadata"], params["metadata"])
    wanted = params.get("payment_method")
    if wanted:
        card = usable(call.store, wanted, intent["customer"])
        intent |= {"payment_method": card["id"], "status": "requires_confirmation"}


def _parcel(asked: Any) -> StripeObject | None:
    """Where the goods go and how, or None when it was cleared."""
    details = shipping_details(asked)
    if details is None:
        return None
    return details | {name: asked.get(name) or None for name in ("carrier", "tracking_number")}


def _in_status(call: Call, id: str, statuses: tuple[str, ...], done: str) -> StripeObject:
    """The intent, unless what is asked for cannot be done to it any more."""
    intent = lookup.get(call.store, "payment_intent", id)
    if intent["status"] not in statuses:
        verb = {"canceled": "cancel", "captured": "capture", "updated": "update"}.get(
            done, "confirm"
        )
        raise Refused(
            f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. "
            f"Only a PaymentIntent with one of the following statuses may be {done}: "
            f"{', '.join(statuses)}.",
            code="payment_intent_unexpected_state",
            payment_intent=presented(call.store, intent),
        )
    return intent


def _checked_amount(amount: int) -> int:
    if amount < 1:
        raise Refused(
            "The amount must be greater than or equal to the minimum charge amount allowed for "
            "your account and the currency set "
            "(https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want "
            "to save a Payment Method for future use without an immediate payment, use a Setup "
            "Intent instead: https://docs.stripe.com/payments/setup-intents",
            code="parameter_invalid_integer",
            param="amount",
        )
    return amount
