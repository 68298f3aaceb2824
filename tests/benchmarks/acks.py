"""A client that costs little: raw keep-alive connections, requests built and signed beforehand."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from portal.inbox.endpoint import PATH
from portal.stripe_gateway.signature import sign
from tests import stripe_objects
from tests.fixtures.inbox import SECRET, subscription_event

BODY_BYTES = 3_800
_SUBSCRIPTIONS = 500


@dataclass(frozen=True, slots=True)
class Acks:
    """How fast events were answered; times in milliseconds."""

    rate: float
    p50: float
    p99: float


def signed_posts(first: int, count: int, now: datetime) -> list[bytes]:
    """Whole HTTP requests, each an event of its own with a subscription, of BODY_BYTES."""
    posts = []
    for number in range(first, first + count):
        own = f"sub_{number % _SUBSCRIPTIONS}"
        about = stripe_objects.subscription(own, items=_items(own))
        event = subscription_event(f"evt_{number}", own, data={"object": about})
        body = json.dumps(event, indent=1).encode().ljust(BODY_BYTES)
        head = (
            f"POST {PATH} HTTP/1.1\r\nhost: portal\r\ncontent-type: application/json\r\n"
            f"stripe-signature: {sign(body, SECRET, now)}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        posts.append(head.encode() + body)
    return posts


def _items(subscription: str) -> list[stripe_objects.StripeObject]:
    return [
        stripe_objects.subscription_item(
            f"si_{number}", price=stripe_objects.price(), subscription=subscription
        )
        for number in range(3)
    ]


class _Sender(asyncio.Protocol):
    """One connection that sends its next post as soon as the last one is answered."""

    def __init__(self, posts: Iterator[bytes], seconds: list[float]) -> None:
        self._posts = posts
        self._seconds = seconds
        self._received = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b'{"received":true}'):
            self._seconds.append(time.perf_counter() - self._sent_at)
            self._received = b""
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError(self._received.decode()))

    def _send(self) -> None:
        post = next(self._posts, None)
        self._sent_at = time.perf_counter()
        if post is not None:
            self._transport.write(post)
        else:
            self.done.set_result(None)
            self._transport.close()


async def flood(port: int, posts: list[bytes], concurrency: int) -> Acks:
    """Send all posts over so many connections; an answer other than success never ends it well."""
    seconds: list[float] = []
    line = iter(posts)
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    made = [
        await loop.create_connection(lambda: _Sender(line, seconds), "127.0.0.1", port)
        for _ in range(concurrency)
    ]
    await asyncio.wait_for(asyncio.gather(*(sender.done for _, sender in made)), timeout=60)
    spent = time.perf_counter() - started
    ordered = sorted(seconds)
    assert len(ordered) == len(posts)
    p50, p99 = (1000 * ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    return Acks(len(posts) / spent, p50, p99)
