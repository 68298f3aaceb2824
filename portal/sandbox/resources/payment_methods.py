"""Payment methods: https://docs.stripe.com/api/payment_methods.

Stripe's test cards can be attached and charged; methods of other kinds can only be made.
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.fields import ADDRESS, given, group, merged_metadata
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.cards import card_behind
from portal.sandbox.resources.other_methods import (
    OTHER_KINDS,
    check_kind,
    details_of,
    is_other,
    require_card,
)
from portal.sandbox.resources.payment_method_shape import (
    asked_card,
    method_of_kind,
    new_payment_method,
)
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_CHANGEABLE = "allow_redisplay billing_details card.exp_month card.exp_year metadata"


@routes.post(
    "/v1/payment_methods",
    "PaymentMethodCreateParams",
    "allow_redisplay billing_details card.cvc card.exp_month card.exp_year card.number card.token "
    f"metadata type {OTHER_KINDS}",
)
def create_payment_method(call: Call) -> StripeObject:
    """Make a card from a test number or from a token such as `tok_visa`, or another method."""
    params = call.params
    kind = str(params.get("type", ""))
    check_kind(kind, params)
    if kind == "card":
        made = new_payment_method(call.store, asked_card(params.get("card", {})))
    elif is_other(kind):
        made = method_of_kind(call.store, kind, details_of(kind, params))
    else:
        raise NotSupported("This sandbox makes no payment methods of this type.", param="type")
    _apply(made, params)
    return call.store.put(made)


@routes.get("/v1/payment_methods", "PaymentMethodListParams", "allow_redisplay customer type")
def list_payment_methods(call: Call) -> Listing:
    """A customer's payment methods, newest first."""
    customer = call.params.get("customer")
    if customer is None:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    lookup.named(call.store, "customer", customer, "customer")
    return _listing(call, customer)


@routes.get(
    "/v1/customers/{id}/payment_methods",
    "CustomerPaymentMethodListParams",
    "allow_redisplay type",
)
def list_customer_payment_methods(call: Call, id: str) -> Listing:
    """A customer's payment methods, newest first."""
    lookup.get(call.store, "customer", id)
    return _listing(call, id)


@routes.get("/v1/customers/{customer}/payment_methods/{id}", "CustomerPaymentMethodRetrieveParams")
def retrieve_customer_payment_method(call: Call, customer: str, id: str) -> StripeObject:
    """One of the customer's payment methods."""
    lookup.get(call.store, "customer", customer)
    found = lookup.get(call.store, "payment_method", id)
    if found["customer"] != customer:
        raise lookup.no_such("payment_method", id)
    return found


@routes.get("/v1/payment_methods/{id}", "PaymentMethodRetrieveParams")
def retrieve_payment_method(call: Call, id: str) -> StripeObject:
    """The payment method; a test token stands for a fresh one."""
    card = card_behind(id)
    return new_payment_method(call.store, card) if card else _get(call.store, id)


@routes.post("/v1/payment_methods/{id}", "PaymentMethodUpdateParams", _CHANGEABLE)
def update_payment_method(call: Call, id: str) -> StripeObject:
    """Change what the request names and leave the rest."""
    found = _get(call.store, id)
    _apply(found, call.params)
    return save_change(call.store, "payment_method.updated", found)


@routes.post("/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams", "customer")
def attach_payment_method(call: Call, id: str) -> StripeObject:
    """Attach to a customer; a test token is first made into a payment method of its own."""
    wanted = call.params.get("customer")
    if wanted is None:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = lookup.named(call.store, "customer", wanted, "customer")
    return attach(call.store, id, customer)


