"""Webhooks: each event is signed and posted to every endpoint that wants it, until it says 2xx.

https://docs.stripe.com/webhooks. What is still to be delivered lies in the store, so a restart
goes on with it.
"""

import asyncio
import hashlib
import hmac
import json
import logging
from collections import defaultdict
from typing import Any

import httpx

from portal.sandbox.store import Store
from portal.sandbox.thin_events import notification
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
_KIND = "sandbox.delivery"
# With the usual back-off of one second the last attempt comes after nine hours.
_MOST_ATTEMPTS = 16
_TIMEOUT_SECONDS = 20
_AT_ONCE = 16
_log = logging.getLogger(__name__)


class Deliveries:
    """Delivers in the background; `backoff` is the first pause in seconds, each next one twice."""

    def __init__(self, store: Store, backoff: float) -> None:
        self._store = store
        self._backoff = backoff
        self._tasks: set[asyncio.Task[None]] = set()
        # Each endpoint has its own, so that one that hangs does not hold up the others.
        self._at_once: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(_AT_ONCE)
        )
        # A proxy of the environment must not come between two programs on this machine, and an
        # endpoint that answers with a redirect has failed.
        self._client = httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS, trust_env=False, follow_redirects=False
        )

    def start(self) -> None:
        """Go on with what an earlier run left, and deliver what is committed from now on."""
        for delivery in reversed(self._store.every(_KIND)):
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
            for delivery in reversed(self._store.every(_KIND, event=event["id"])):
                self._begin(delivery["id"])

    def _begin(self, id: str) -> None:
        task = asyncio.create_task(self._deliver(id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, id: str) -> None:
        while (delivery := self._store.get(_KIND, id)) is not None:
            listener = self._listener(delivery)
            if listener is None:
                self._settle(delivery)
                return
            async with self._at_once[listener["id"]]:
                accepted = await self._post(delivery, listener)
            delivery["attempts"] += 1
            if accepted or delivery["attempts"] >= _MOST_ATTEMPTS:
                self._settle(delivery, accepted=accepted)
                return
            self._store.put(delivery)
            self._store.commit()
            await asyncio.sleep(self._backoff * 2 ** (delivery["attempts"] - 1))

    def _listener(self, delivery: StripeObject) -> StripeObject | None:
        """The endpoint, unless it was deleted or disabled in the meantime."""
        listener = self._store.get(*delivery["_listener"])
        return listener if listener and listener["status"] == "enabled" else None

    async def _post(self, delivery: StripeObject, listener: StripeObject) -> bool:
        event = self._store.get(delivery.get("_kind", "event"), delivery["event"])
        if event is None:
            return True
        body = _body(self._store, event, listener)
        now = int(self._store.clock.now().timestamp())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, listener["_secret"], now),
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
        self._store.delete(_KIND, delivery["id"])
        event = self._store.get("event", delivery["event"])
        if event is not None and accepted:
            self._store.put(event | {"pending_webhooks": event["pending_webhooks"] - 1})
        self._store.commit()


def signature(body: bytes, secret: str, now: int) -> str:
    """The Stripe-Signature header: https://docs.stripe.com/webhooks/signature."""
    signed = f"{now}.".encode() + body
    return f"t={now},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _body(store: Store, event: StripeObject, listener: StripeObject) -> bytes:
    if listener.get("event_payload") == "thin":
        told = notification(event)
    else:
        told = presented(store, event)
    return json.dumps(told, indent=2).encode()
