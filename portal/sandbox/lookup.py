"""Finding an object by its id, or saying no as Stripe does: 404 in the path, 400 in the body."""

from typing import Any

from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

_NOUNS = {
    "billing.credit_balance_transaction": "credit balance transaction",
    "billing.credit_grant": "credit grant",
    "billing.meter": "billing meter",
    "credit_note": "credit note",
    "customer_balance_transaction": "customer balance transaction",
    "invoiceitem": "Invoice Item",
    "payment_method": "PaymentMethod",
    "promotion_code": "promotion code",
    "tax_rate": "tax rate",
    "test_helpers.test_clock": "test clock",
    "v2.core.event_destination": "event destination",
    "webhook_endpoint": "webhook endpoint",
}
# What Stripe calls the id in the path, where it does not call it `id`.
_PATH_PARAMS = {
    "payment_intent": "intent",
    "payment_method": "payment_method",
    "setup_intent": "intent",
}
_ELSEWHERE = (
    "; It's possible this PaymentMethod exists on one of your connected accounts, in which case "
    "you should retry this request on that connected account. Learn more at "
    "https://stripe.com/docs/connect/authentication"
)


def get(store: Store, kind: str, id: str, *, path_param: str | None = None) -> dict[str, Any]:
    """The object that the path names; a deleted one counts as missing.

    `path_param` is what Stripe calls the id here, where that differs from its other endpoints.
    """
    found = store.get(kind, id)
    if found is None or found.get("deleted"):
        raise no_such(kind, id, path_param=path_param)
    return found


def named(store: Store, kind: str, id: str, param: str) -> dict[str, Any]:
    """The object that the parameter `param` names; a deleted one counts as missing."""
    found = store.get(kind, id)
    if found is None or found.get("deleted"):
        raise no_such(kind, id, param=param)
    return found


def check_filter(store: Store, kind: str, params: dict[str, Any]) -> None:
    """Refuse a list's filter, named like the kind, whose id was never given to anything."""
    if kind in params and store.get(kind, params[kind]) is None:
        raise no_such(kind, params[kind], param=kind)


def no_such(
    kind: str, id: str, *, param: str | None = None, path_param: str | None = None
) -> Refused:
    """Nothing has this id: 404 when it stood in the path, 400 when `param` held it."""
    more = _ELSEWHERE if kind == "payment_method" else ""
    return Refused(
        f"No such {_NOUNS.get(kind, kind)}: '{id}'{more}",
        status=404 if param is None else 400,
        code="resource_missing",
        param=param or path_param or _PATH_PARAMS.get(kind, "id"),
    )
