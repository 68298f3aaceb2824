"""Finding an object by its id, or saying no as Stripe does: 404 in the path, 400 in the body."""

from typing import Any

from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

_NOUNS = {
    "billing.meter": "billing meter",
    "payment_method": "PaymentMethod",
    "test_helpers.test_clock": "test clock",
    "v2.core.event_destination": "event destination",
    "webhook_endpoint": "webhook endpoint",
}


def get(store: Store, kind: str, id: str) -> dict[str, Any]:
    """The object that the path names; a deleted one counts as missing."""
    found = store.get(kind, id)
    if found is None or found.get("deleted"):
        raise no_such(kind, id)
    return found


def named(store: Store, kind: str, id: str, param: str) -> dict[str, Any]:
    """The object that the parameter `param` names; a deleted one counts as missing."""
    found = store.get(kind, id)
    if found is None or found.get("deleted"):
        raise no_such(kind, id, param=param)
    return found


def no_such(kind: str, id: str, *, param: str | None = None) -> Refused:
    """Nothing has this id: 404 when it stood in the path, 400 when `param` held it."""
    return Refused(
        f"No such {_NOUNS.get(kind, kind)}: '{id}'",
        status=404 if param is None else 400,
        code="resource_missing",
        param=param or "id",
    )
