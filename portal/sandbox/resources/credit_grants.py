"""Billing credit grants: https://docs.stripe.com/api/billing/credit-grant."""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.credits import close_grant, open_grant
from portal.sandbox.events import save_change
from portal.sandbox.fields import merged_metadata
from portal.sandbox.http.paging import Listing
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.price_rules import currency
from portal.sandbox.routes import Call, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
routes = Routes()
KIND = "billing.credit_grant"
_PRIORITY, _LOWEST_PRIORITY = 50, 100
_LONGEST_NAME = 100
# https://docs.stripe.com/billing/subscriptions/usage-based/billing-credits
_MOST_PRICES, _MOST_UNUSED = 20, 100


@routes.post(
    "/v1/billing/credit_grants",
    "billing.CreditGrantCreateParams",
    "amount applicability_config category customer effective_at expires_at metadata name priority",
)
def create_credit_grant(call: Call) -> StripeObject:
    """Grant a customer credit for metered usage."""
    store, params = call.store, call.params
    if "customer" not in params:
        raise Refused(
            "Missing required param: customer.", code="parameter_missing", param="customer"
        )
    customer = lookup.named(store, "customer", params["customer"], "customer")
    now = store.now(customer)
    unused = [one for one in store.look_each(KIND, customer=customer["id"]) if one["_left"]]
    if len(unused) >= _MOST_UNUSED:
        raise Refused(
            f"A customer can have at most {_MOST_UNUSED} unused credit grants.", param="customer"
        )
    grant = {
        "id": store.new_id("credgr_test"),
        "object": KIND,
        "amount": _amount(params["amount"]),
        "applicability_config": {"scope": _scope(store, params["applicability_config"]["scope"])},
        "category": params.get("category", "paid"),
        "created": now,
        "customer": customer["id"],
        "customer_account": None,
        "effective_at": params.get("effective_at", now),
        "expires_at": None,
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "name": _name(params.get("name")),
        "priority": _priority(params.get("priority", _PRIORITY)),
        "test_clock": customer["test_clock"],
        "updated": now,
        "voided_at": None,
    }
    _set_expiry(grant, params.get("expires_at"), now)
    return open_grant(store, grant)


@routes.get("/v1/billing/credit_grants", "billing.CreditGrantListParams", "customer")
def list_credit_grants(call: Call) -> Listing:
    """Credit grants, newest first."""
    lookup.check_filter(call.store, "customer", call.params)
    exact = {"customer": call.params["customer"]} if "customer" in call.params else {}
    return Listing(call.store.each(KIND, **exact), KIND)


@routes.get("/v1/billing/credit_grants/{id}", "billing.CreditGrantRetrieveParams")
def retrieve_credit_grant(call: Call, id: str) -> StripeObject:
    """The credit grant, also when nothing is left of it."""
    return lookup.get(call.store, KIND, id)


@routes.post(
    "/v1/billing/credit_grants/{id}", "billing.CreditGrantUpdateParams", "expires_at metadata"
)
def update_credit_grant(call: Call, id: str) -> StripeObject:
    """Change when the credit expires; an empty text lets it never expire."""
    grant = lookup.get(call.store, KIND, id)
    now = call.store.now(grant["customer"])
    if "expires_at" in call.params:
        _check_open(grant, now, "updated")
        _set_expiry(grant, call.params["expires_at"] or None, now)
    if "metadata" in call.params:
        grant["metadata"] = merged_metadata(grant["metadata"], call.params["metadata"])
    return _saved(call.store, grant, now)


@routes.post("/v1/billing/credit_grants/{id}/expire", "billing.CreditGrantExpireParams")
def expire_credit_grant(call: Call, id: str) -> StripeObject:
    """Let what is left expire now."""
    grant = lookup.get(call.store, KIND, id)
    now = call.store.now(grant["customer"])
    _check_open(grant, now, "expired")
    expired = close_grant(call.store, grant, "credits_expired", now)
    return _saved(call.store, expired | {"expires_at": now}, now)


@routes.post("/v1/billing/credit_grants/{id}/void", "billing.CreditGrantVoidGrantParams")
def void_credit_grant(call: Call, id: str) -> StripeObject:
    """Take a grant back of which nothing has been used."""
    grant = lookup.get(call.store, KIND, id)
    now = call.store.now(grant["customer"])
    _check_open(grant, now, "voided")
    if grant["_left"] != grant["amount"]["monetary"]["value"]:
        raise Refused("This credit grant cannot be voided because some of it has been used.")
    voided = close_grant(call.store, grant, "credits_voided", now)
    return _saved(call.store, voided | {"voided_at": now}, now)


def _saved(store: Store, grant: StripeObject, now: int) -> StripeObject:
    return save_change(store, "billing.credit_grant.updated", grant | {"updated": now})


def _check_open(grant: StripeObject, now: int, word: str) -> None:
    is_expired = grant["expires_at"] is not None and grant["expires_at"] <= now
    if is_expired or grant["voided_at"] is not None:
        state = "expired" if grant["voided_at"] is None else "voided"
        raise Refused(f"This credit grant is {state} and cannot be {word}.")


def _set_expiry(grant: StripeObject, wanted: int | None, now: int) -> None:
    if wanted is not None and wanted <= max(now, grant["effective_at"]):
        raise Refused(
            "`expires_at` must be in the future and after `effective_at`.", param="expires_at"
        )
    grant |= {"expires_at": wanted, "_due_at": wanted}


def _amount(asked: StripeObject) -> StripeObject:
    monetary = asked.get("monetary")
    if monetary is None:
        raise Refused(
            "Missing required param: amount[monetary].",
            code="parameter_missing",
            param="amount[monetary]",
        )
    if monetary["value"] < 1:
        raise Refused("This value must be greater than 0.", param="amount[monetary][value]")
    code = currency(monetary["currency"], "amount[monetary][currency]")
    return {"monetary": {"currency": code, "value": monetary["value"]}, "type": "monetary"}


def _scope(store: Store, asked: StripeObject) -> StripeObject:
    """What the credit is for: every metered price, or the metered prices that are named."""
    param = "applicability_config[scope]"
    if ("price_type" in asked) == ("prices" in asked):
        raise Refused(
            f"You must specify exactly one of {param}[price_type] and {param}[prices].",
            param=param,
        )
    if "price_type" in asked:
        return {"price_type": asked["price_type"]}
    prices = asked["prices"]
    if not 0 < len(prices) <= _MOST_PRICES:
        raise Refused(
            f"You can name between 1 and {_MOST_PRICES} prices.", param=f"{param}[prices]"
        )
    for place, one in enumerate(prices):
        where = f"{param}[prices][{place}][id]"
        price = lookup.named(store, "price", one["id"], where)
        if (price["recurring"] or {}).get("usage_type") != "metered":
            raise Refused("Billing credits only apply to metered prices.", param=where)
    return {"prices": [{"id": one["id"]} for one in prices]}


def _priority(priority: int) -> int:
    if not 0 <= priority <= _LOWEST_PRIORITY:
        raise Refused("The priority must be between 0 and 100.", param="priority")
    return priority


def _name(name: str | None) -> str | None:
    if name is not None and len(name) > _LONGEST_NAME:
        raise Refused(f"Names can be at most {_LONGEST_NAME} characters.", param="name")
    return name or None
