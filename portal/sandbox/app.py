"""The sandbox as a running thing: its parts put together, served over HTTP, kept going.

Every piece of work, be it a request, the billing cycle's tick or a test clock's advance, runs on
one event loop without interruption and ends in a commit or a rollback.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from portal.sandbox.answering import Answering
from portal.sandbox.billing.cycles import run_due
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.delivery import Deliveries
from portal.sandbox.rate_limit import Limiter, RateLimit
from portal.sandbox.requests import Request
from portal.sandbox.resources.test_clocks import resume_advance
from portal.sandbox.serving import serve_http
from portal.sandbox.store import Store

Message = MutableMapping[str, Any]
_TICK_SECONDS = 1.0
_TIMER_SLACK_SECONDS = 0.01
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be chosen when the sandbox is started; times in seconds."""

    port: int = 8420
    empty: bool = False
    data: Path | None = None
    meter_lag: float = 0.2
    grace: float = 3600
    webhook_backoff: float = 1
    rate_limit: RateLimit = RateLimit.OFF
    customers: int = 0
    seed: int | None = None


class Sandbox:
    """Store, usage, answers and deliveries, and the ASGI application in front of them."""

    def __init__(self, options: Options) -> None:
        self.store = Store(file=options.data, seed=options.seed)
        self.store.address = f"http://127.0.0.1:{options.port}"
        self.ledger = UsageLedger(
            self.store, timedelta(seconds=options.meter_lag), timedelta(seconds=options.grace)
        )
        self.answering = Answering(
            self.store, self.ledger, Limiter(options.rate_limit, time.monotonic)
        )
        self.deliveries = Deliveries(self.store, options.webhook_backoff)
        # A test clock moves once the usage that was sent before it counts.
        self._settling_seconds = options.meter_lag + _TIMER_SLACK_SECONDS

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one HTTP request (https://asgi.readthedocs.io)."""
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        query, body = scope["query_string"].decode("latin-1"), await _body(receive)
        request = Request(scope["method"], scope["path"], query, headers, body)
        answer = self.answering.answer(request)
        for work in answer.afterwards:
            asyncio.get_running_loop().call_later(self._settling_seconds, self.do, work)
        sent = {"Content-Type": "application/json", **answer.headers}
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(name.lower().encode(), text.encode()) for name, text in sent.items()],
            }
        )
        await send({"type": "http.response.body", "body": answer.body.encode()})

    def do(self, work: Callable[[], None]) -> None:
        """Do a piece of work that no request asked for: all of it, or nothing and a log line."""
        try:
            work()
            self.store.commit()
        except Exception:
            _log.exception("work in the background failed")
            self.store.rollback()

    async def tick(self) -> None:
        """Let the billing cycle look, once a second, at what has fallen due on the real clock."""
        while True:
            self.do(lambda: run_due(self.store, self.ledger, self.store.now(), None))
            await asyncio.sleep(_TICK_SECONDS)

    def resume(self) -> None:
        """Finish the test clocks that an earlier run left on their way, and its deliveries."""
        for clock in self.store.every("test_helpers.test_clock", status="advancing"):
            self.do(partial(resume_advance, self.store, self.ledger, clock["id"]))
        self.deliveries.start()


async def run(options: Options, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the address once it answers."""
    sandbox = Sandbox(options)
    stopped = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stopped.set)
    background = _demo(sandbox, options)
    sandbox.resume()
    tasks = [asyncio.create_task(sandbox.tick()), *map(asyncio.create_task, background)]
    async with serve_http(sandbox, options.port):
        ready(sandbox.store.address)
        await stopped.wait()
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await sandbox.deliveries.stop()
    sandbox.store.close()


def _demo(sandbox: Sandbox, options: Options) -> list[Coroutine[Any, Any, None]]:
    """Make the demo company in an empty store; what is given back keeps it alive."""
    return []


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
