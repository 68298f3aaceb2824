"""The worker: reads each marked object of Stripe's again and applies it, one read at a time each.

However many events came and in whatever order, the last read of an object begins after its last
event was kept, and only such a read clears the mark. So nothing is left stale, and a burst on one
object costs one or two reads.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

from portal import work_queue
from portal.changes import Changes
from portal.clock import Clock
from portal.database import Database, Session, is_unavailable
from portal.errors import Misconfigured, StripeUnavailable
from portal.inbox.failure_text import failure_text
from portal.inbox.handlers import Concerned
from portal.inbox.reread import announce, queue_what_follows, read_again
from portal.mirror.applied import Outcome
from portal.mirror.apply import Facts, apply
from portal.records import stripe_events
from portal.records.stripe_events import STRIPE_OBJECTS
from portal.stripe_gateway.client import Gateway
from portal.work_queue import LEASE_SECONDS, Claim

IN_PARALLEL = 8
POLL_SECONDS = 0.5

_log = logging.getLogger(__name__)


class InboxWorker:
    """Works on the queue STRIPE_OBJECTS; several may, in one process or many."""

    def __init__(
        self, gateway: Gateway, database: Database, changes: Changes, clock: Clock
    ) -> None:
        self._gateway = gateway
        self._database = database
        self._changes = changes
        self._clock = clock
        self._bell = asyncio.Event()

    def wake(self) -> None:
        """Look at the queue now; without it a new mark is noticed within POLL_SECONDS."""
        self._bell.set()

    async def run(self) -> None:
        """Work until cancelled; what is being read then is left to its lease."""
        running: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._bell.clear()
                for held in await self._claim(IN_PARALLEL - len(running)):
                    task = tasks.create_task(self._handle(held))
                    running.add(task)
                    task.add_done_callback(running.discard)
                    task.add_done_callback(lambda _: self.wake())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), POLL_SECONDS)

    async def drain(self) -> None:
        """Handle everything that is due, and what becomes due by that; then return."""
        while claims := await self._claim(IN_PARALLEL):
            await asyncio.gather(*map(self._handle, claims))

    async def _claim(self, limit: int) -> list[Claim]:
        """Up to `limit` due items; none, and a line in the log, when the queue cannot be read."""
        now = self._clock.now()
        try:
            async with self._database.reading() as session:
                if not limit or not await work_queue.has_due(session, STRIPE_OBJECTS, now):
                    return []
            async with self._database.transaction() as session:
                return await work_queue.claim(session, STRIPE_OBJECTS, now, limit)
        except Exception as error:
            _log.error("the queue cannot be read: %s", failure_text(error))
            return []

    async def _handle(self, held: Claim) -> None:
        about = Concerned(*held.key.split("/", 1))
        try:
            read = read_again(self._gateway, self._database, about)
            facts = await self._while_leased(held, read)
            async with self._database.transaction() as session:
                await self._apply(session, held, about, facts)
        except Exception as error:
            await self._give_back(held, about, error)

    async def _while_leased(self, held: Claim, read: Coroutine[Any, Any, Facts]) -> Facts:
        """Await the read, however long it takes, and keep the claim meanwhile."""
        reading = asyncio.ensure_future(read)
        try:
            while not (await asyncio.wait({reading}, timeout=LEASE_SECONDS / 3))[0]:
                async with self._database.transaction() as session:
                    await work_queue.extend(session, held, self._clock.now())
            return reading.result()
        finally:
            reading.cancel()

    async def _apply(self, session: Session, held: Claim, about: Concerned, facts: Facts) -> None:
        now = self._clock.now()
        applied = await apply(session, facts)
        if applied.outcome is Outcome.STALE:
            # A read that began later is there already. If clocks are right it saw all that this
            # one could; reading once more costs less than relying on that.
            await work_queue.postpone(session, held, None, now)
            finished = False
        else:
            finished = await work_queue.finish(session, held)
        # From here on in the writer's order, marks before events, so that none waits for the other.
        await queue_what_follows(session, about, applied, now)
        if finished:
            await stripe_events.settle(session, about.kind, about.id, now)
        await announce(session, self._changes, applied)

    async def _give_back(self, held: Claim, about: Concerned, error: Exception) -> None:
        """Note the failure; one that is not the object's own never parks it."""
        text = failure_text(error)
        _log.warning("%s was not applied: %s", held.key, text)
        now = self._clock.now()
        try:
            async with self._database.transaction() as session:
                if _is_passing(error):
                    await work_queue.postpone(session, held, text, now)
                elif await work_queue.fail(session, held, text, now):
                    await stripe_events.park(session, about.kind, about.id, text, now)
        except Exception as second:
            _log.error("%s is left to its lease: %s", held.key, failure_text(second))


def _is_passing(error: Exception) -> bool:
    """Whether every object fails like this for now: Stripe or the database away, a key rolled."""
    return isinstance(error, StripeUnavailable | Misconfigured) or is_unavailable(error)
