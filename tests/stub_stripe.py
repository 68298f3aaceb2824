"""A Stripe that only answers reads: over real HTTP, as slowly, wrongly and late as a test wants.

What it answers is the object as it was when the request arrived, however late the answer goes out:
the sharpest form of what a busy server may do.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.stripe_objects import StripeObject, stripe_list

_REFUSAL = {"type": "invalid_request_error", "message": "No such object."}


@dataclass
class StubStripe:
    """Objects by their path, such as /v1/invoices/in_1, and how it goes when one is asked for."""

    objects: dict[str, StripeObject] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    delay_seconds: Callable[[], float] = lambda: 0.0
    in_flight: Counter[str] = field(default_factory=Counter)
    most_in_flight: Counter[str] = field(default_factory=Counter)
    arrivals: dict[str, asyncio.Event] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def holds(self, collection: str, *objects: StripeObject) -> None:
        """Let it have these objects, say in "subscriptions"; those of the same id are replaced."""
        self.objects.update({f"/v1/{collection}/{one['id']}": one for one in objects})

    async def answer(self, path: str) -> tuple[int, bytes]:
        """The status and body for a path: now what they are, later when they leave."""
        self.reads[path] += 1
        status, body = self._snapshot(path)
        self.in_flight[path] += 1
        self.most_in_flight[path] = max(self.most_in_flight[path], self.in_flight[path])
        self._asked(path).set()
        await asyncio.sleep(self.delay_seconds())
        if path in self.gates:
            await self.gates[path].wait()
        self.in_flight[path] -= 1
        return status, body

    async def until_asked(self, path: str) -> None:
        """Return once a request for the path has arrived."""
        await self._asked(path).wait()

    def _asked(self, path: str) -> asyncio.Event:
        return self.arrivals.setdefault(path, asyncio.Event())

    def _snapshot(self, path: str) -> tuple[int, bytes]:
        if path in self.failures:
            return self.failures[path], json.dumps({"error": {"message": "Out of order."}}).encode()
        if path in self.objects:
            return 200, json.dumps(self.objects[path]).encode()
        if path.count("/") == 2:  # a collection
            return 200, json.dumps(stripe_list([])).encode()
        return 404, json.dumps({"error": {**_REFUSAL, "code": "resource_missing"}}).encode()


async def _serve(stub: StubStripe, reader: asyncio.StreamReader, writer: Any) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1].decode().partition("?")[0]
            status, body = await stub.answer(path)
            writer.write(
                b"HTTP/1.1 %d OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                % (status, len(body))
            )
            writer.write(body)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        pass  # the other side, or the test, has ended
    finally:
        writer.close()


@asynccontextmanager
async def stub_stripe() -> AsyncIterator[StubStripe]:
    """A stub on a port of its own, in the test's own event loop."""
    stub = StubStripe()
    open_connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_connections.add(task)
        task.add_done_callback(open_connections.discard)
        await _serve(stub, reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    stub.port = server.sockets[0].getsockname()[1]
    yield stub
    server.close()
    for task in list(open_connections):
        task.cancel()
    await asyncio.gather(*open_connections, return_exceptions=True)
    await server.wait_closed()
