"""Webhooks: each event is signed and posted to every endpoint that wants it, until it says 2xx.

https://docs.stripe.com/webhooks. What is still to be delivered lies in the store, so a restart
goes on with it. Faults may lose a delivery, repeat it, or let the next one pass it.
"""

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx

from portal.clock import Clock, SystemClock, to_epoch
from portal.sandbox.billing import acknowledgement
from portal.sandbox.events import DELIVERY
from portal.sandbox.faults import Faults
from portal.sandbox.signing import secrets_of, signature
from portal.sandbox.store import Store
from portal.sandbox.thin_events import KIND as THIN
from portal.sandbox.thin_events import notification
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
# With the usual back-off of one second the last attempt comes after nine hours.
_MOST_ATTEMPTS = 16
_TIMEOUT_SECONDS = 20
_AT_ONCE = 16
_log = logging.getLogger(__name__)


class Deliveries:
    """Delivers in the background; `backoff` is the first pause in seconds, each next one twice.

    `on_answer` is called after each attempt. Signatures carry the time of `wall`, by which their
    receiver measures their age, wherever the store's own clock stands.
    """

    def __init__(
        self,
        store: Store,
        backoff: float,
        faults: Faults,
        on_answer: Callable[[], None] = lambda: None,
        wall: Clock | None = None,
    ) -> None:
        self._store = store
        self._backoff = backoff
        self._faults = faults
        self._on_answer = on_answer
        self._wall = wall or SystemClock()
        self._tasks: set[asyncio.Task[None]] = set()
        # Each endpoint has its own, so that one that hangs does not hold up the others.
        self._at_once: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_AT_ONCE)
        )
        # For an endpoint, the event that lets the next one pass.
        self._held: dict[str, asyncio.Event] = {}
        # A proxy of the environment must not come between two programs on this machine, and an
        # endpoint that answers with a redirect has failed.
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
        )

    def start(self) -> None:
        """Go on with what an earlier run left, and deliver what is committed from now on."""
        for delivery in reversed(self._store.every(DELIVERY)):
            self._begin(delivery["id"])
        self._store.after_commit.append(self._hear)

    async def stop(self) -> None:
        """Stop under way; the store keeps what is left."""
        self._store.after_commit.remove(self._hear)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    def _hear(self, events: list[StripeObject]) -> None:
        for event in events:
            for delivery in reversed(self._store.every(DELIVERY, event=event["id"])):
                self._begin(delivery["id"])

    def _begin(self, id: str) -> None:
        task = asyncio.create_task(self._deliver(id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, id: str) -> None:
        while (delivery := self._store.get(DELIVERY, id)) is not None:
            listener, event = self._listener(delivery), self._event(delivery)
            if listener is None or event is None:
                self._settle(delivery)
                return
            if self._faults.strike_webhook("drop", event["type"]):
                self._lose(delivery, event)
                return
            accepted = await self._attempt(event, listener)
            if (delivery := self._store.get(DELIVERY, id)) is None:
                return
            delivery["attempts"] += 1
            if accepted or delivery["attempts"] >= _MOST_ATTEMPTS:
                self._settle(delivery, accepted=accepted)
                return
            self._note_refusal(delivery, event)
            await asyncio.sleep(self._backoff * 2 ** (delivery["attempts"] - 1))

    def _listener(self, delivery: StripeObject) -> StripeObject | None:
        """The endpoint, unless it was deleted or disabled in the meantime."""
        listener = self._store.get(*delivery["_listener"])
        return listener if listener and listener["status"] == "enabled" else None

    def _event(self, delivery: StripeObject) -> StripeObject | None:
        return self._store.get(delivery["_kind"], delivery["event"])

    async def _attempt(self, event: StripeObject, listener: StripeObject) -> bool:
        """Post the event when its turn has come; whether it was accepted."""
        waiting = await self._let_pass(event, listener)
        async with self._at_once[listener["id"]]:
            accepted = await self._post(event, listener)
            if self._faults.strike_webhook("duplicate", event["type"]):
                await self._post(event, listener)
        if waiting is not None:
            waiting.set()
        return accepted

    async def _let_pass(self, event: StripeObject, listener: StripeObject) -> asyncio.Event | None:
        """Hold the event back if the next one is to pass it; whoever waits for this one to pass."""
        waiting = self._held.pop(listener["id"], None)
        fault = self._faults.strike_webhook("reorder", event["type"]) if waiting is None else None
        if fault is None:
            return waiting
        passed = self._held[listener["id"]] = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(fault.seconds):
                await passed.wait()
        if self._held.get(listener["id"]) is passed:
            del self._held[listener["id"]]
        return None

    async def _post(self, event: StripeObject, listener: StripeObject) -> bool:
        body = _body(self._store, event, listener)
        secrets = secrets_of(listener, self._store.now())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, secrets, to_epoch(self._wall.now())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            response = await self._client.post(
                listener.get("url") or listener["_url"], content=body, headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.info("%s did not reach %s: %r", event["type"], listener["id"], error)
            return False
        return response.is_success

    def _settle(self, delivery: StripeObject, *, accepted: bool = False) -> None:
        """Be done with a delivery; a failed one leaves its event undelivered for good."""
        self._store.delete(DELIVERY, delivery["id"])
        event = self._event(delivery)
        if event is not None and event["object"] != THIN:
            if accepted:
                event = self._store.put(event | {"pending_webhooks": event["pending_webhooks"] - 1})
            acknowledgement.note_answers(self._store, event)
        self._store.commit()
        self._on_answer()

    def _note_refusal(self, delivery: StripeObject, event: StripeObject) -> None:
        self._store.put(delivery)
        self._go_on_without(event)

    def _lose(self, delivery: StripeObject, event: StripeObject) -> None:
        """Forget a delivery as if it had gone astray: no answer will ever come."""
        self._store.delete(DELIVERY, delivery["id"])
        self._go_on_without(event)

    def _go_on_without(self, event: StripeObject) -> None:
        """Let what has waited for an answer know that this attempt has brought none."""
        if event["object"] != THIN:
            acknowledgement.note_refusal(self._store, event)
        self._store.commit()
        self._on_answer()


def _body(store: Store, event: StripeObject, listener: StripeObject) -> bytes:
    is_thin = listener.get("event_payload") == "thin" or event["object"] == THIN
    told = notification(event) if is_thin else presented(store, event)
    return json.dumps(told, indent=2).encode()
