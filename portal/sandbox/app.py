"""The sandbox as a running thing: its parts put together, served over HTTP, kept going.

Every piece of work, be it a request, the billing cycle's tick or a test clock's advance, runs on
one event loop without interruption and ends in a commit or a rollback.
"""

import asyncio
import gc
import json
import logging
import signal
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from portal.catalog import load_catalog
from portal.sandbox.account import open_account
from portal.sandbox.answering import Answering
from portal.sandbox.billing.cycles import run_due
from portal.sandbox.billing.meter_errors import report_failures
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.control import PREFIX, Control
from portal.sandbox.delivery import Deliveries
from portal.sandbox.demo.seed import seed
from portal.sandbox.demo.stream import stream_usage
from portal.sandbox.events import forget_old
from portal.sandbox.faults import Faults
from portal.sandbox.hosted.site import HostedSite
from portal.sandbox.http.rate_limit import Limiter, RateLimit
from portal.sandbox.http.request import LARGEST_BODY, Request
from portal.sandbox.http.serving import hang_up, require_free, serve_http
from portal.sandbox.movable_clock import MovableClock
from portal.sandbox.moving import Moving, catch_up
from portal.sandbox.resources.test_clocks import resume_advance
from portal.sandbox.store import Store

_VENDOR = "Sandbox"
Message = MutableMapping[str, Any]
_TICK_SECONDS = 1.0
_TIMER_SLACK_SECONDS = 0.01
# How long a call takes of which no other may be in flight: with none it would never have company.
_IN_FLIGHT_SECONDS = 0.01
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
    catalog: Path = Path("catalog.toml")

    @property
    def demo_seed(self) -> int:
        """The demo is the same company on every machine, unless another seed is wanted."""
        return 1 if self.seed is None else self.seed


class Sandbox:
    """Store, usage, answers and deliveries, and the ASGI application in front of them."""

    def __init__(self, options: Options) -> None:
        seed = options.seed if options.empty else options.demo_seed
        clock, self.faults = MovableClock(), Faults()
        self.store = Store(clock, file=options.data, seed=seed)
        self.store.address = f"http://127.0.0.1:{options.port}"
        self.ledger = UsageLedger(
            self.store, timedelta(seconds=options.meter_lag), timedelta(seconds=options.grace)
        )
        limiter = Limiter(options.rate_limit, time.monotonic)
        self.answering = Answering(self.store, self.ledger, limiter, self.faults)
        moving = Moving(self.store, self.ledger, clock, self.do)
        moving.restore()
        self.control = Control(self.store, clock, self.faults, moving.move_to)
        self.deliveries = Deliveries(
            self.store, options.webhook_backoff, self.faults, moving.note_answer
        )
        self.hosted = HostedSite(self.store, self.ledger)
        # A test clock moves once the usage that was sent before it counts.
        self._settling_seconds = options.meter_lag + _TIMER_SLACK_SECONDS

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one HTTP request (https://asgi.readthedocs.io)."""
        request = await _request(scope, receive)
        if request is None:
            return
        if request.path.startswith(PREFIX):
            status, told = await self.control.answer(request)
            await _send(send, status, {"Content-Type": "application/json"}, _json(told))
            return
        page = self.hosted.answer(request)
        if page is not None:
            await _send(send, page.status, dict(page.headers), page.body)
            return
        answer = self.answering.answer(request)
        for work in answer.afterwards:
            asyncio.get_running_loop().call_later(self._settling_seconds, self.do, work)
        headers = {"Content-Type": "application/json", **answer.headers}
        try:
            if answer.alone_in:
                await asyncio.sleep(_IN_FLIGHT_SECONDS)
            if await self._is_lost(request):
                hang_up(scope["client"])
                return
            await _send(send, answer.status, headers, answer.body.encode())
        finally:
            self.answering.sent(answer)

    async def _is_lost(self, request: Request) -> bool:
        """Keep an answer back as long as a fault wants it; whether another one swallows it."""
        late = self.faults.strike(("latency",), request.method, request.path)
        if late is not None:
            await asyncio.sleep(late.seconds)
        return self.faults.strike(("cut",), request.method, request.path) is not None

    def do(self, work: Callable[[], None]) -> None:
        """Do a piece of work that no request asked for: all of it, or nothing and a log line."""
        try:
            work()
            self.store.commit()
        except Exception:
            _log.exception("work in the background failed")
            self.store.rollback()

    async def tick(self) -> None:
        """Look once a second at what has fallen due, what could not be counted, what is old."""
        while True:
            self.do(lambda: run_due(self.store, self.ledger, self.store.now(), None))
            self.do(lambda: report_failures(self.store))
            self.do(self.ledger.fold)
            self.do(lambda: forget_old(self.store))
            await asyncio.sleep(_TICK_SECONDS)

    def resume(self) -> None:
        """Finish the test clocks that an earlier run left on their way, and its deliveries."""
        for clock in self.store.every("test_helpers.test_clock", status="advancing"):
            self.do(partial(resume_advance, self.store, self.ledger, clock["id"]))
        self.deliveries.start()


async def run(options: Options, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the address once it answers."""
    require_free(options.port)
    sandbox = Sandbox(options)
    # Before the signals are handled, so that a long start can still be broken off.
    _open(sandbox, options)
    stopped = asyncio.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(wanted, stopped.set)
    sandbox.resume()
    async with serve_http(sandbox, options.port):
        tasks = [asyncio.create_task(sandbox.tick())]
        if not options.empty:
            stream = stream_usage(sandbox.store, sandbox.ledger, sandbox.do)
            tasks.append(asyncio.create_task(stream))
        ready(sandbox.store.address)
        await stopped.wait()
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await sandbox.deliveries.stop()
    sandbox.store.close()


def _open(sandbox: Sandbox, options: Options) -> None:
    """Give a fresh store its account, and the demo company unless it is to be empty.

    One that was in use before catches up with the time that has passed meanwhile.
    """
    if not sandbox.store.is_empty:
        sandbox.do(lambda: catch_up(sandbox.store, sandbox.ledger))
        return
    # Almost everything that is made here stays: a search for garbage would only take time, and
    # what is frozen in the end keeps no request waiting for one either.
    gc.disable()
    open_account(sandbox.store, _VENDOR)
    if not options.empty:
        seed(
            sandbox.store,
            sandbox.ledger,
            load_catalog(options.catalog),
            customers=options.customers,
            seed=options.demo_seed,
        )
    sandbox.store.commit()
    gc.freeze()
    gc.enable()


async def _request(scope: Message, receive: Callable[[], Awaitable[Message]]) -> Request | None:
    """The whole request, or None when the client went away before it had sent it."""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query, body, more = scope["query_string"].decode("latin-1"), b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        # What is too large already is not kept while the rest of it comes in.
        if len(body) <= LARGEST_BODY:
            body += message.get("body", b"")
        more = message.get("more_body", False)
    return Request(scope["method"], scope["path"], query, headers, body)


def _json(told: Any) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()


async def _send(
    send: Callable[[Message], Awaitable[None]], status: int, headers: dict[str, str], body: bytes
) -> None:
    sent = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
