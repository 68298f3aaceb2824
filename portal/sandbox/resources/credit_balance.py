"""What is left of a customer's billing credits, and every change of it.

https://docs.stripe.com/api/billing/credit-balance-summary and
https://docs.stripe.com/api/billing/credit-balance-transaction
"""

from collections.abc import Callable, Mapping
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.credits import TRANSACTION, reserved
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import Refused
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
_GRANT = "billing.credit_grant"


@routes.get(
    "/v1/billing/credit_balance_summary",
    "billing.CreditBalanceSummaryRetrieveParams",
    "customer filter",
)
def retrieve_credit_balance_summary(call: Call) -> StripeObject:
    """The customer's credit, by currency, of one grant or of those that are for certain prices.

    The ledger holds what was granted and not used; what drafts are about to use is available no
    more. Credit that is not effective yet is in neither.
    """
    store, params = call.store, call.params
    if "customer" not in params:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = lookup.named(store, "customer", params["customer"], "customer")
    wanted = _filter(store, customer["id"], params["filter"])
    return {
        "object": "billing.credit_balance_summary",
        "balances": _balances(store, customer, wanted),
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
    }


@routes.get(
    "/v1/billing/credit_balance_transactions",
    "billing.CreditBalanceTransactionListParams",
    "credit_grant customer",
)
def list_credit_balance_transactions(call: Call) -> Listing:
    """Changes of a customer's credit, newest first."""
    asked = call.params
    lookup.check_filter(call.store, "customer", asked)
    if "credit_grant" in asked:
        lookup.named(call.store, _GRANT, asked["credit_grant"], "credit_grant")
    names = {"customer": "_customer", "credit_grant": "credit_grant"}
    exact = {stored: asked[name] for name, stored in names.items() if name in asked}
    return Listing(call.store.each(TRANSACTION, **exact), TRANSACTION)


@routes.get(
    "/v1/billing/credit_balance_transactions/{id}",
    "billing.CreditBalanceTransactionRetrieveParams",
)
def retrieve_credit_balance_transaction(call: Call, id: str) -> StripeObject:
    """One change of a customer's credit."""
    return lookup.get(call.store, TRANSACTION, id)


Wanted = Callable[[Mapping[str, Any]], bool]


def _filter(store: Store, customer: str, asked: StripeObject) -> Wanted:
    if asked["type"] == "credit_grant":
        id = _required(asked, "credit_grant")
        grant = lookup.named(store, _GRANT, id, "filter[credit_grant]")
        if grant["customer"] != customer:
            raise lookup.no_such(_GRANT, id, param="filter[credit_grant]")
        return lambda one: bool(one["id"] == id)
    scope = _required(asked, "applicability_scope")
    if "prices" not in scope:
        return lambda one: "price_type" in one["applicability_config"]["scope"]
    prices = {price["id"] for price in scope["prices"]}
    return lambda one: _is_for(one["applicability_config"]["scope"], prices)


def _required(asked: StripeObject, name: str) -> Any:
    if name not in asked:
        param = f"filter[{name}]"
        raise Refused(f"Missing required param: {param}.", code="parameter_missing", param=param)
    return asked[name]


def _is_for(scope: StripeObject, prices: set[str]) -> bool:
    return prices <= {price["id"] for price in scope.get("prices", ())}


def _balances(store: Store, customer: StripeObject, wanted: Wanted) -> list[StripeObject]:
    now, held = store.now(customer), reserved(store, customer["id"])
    sums: dict[str, list[int]] = {}
    for grant in store.look_each(_GRANT, customer=customer["id"]):
        if wanted(grant) and grant["effective_at"] <= now:
            of_currency = sums.setdefault(grant["amount"]["monetary"]["currency"], [0, 0])
            of_currency[0] += max(0, grant["_left"] - held.get(grant["id"], 0))
            of_currency[1] += grant["_left"]
    return [
        {
            "available_balance": _monetary(currency, available),
            "ledger_balance": _monetary(currency, ledger),
        }
        for currency, (available, ledger) in sums.items()
    ]


def _monetary(currency: str, value: int) -> StripeObject:
    return {"monetary": {"currency": currency, "value": value}, "type": "monetary"}
