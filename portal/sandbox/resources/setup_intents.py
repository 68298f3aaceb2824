"""Setup intents, with which a card is kept for later: https://docs.stripe.com/api/setup_intents."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing import setups
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing, listing_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.card_refusals import card_refusal
from portal.sandbox.resources.payment_intents import (
    automatic_methods,
    check_goes_with_confirm,
    return_address,
    with_its_secret,
)
from portal.sandbox.resources.payment_methods import attach, usable
from portal.sandbox.routes import Call, Routes
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
routes = Routes()
_OPEN = ("requires_action", "requires_confirmation", "requires_payment_method")


@routes.post(
    "/v1/setup_intents",
    "SetupIntentCreateParams",
    "automatic_payment_methods confirm customer description metadata payment_method return_url "
    "usage use_stripe_sdk",
)
def create_setup_intent(call: Call) -> StripeObject:
    """Begin to set a card up, and try it at once when `confirm` is set."""
    store, params = call.store, call.params
    check_goes_with_confirm(params)
    customer = params.get("customer")
    if customer:
        lookup.named(store, "customer", customer, "customer")
    usage = params.get("usage", "off_session")
    intent = setups.new_setup_intent(store, customer=customer, usage=usage)
    intent["automatic_payment_methods"] = automatic_methods(params)
    _apply(call, intent)
    store.put(intent)
    store.emit("setup_intent.created", intent)
    return _confirmed(call, intent) if params.get("confirm") else intent


@routes.get("/v1/setup_intents", "SetupIntentListParams", "created customer payment_method")
def list_setup_intents(call: Call) -> Listing:
    """Setup intents, newest first."""
    return listing_of(call.store, "setup_intent", call.params, "customer", "payment_method")


@routes.get("/v1/setup_intents/{id}", "SetupIntentRetrieveParams", "client_secret")
def retrieve_setup_intent(call: Call, id: str) -> StripeObject:
    """The setup intent as it is now."""
    return with_its_secret(call, lookup.get(call.store, "setup_intent", id))


@routes.post(
    "/v1/setup_intents/{id}",
    "SetupIntentUpdateParams",
    "customer description metadata payment_method",
)
def update_setup_intent(call: Call, id: str) -> StripeObject:
    """Change what the request names, as long as nothing is set up."""
    intent = _open(call, id, "update")
    wanted = call.params.get("customer")
    if wanted:
        intent["customer"] = lookup.named(call.store, "customer", wanted, "customer")["id"]
    _apply(call, intent)
    # https://docs.stripe.com/api/events/types has no event for this.
    return call.store.put(intent)


@routes.post(
    "/v1/setup_intents/{id}/confirm",
    "SetupIntentConfirmParams",
    "payment_method return_url use_stripe_sdk",
)
def confirm_setup_intent(call: Call, id: str) -> StripeObject:
    """Try the card; where its holder was asked for consent, this is the consent."""
    intent = _open(call, id, "confirm")
    _apply(call, intent)
    return _confirmed(call, intent)


@routes.post("/v1/setup_intents/{id}/cancel", "SetupIntentCancelParams", "cancellation_reason")
def cancel_setup_intent(call: Call, id: str) -> StripeObject:
    """Give up setting the card up."""
    intent = _open(call, id, "cancel")
    return setups.cancel(call.store, intent, call.params.get("cancellation_reason"))


def finish(call: Call, intent: StripeObject) -> StripeObject:
    """A card that is set up belongs to the customer that it was set up for."""
    customer = call.store.get("customer", intent["customer"] or "")
    card = call.store.get("payment_method", intent["payment_method"] or "")
    succeeded = intent["status"] == "succeeded"
    is_free = card is not None and card["customer"] is None
    if succeeded and card and is_free and customer and not customer.get("deleted"):
        attach(call.store, card["id"], customer)
    return intent


def _confirmed(call: Call, intent: StripeObject) -> StripeObject:
    """The intent after its card was tried; a refused card is told as an error."""
    if intent["status"] == "requires_action":
        intent = setups.authenticate(call.store, intent)
    else:
        if not intent["payment_method"]:
            raise Refused(
                "You cannot confirm this SetupIntent because it's missing a payment method. You "
                "can either update the SetupIntent with a payment method and then confirm it "
                "again, or confirm it again directly with a payment method.",
                code="setup_intent_unexpected_state",
            )
        card = usable(call.store, intent["payment_method"], intent["customer"])
        intent["_return_url"] = return_address(call.params)
        intent = setups.attempt(call.store, intent, card)
    if intent["status"] == "requires_payment_method":
        raise card_refusal(call.store, "setup_intent", intent)
    return finish(call, intent)


def _apply(call: Call, intent: StripeObject) -> None:
    params = call.params
    intent.update(given(params, ("description",)))
    if "metadata" in params:
        intent["metadata"] = merged_metadata(intent["metadata"], params["metadata"])
    wanted = params.get("payment_method")
    if wanted:
        card = usable(call.store, wanted, intent["customer"])
        intent |= {"payment_method": card["id"], "status": "requires_confirmation"}


def _open(call: Call, id: str, verb: str) -> StripeObject:
    """The intent, unless it has come to an end already."""
    intent = lookup.get(call.store, "setup_intent", id)
    if intent["status"] not in _OPEN:
        raise Refused(
            f"You cannot {verb} this SetupIntent because it has already {intent['status']}.",
            code="setup_intent_unexpected_state",
            setup_intent=presented(call.store, intent),
        )
    return intent
