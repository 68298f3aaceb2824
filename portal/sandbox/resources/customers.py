"""Customers: https://docs.stripe.com/api/customers."""

import re
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.balance import set_balance
from portal.sandbox.billing.cancellation import cancel_subscription
from portal.sandbox.billing.standing import leave
from portal.sandbox.events import save_change
from portal.sandbox.fields import ADDRESS, given, group, merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.payment_methods import attach, detach
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_TEXTS = ("business_name", "description", "email", "individual_name", "name", "phone", "tax_exempt")
_ACTS_ON = (
    "address balance business_name description email individual_name invoice_prefix "
    "invoice_settings metadata name next_invoice_sequence phone preferred_locales shipping "
    "tax_exempt"
)
# https://docs.stripe.com/api/customers/create
_INVOICE_PREFIX = re.compile("[A-Z0-9]{3,12}")
# https://docs.stripe.com/billing/testing/test-clocks
_MOST_ON_A_TEST_CLOCK = 3


@routes.post("/v1/customers", "CustomerCreateParams", f"{_ACTS_ON} payment_method test_clock")
def create_customer(call: Call) -> StripeObject:
    """Make a customer, on a test clock if one is named."""
    store, params = call.store, call.params
    customer = _new_customer(store, params.get("test_clock"))
    store.put(customer)
    if params.get("payment_method"):
        attached = attach(store, params["payment_method"], customer, "payment_method")
        params = _with_default(params, attached["id"])
    _apply(store, customer, params)
    store.put(customer)
    store.emit("customer.created", customer)
    return customer


@routes.get("/v1/customers", "CustomerListParams", "created email test_clock")
def list_customers(call: Call) -> Listing:
    """Customers, newest first; those on a test clock only when it is named."""
    test_clock, email = call.params.get("test_clock"), call.params.get("email")
    found = (
        customer
        for customer in call.store.each("customer")
        if customer["test_clock"] == test_clock
        and email in (None, customer["email"])
        and within(call.params.get("created"), customer["created"])
    )
    return Listing(found, "customer")


@routes.get("/v1/customers/{id}", "CustomerRetrieveParams")
def retrieve_customer(call: Call, id: str) -> StripeObject:
    """The customer, or the tombstone that deleting left."""
    found = call.store.get("customer", id)
    if found is None:
        raise lookup.no_such("customer", id)
    return found


@routes.post("/v1/customers/{id}", "CustomerUpdateParams", _ACTS_ON)
def update_customer(call: Call, id: str) -> StripeObject:
    """Change what the request names and leave the rest."""
    customer = lookup.get(call.store, "customer", id)
    _apply(call.store, customer, call.params)
    return save_change(call.store, "customer.updated", customer)


@routes.delete("/v1/customers/{id}", "CustomerDeleteParams")
def delete_customer(call: Call, id: str) -> StripeObject:
    """Delete the customer; its subscriptions end at once, a tombstone stays."""
    customer = lookup.get(call.store, "customer", id)
    return remove(call, customer)


def remove(call: Call, customer: StripeObject) -> StripeObject:
    """Delete the customer with what hangs on it, and give its tombstone."""
    store = call.store
    for subscription in store.every("subscription", customer=customer["id"]):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            cancel_subscription(store, call.ledger, subscription, invoice_now=False, prorate=False)
    for invoice in store.every("invoice", customer=customer["id"]):
        leave(store, invoice)
    for payment_method in store.every("payment_method", customer=customer["id"]):
        detach(store, payment_method)
    store.emit("customer.deleted", lookup.get(store, "customer", customer["id"]))
    return store.put({"id": customer["id"], "object": "customer", "deleted": True})


def _new_customer(store: Store, test_clock: str | None) -> StripeObject:
    if test_clock is not None:
        lookup.named(store, "test_helpers.test_clock", test_clock, "test_clock")
        if len(store.every("customer", test_clock=test_clock)) >= _MOST_ON_A_TEST_CLOCK:
            raise Refused(
                f"A test clock can have at most {_MOST_ON_A_TEST_CLOCK} customers.",
                param="test_clock",
            )
    return {
        "id": store.new_id("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "created": store.now({"test_clock": test_clock}),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
        "invoice_prefix": store.ids.letters(8),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": test_clock,
    }


def _with_default(params: StripeObject, attached: str) -> StripeObject:
    """The request with the attached card for its default, where both name one test token."""
    settings = params.get("invoice_settings", {})
    if settings.get("default_payment_method") != params["payment_method"]:
        return params
    return params | {"invoice_settings": settings | {"default_payment_method": attached}}


def _check_numbering(params: StripeObject) -> None:
    """Invoice numbers are made of these two, so both must be there and in order."""
    if not _INVOICE_PREFIX.fullmatch(params.get("invoice_prefix", "ABC")):
        raise Refused(
            "The invoice prefix must be 3 to 12 uppercase letters or numbers.",
            param="invoice_prefix",
        )
    if params.get("next_invoice_sequence", 1) < 1:
        raise Refused(
            "This value must be greater than or equal to 1.", param="next_invoice_sequence"
        )


def _apply(store: Store, customer: StripeObject, params: StripeObject) -> None:
    _check_numbering(params)
    names = (*_TEXTS, "invoice_prefix", "next_invoice_sequence", "preferred_locales")
    customer.update(given(params, names))
    customer["tax_exempt"] = customer["tax_exempt"] or "none"
    if "address" in params:
        customer["address"] = group(params["address"], ADDRESS)
    if "shipping" in params:
        customer["shipping"] = shipping_details(params["shipping"])
    if "metadata" in params:
        customer["metadata"] = merged_metadata(customer["metadata"], params["metadata"])
    _apply_invoice_settings(store, customer, params.get("invoice_settings", {}))
    if "balance" in params:
        customer |= set_balance(store, customer, params["balance"])


def shipping_details(asked: Any) -> StripeObject | None:
    """A shipping address with a name, or None when it was cleared."""
    if asked == "":
        return None
    names = {"name": asked["name"], "phone": asked.get("phone") or None}
    return {"address": group(asked["address"], ADDRESS), **names}


def _apply_invoice_settings(store: Store, customer: StripeObject, asked: StripeObject) -> None:
    settings = customer["invoice_settings"]
    settings.update(given(asked, ("custom_fields", "default_payment_method", "footer")))
    if "rendering_options" in asked:
        names = ("amount_tax_display", "template")
        settings["rendering_options"] = group(asked["rendering_options"], names)
    wanted = asked.get("default_payment_method")
    if wanted:
        check_payment_method(
            store, customer["id"], wanted, "invoice_settings[default_payment_method]"
        )


def check_payment_method(store: Store, customer: str, id: str, param: str) -> None:
    """Refuse a payment method that is not attached to the customer."""
    if lookup.named(store, "payment_method", id, param)["customer"] != customer:
        raise Refused(
            f"The customer does not have a payment method with the ID {id}. The payment method "
            "must be attached to the customer.",
            code="resource_missing",
            param=param,
        )
