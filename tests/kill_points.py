"""The inbox as a process that can die at a named step: `granian --factory tests.kill_points:app`.

KILL_AT names the step, KILL_DATABASE the database and KILL_STRIPE the address of a Stripe to read
from. Without a step nothing is wrapped and the process is the inbox as it always is.
"""

import asyncio
import os
import signal
from inspect import iscoroutinefunction
from typing import Any

from portal import work_queue
from portal.changes import Changes
from portal.clock import SystemClock
from portal.database import Database
from portal.inbox import endpoint, worker
from portal.inbox.endpoint import WebhookEndpoint
from portal.inbox.worker import InboxWorker
from portal.inbox.writer import InboxWriter
from portal.records import stripe_events
from portal.settings import Settings
from portal.stripe_gateway.client import Gateway
from tests.fixtures.inbox import SECRET, answer_not_found

# Each step is over when this function has returned.
STEPS: dict[str, tuple[Any, str]] = {
    "after verify": (endpoint, "verify"),
    "after insert": (stripe_events, "keep"),
    "after commit, before the answer": (InboxWriter, "_commit"),
    "after read, before apply": (worker, "read_again"),
    "after apply, before finish": (worker, "apply"),
    "after finish, before commit": (work_queue, "finish"),
}


def die(*_: object) -> None:
    """End as kill -9 ends a process: without another instruction."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(step: str) -> None:
    """Let this process die as soon as the step is over for the first time."""
    owner, name = STEPS[step]
    original = getattr(owner, name)

    async def wrapped(*arguments: Any, **named: Any) -> Any:
        await original(*arguments, **named)
        die()

    def wrapped_plain(*arguments: Any, **named: Any) -> Any:
        original(*arguments, **named)
        die()

    setattr(owner, name, wrapped if iscoroutinefunction(original) else wrapped_plain)


def app() -> WebhookEndpoint:
    """The endpoint, with its writer and a worker running for as long as the server lives."""
    if os.environ.get("KILL_AT"):
        die_after(os.environ["KILL_AT"])
    settings = Settings(
        _env_file=None,
        stripe_api_key="sk_test_stub",
        stripe_api_base=os.environ["KILL_STRIPE"],
        stripe_reads_per_second=1_000,
    )
    database, clock = Database(os.environ["KILL_DATABASE"]), SystemClock()
    reader = InboxWorker(Gateway(settings, clock), database, Changes(database), clock)
    writer = InboxWriter(database, clock, reader.wake)

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await answer_not_found(scope, receive, send)
            return
        await receive()
        async with writer:
            reading = asyncio.create_task(reader.run())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            reading.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    return WebhookEndpoint(behind, writer, clock, [SECRET], livemode=False)
