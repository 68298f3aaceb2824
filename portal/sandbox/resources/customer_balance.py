"""The balances of customers: https://docs.stripe.com/api/customer_balance_transactions."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.balance import move_balance
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.resources.price_rules import currency
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_KIND = "customer_balance_transaction"
_PATH = "/v1/customers/{id}/balance_transactions"


@routes.post(
    _PATH, "CustomerCreateBalanceTransactionParams", "amount currency description metadata"
)
def create_balance_transaction(call: Call, id: str) -> StripeObject:
    """Give a customer credit by a negative amount, or let them owe more by a positive one."""
    store, params = call.store, call.params
    customer = lookup.get(store, "customer", id)
    return move_balance(
        store,
        id,
        currency(params["currency"]),
        params["amount"],
        "adjustment",
        store.now(customer),
        description=params.get("description") or None,
        metadata=merged_metadata({}, params.get("metadata")),
    )


@routes.get(_PATH, "CustomerListBalanceTransactionsParams", "created invoice")
def list_balance_transactions(call: Call, id: str) -> Listing:
    """The changes of a customer's balance, newest first."""
    lookup.get(call.store, "customer", id)
    asked = call.params
    exact = {"invoice": asked["invoice"]} if "invoice" in asked else {}
    found = (
        one
        for one in call.store.each(_KIND, customer=id, **exact)
        if within(asked.get("created"), one["created"])
    )
    return Listing(found, _KIND)


@routes.get(_PATH + "/{transaction}", "CustomerRetrieveBalanceTransactionParams")
def retrieve_balance_transaction(call: Call, id: str, transaction: str) -> StripeObject:
    """One change of a customer's balance."""
    return _transaction(call.store, id, transaction)


@routes.post(
    _PATH + "/{transaction}", "CustomerModifyBalanceTransactionParams", "description metadata"
)
def update_balance_transaction(call: Call, id: str, transaction: str) -> StripeObject:
    """Describe a change anew; its amount stays."""
    found = _transaction(call.store, id, transaction)
    found.update(given(call.params, ("description",)))
    if "metadata" in call.params:
        found["metadata"] = merged_metadata(found["metadata"], call.params["metadata"])
    return call.store.put(found)


def _transaction(store: Store, customer: str, id: str) -> StripeObject:
    lookup.get(store, "customer", customer)
    found = lookup.get(store, _KIND, id)
    if found["customer"] != customer:
        raise lookup.no_such(_KIND, id)
    return found
