"""One task that commits whatever events have queued: group commit, which every answer waits for.

A commit waits for the disk; sharing one among all the events that arrived meanwhile makes the
endpoint several times faster than a commit each, and no less durable.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Self

from portal import work_queue
from portal.clock import Clock
from portal.database import Database, PlainConnection, is_unavailable
from portal.errors import PortalError
from portal.inbox.failure_text import failure_text
from portal.records import stripe_events
from portal.records.stripe_events import STRIPE_OBJECTS, ArrivedEvent

LARGEST_BATCH = 512
LONGEST_LINE = 4096
_PAUSE_SECONDS = 0.001
_MOST_PAUSES = 5

_log = logging.getLogger(__name__)
_Waiting = tuple[ArrivedEvent, asyncio.Future[None]]


class NotKept(PortalError):
    """The event could not be committed; Stripe should send it again."""


class InboxWriter:
    """Keeps events while its `async with` block lasts; at its end everything queued is committed.

    `on_marked` is called after each commit that gave the worker something to do.
    """

    def __init__(self, database: Database, clock: Clock, on_marked: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._on_marked = on_marked
        self._line: deque[_Waiting] = deque()
        self._bell = asyncio.Event()
        self._open = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._open = True
        self._task = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open = False
        self._bell.set()
        if self._task is not None:
            await self._task

    async def keep(self, event: ArrivedEvent) -> None:
        """Return once the event is committed; NotKept when it is not and will not be."""
        if not self._open:
            raise NotKept("The portal is stopping.")
        if len(self._line) >= LONGEST_LINE:
            raise NotKept("Too many events are waiting to be stored.")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append((event, done))
        self._bell.set()
        await done

    async def _write(self) -> None:
        while self._open or self._line:
            if not self._line:
                self._bell.clear()
                await self._bell.wait()
                continue
            await self._gather()
            size = min(len(self._line), LARGEST_BATCH)
            await self._keep_all([self._line.popleft() for _ in range(size)])

    async def _gather(self) -> None:
        """Let a burst come together, for as long as each pause brings more of it."""
        seen = 0
        for _ in range(_MOST_PAUSES):
            if not seen < len(self._line) < LARGEST_BATCH:
                break
            seen = len(self._line)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _keep_all(self, batch: Sequence[_Waiting]) -> None:
        try:
            await self._commit([event for event, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not is_unavailable(error):
                await self._keep_one_by_one(batch)
            else:
                _refuse(batch, error)
        else:
            _confirm(batch)

    async def _keep_one_by_one(self, batch: Sequence[_Waiting]) -> None:
        # One event that the database will not have must not take its neighbours along.
        for waiting in batch:
            await self._keep_all([waiting])

    async def _commit(self, events: Sequence[ArrivedEvent]) -> None:
        if await self._database.on_thread(partial(_keep, events, self._clock.now())):
            self._on_marked()


def _keep(events: Sequence[ArrivedEvent], now: datetime, connection: PlainConnection) -> set[str]:
    """Keep the events and mark the objects of the new ones; gives back the marked keys."""
    new = stripe_events.list_new(connection, events)
    marked = {event.object_key for event in new if event.object_key}
    # The marks come first, as in the worker's transactions: one order, no deadlock.
    work_queue.mark_on(connection, STRIPE_OBJECTS, marked, now)
    stripe_events.keep(connection, events)
    return marked


def _confirm(batch: Sequence[_Waiting]) -> None:
    for _, done in batch:
        if not done.done():  # it is, when the sender has gone away meanwhile
            done.set_result(None)


def _refuse(batch: Sequence[_Waiting], error: Exception) -> None:
    _log.error("%d webhook events were not stored: %s", len(batch), failure_text(error))
    for _, done in batch:
        if not done.done():
            done.set_exception(NotKept("The event could not be stored."))
