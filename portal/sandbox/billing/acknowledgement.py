"""`invoice.created` is a question: whoever listens must say 2xx before the invoice is finalised.

https://docs.stripe.com/billing/subscriptions/webhooks#invoice-finalization: an invoice waits an
hour from the answer, or from its creation when nobody listens; without an answer at most 72 hours.
"""

from typing import Any

from portal.sandbox.events import DELIVERY, listeners
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_KIND = "sandbox.awaited_answer"
_TYPE = "invoice.created"
_LONGEST_SECONDS = 72 * 3600


def announce(store: Store, invoice: StripeObject) -> StripeObject:
    """Tell of a new invoice that is kept already, and note whose answer it waits for."""
    nobody = not listeners(store, _TYPE)
    invoice = store.put(invoice | {"webhooks_delivered_at": invoice["created"] if nobody else None})
    if not nobody:
        waiting = {"object": _KIND, "id": invoice["id"], "test_clock": invoice["test_clock"]}
        store.put(waiting | {"is_answered": False})
    store.emit(_TYPE, invoice)
    return invoice


def hold_back(store: Store, draft: StripeObject) -> bool:
    """Whether a draft that is due must go on waiting; if so it is put off to the last moment."""
    awaited = store.get(_KIND, draft["id"])
    latest = draft["created"] + _LONGEST_SECONDS
    if awaited is None or draft["_due_at"] >= latest:
        return False
    store.put(awaited | {"grace": draft["automatically_finalizes_at"] - draft["created"]})
    store.put(_moved(draft, latest))
    return True


def awaits_first_answer(store: Store, clock_id: str | None) -> bool:
    """Whether the question of some invoice on a clock is still on its way."""
    asked = store.look_each(_KIND, test_clock=clock_id)
    return any(not awaited["is_answered"] for awaited in asked)


def note_refusal(store: Store, event: StripeObject) -> None:
    """Somebody said no, or nothing; they will be asked again."""
    awaited = store.get(_KIND, _subject(event))
    if awaited is not None and not awaited["is_answered"]:
        store.put(awaited | {"is_answered": True})


def note_answers(store: Store, event: StripeObject) -> None:
    """Let the invoice go on if everybody has answered, or will not be asked any more."""
    awaited = store.get(_KIND, _subject(event))
    if awaited is None or any(store.look_each(DELIVERY, event=event["id"])):
        return
    store.delete(_KIND, awaited["id"])
    invoice = store.get("invoice", awaited["id"])
    if invoice is None:
        return
    now = max(store.now(invoice["customer"]), invoice["created"])
    if event["pending_webhooks"] == 0:
        invoice = store.put(invoice | {"webhooks_delivered_at": now})
    if invoice["status"] == "draft" and invoice["automatically_finalizes_at"] is not None:
        planned = invoice["automatically_finalizes_at"] - invoice["created"]
        grace = awaited.get("grace", planned)
        store.put(_moved(invoice, _finalizes_at(invoice, now, grace)))


def _finalizes_at(invoice: StripeObject, now: int, grace: int) -> int:
    """The grace begins with the answer; one made by hand has a moment of its own to keep."""
    if invoice["billing_reason"] == "manual":
        return max(now, int(invoice["created"]) + grace)
    return min(now + grace, int(invoice["created"]) + max(grace, _LONGEST_SECONDS))


def _moved(draft: StripeObject, finalizes_at: int) -> StripeObject:
    """The draft with the moment at which it is finalised, and tried, moved."""
    later = finalizes_at - draft["automatically_finalizes_at"]
    tried_at = draft["next_payment_attempt"]
    return draft | {
        "automatically_finalizes_at": finalizes_at,
        "next_payment_attempt": None if tried_at is None else tried_at + later,
        "_due_at": finalizes_at,
    }


def _subject(event: StripeObject) -> str:
    """The invoice that an event asks about; no id when it asks nothing."""
    return str(event["data"]["object"]["id"]) if event["type"] == _TYPE else ""
