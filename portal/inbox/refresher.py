"""The refresher: queues a new read of usage for whoever is due, because Stripe announces none.

Customers with an open page are due every few seconds, the other subscribers once an hour and never
more than a few of them at a time, so that their turn delays no event.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from portal import work_queue
from portal.clock import Clock
from portal.database import Database, Session
from portal.inbox.failure_text import failure_text
from portal.mirror import queries
from portal.records import watched_customers
from portal.records.stripe_events import STRIPE_OBJECTS, USAGE, object_key
from portal.stripe_ids import CustomerId

TICK_SECONDS = 0.5
HOURLY = timedelta(hours=1)
ENROL_SECONDS = 60.0
MOST_UNWATCHED = 4

_log = logging.getLogger(__name__)


class Refresher:
    """Queues reads of usage; `on_marked` is called when it gave the worker something to do."""

    def __init__(
        self, database: Database, clock: Clock, every: timedelta, on_marked: Callable[[], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._every = every
        self._on_marked = on_marked

    async def run(self) -> None:
        """Queue what is due until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(_repeat(self.enrol, ENROL_SECONDS))
            loops.create_task(_repeat(self.refresh_due, TICK_SECONDS))

    async def enrol(self) -> None:
        """Give every customer with a live subscription a turn."""
        async with self._database.transaction() as session:
            subscribed = await queries.list_subscribed_customers(session)
            await watched_customers.enrol(session, subscribed)

    async def refresh_due(self) -> None:
        """Queue the usage of everybody who is due now and has a live subscription."""
        async with self._database.reading() as session:
            due = await self._due(session)
            if not due:
                return
            subscribed = set(await queries.list_subscribed_customers(session))
        keys = [object_key(USAGE, one) for one in due if one in subscribed]
        async with self._database.transaction() as session:
            await work_queue.ensure(session, STRIPE_OBJECTS, keys, self._clock.now())
            await watched_customers.note_asked(session, due, self._clock.now())
        if keys:
            self._on_marked()

    async def _due(self, session: Session) -> Sequence[CustomerId]:
        now = self._clock.now()
        watched = await watched_customers.list_due(session, now, self._every)
        waiting = await work_queue.count_waiting(session, STRIPE_OBJECTS, f"{USAGE}/")
        room = max(0, MOST_UNWATCHED - waiting)
        others = await watched_customers.list_due_unwatched(session, now, HOURLY, room)
        return [*watched, *others]


async def _repeat(work: Callable[[], Awaitable[None]], every_seconds: float) -> None:
    while True:
        try:
            await work()
        except Exception as error:
            # A database that is away for a moment must not end the refreshing for good.
            _log.error("no usage could be queued: %s", failure_text(error))
        await asyncio.sleep(every_seconds)
