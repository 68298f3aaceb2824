"""The vendor's balance, movement by movement: https://docs.stripe.com/api/balance_transactions."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.fields import given
from portal.sandbox.http.paging import Listing, within
from portal.sandbox.routes import Call, Routes

StripeObject = dict[str, Any]
routes = Routes()


@routes.get(
    "/v1/balance_transactions", "BalanceTransactionListParams", "created currency source type"
)
def list_balance_transactions(call: Call) -> Listing:
    """What came and went, newest first."""
    exact = given(call.params, ("currency", "source", "type"))
    found = (
        moved
        for moved in call.store.each("balance_transaction", **exact)
        if within(call.params.get("created"), moved["created"])
    )
    return Listing(found, "balance_transaction")


@routes.get("/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams")
def retrieve_balance_transaction(call: Call, id: str) -> StripeObject:
    """One movement."""
    return lookup.get(call.store, "balance_transaction", id)