@routes.post("/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams")
def detach_payment_method(call: Call, id: str) -> StripeObject:
    """Detach for good; it stops being anyone's default."""
    found = _get(call.store, id)
    if found["customer"] is None:
        raise Refused(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    return detach(call.store, found)


def usable(store: Store, id: str, customer: str | None) -> StripeObject:
    """The payment method that a payment is to use: the customer's, nobody's, or a test token's."""
    card = card_behind(id)
    if card is not None:
        return store.put(new_payment_method(store, card))
    found = lookup.named(store, "payment_method", id, "payment_method")
    if found["customer"] not in (None, customer):
        raise Refused(
            f"The PaymentMethod {id} does not belong to the Customer {customer}. Please use this "
            "PaymentMethod with the Customer that it belongs to instead."
            if customer
            else f"The provided PaymentMethod {id} belongs to a Customer. Please include the "
            "Customer in the `customer` parameter.",
            param="payment_method",
        )
    require_card(found, "payment_method")
    if found["_detached"]:
        raise _used_up()
    return found


def attach(store: Store, id: str, customer: StripeObject, param: str | None = None) -> StripeObject:
    """Attach the payment method, or a fresh one of a test token; a declined card is refused."""
    card = card_behind(id)
    found = new_payment_method(store, card) if card else _get(store, id, param)
    require_card(found, param or "payment_method")
    if found["_refused"] is not None:
        raise declined(found["_refused"])
    if found["customer"] not in (None, customer["id"]):
        raise Refused("The payment method you provided has already been attached to a customer.")
    if found["_detached"]:
        raise _used_up()
    found["customer"] = customer["id"]
    store.put(found)
    store.emit("payment_method.attached", found)
    return found


def detach(store: Store, payment_method: StripeObject) -> StripeObject:
    """Take the payment method off its customer and off everything that has it as default."""
    id, owner = payment_method["id"], payment_method["customer"]
    customer = store.get("customer", owner)
    if customer and customer["invoice_settings"]["default_payment_method"] == id:
        customer["invoice_settings"]["default_payment_method"] = None
        save_change(store, "customer.updated", customer)
    for subscription in store.every("subscription", customer=owner):
        if subscription["default_payment_method"] == id:
            subscription["default_payment_method"] = None
            save_change(store, "customer.subscription.updated", subscription)
    payment_method |= {"customer": None, "_detached": True}
    store.put(payment_method)
    store.emit("payment_method.detached", payment_method, {"customer": owner})
    return payment_method


def declined(reason: StripeObject) -> Refused:
    """The refusal of a card: https://docs.stripe.com/error-codes#card-declined."""
    return Refused(**reason, status=402, type="card_error", param="", decided=True)


def _used_up() -> Refused:
    return Refused(
        "This PaymentMethod was previously used without being attached to a Customer or was "
        "detached from a Customer, and may not be used again."
    )


def _get(store: Store, id: str, param: str | None = None) -> StripeObject:
    if param is None:
        return lookup.get(store, "payment_method", id)
    return lookup.named(store, "payment_method", id, param)


def _listing(call: Call, customer: str) -> Listing:
    shown, kind = call.params.get("allow_redisplay"), call.params.get("type")
    found = (
        one
        for one in call.store.each("payment_method", customer=customer)
        if shown in (None, one["allow_redisplay"]) and kind in (None, one["type"])
    )
    return Listing(found, "payment_method")


def _apply(payment_method: StripeObject, params: StripeObject) -> None:
    payment_method.update(given(params, ("allow_redisplay",)))
    asked = params.get("card", {})
    if asked:
        require_card(payment_method, "card")
        _check_expiry(asked)
        payment_method["card"].update(given(asked, ("exp_month", "exp_year")))
    if "metadata" in params:
        known = payment_method["metadata"]
        payment_method["metadata"] = merged_metadata(known, params["metadata"])
    details = params.get("billing_details", {})
    payment_method["billing_details"].update(given(details, ("email", "name", "phone", "tax_id")))
    if details.get("address"):
        payment_method["billing_details"]["address"] = group(details["address"], ADDRESS)


def _check_expiry(card: StripeObject) -> None:
    """https://docs.stripe.com/error-codes#invalid-expiry-month."""
    for name, word, bounds in (("exp_month", "month", (1, 12)), ("exp_year", "year", (1970, 2100))):
        if name in card and not bounds[0] <= card[name] <= bounds[1]:
            raise Refused(
                f"Your card's expiration {word} is invalid.",
                status=402,
                type="card_error",
                code=f"invalid_expiry_{word}",
                param=name,
            )
