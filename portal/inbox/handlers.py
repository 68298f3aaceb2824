"""From an event to the mirrored object that must be read again: pure, and only by the ids in it.

An event says *that* something changed; what, is read from Stripe. So the word that matters is the
object's own ("subscription"), not the event's type, and types that Stripe adds later work at once.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from portal.records.stripe_events import USAGE

# Ids go into keys and text columns: whatever does not look like an id is not one.
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,255}")
_PREVIEW = "upcoming_in"


class Concerned(NamedTuple):
    """A mirrored object by its kind, the word of the gateway's `retrieve`, and its id."""

    kind: str
    id: str


_Handler = Callable[[Mapping[str, Any]], Concerned | None]


def concerned(event: Mapping[str, Any]) -> Concerned | None:
    """The object to read again after this event, thin or with a snapshot; None if there is none."""
    about = _related(event) if event.get("object") == "v2.core.event" else _snapshot(event)
    handler = _HANDLERS.get(str(about.get("object")))
    return handler(about) if handler else None


def _snapshot(event: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = event.get("data")
    about = inner.get("object") if isinstance(inner, Mapping) else None
    return about if isinstance(about, Mapping) else {}


def _related(event: Mapping[str, Any]) -> Mapping[str, Any]:
    # A thin event names its object and carries nothing of it
    # (https://docs.stripe.com/event-destinations#thin-events).
    related = event.get("related_object")
    if not isinstance(related, Mapping):
        return {}
    return {"object": related.get("type"), "id": related.get("id")}


def _itself(kind: str) -> _Handler:
    return lambda about: _named(kind, about.get("id"))


def _its(field: str, kind: str) -> _Handler:
    return lambda about: _named(kind, about.get(field))


def _invoice(about: Mapping[str, Any]) -> Concerned | None:
    # What `invoice.upcoming` carries is a preview: it has no id that could be read.
    if str(about.get("id") or _PREVIEW).startswith(_PREVIEW):
        return _named(USAGE, about.get("customer"))
    return _named("invoice", about["id"])


def _named(kind: str, reference: object) -> Concerned | None:
    if isinstance(reference, Mapping):
        reference = reference.get("id")
    if isinstance(reference, str) and _ID.fullmatch(reference):
        return Concerned(kind, reference)
    return None


_HANDLERS: dict[str, _Handler] = {
    "billing.alert_triggered": _its("customer", USAGE),
    "billing.credit_grant": _its("customer", USAGE),
    "billing.meter": _itself("meter"),
    "checkout.session": _its("customer", "customer"),
    "credit_note": _its("invoice", "invoice"),
    "customer": _itself("customer"),
    "discount": _its("customer", USAGE),
    "invoice": _invoice,
    "invoice_payment": _its("invoice", "invoice"),
    "invoiceitem": _its("customer", USAGE),
    "payment_method": _itself("payment_method"),
    "price": _itself("price"),
    "product": _itself("product"),
    "setup_intent": _its("payment_method", "payment_method"),
    "subscription": _itself("subscription"),
    # What it plans is on the next invoice; the subscription is read with the usage.
    "subscription_schedule": _its("customer", USAGE),
    "tax_id": _its("customer", USAGE),
    "test_helpers.test_clock": _itself("test_clock"),
}
