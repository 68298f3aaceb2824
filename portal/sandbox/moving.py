"""Time that is made to pass: the store's own clock moved forward, and test clocks that wait.

Whatever moves stands still at everything that is due on the way, and wherever an invoice waits for
the first answer to its `invoice.created`.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from math import ceil

from portal.clock import FrozenClock, from_epoch
from portal.sandbox.billing.acknowledgement import awaits_first_answer
from portal.sandbox.billing.arrivals import heed_usage
from portal.sandbox.billing.cycles import run_due
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.movable_clock import MovableClock
from portal.sandbox.resources.test_clocks import resume_advance
from portal.sandbox.store import Store

_KIND = "sandbox.clock"
# Does a piece of work: all of it, or nothing.
Do = Callable[[Callable[[], None]], None]


def catch_up(store: Store, ledger: UsageLedger) -> None:
    """Do what has fallen due since the store was last in use, each thing at its own moment."""
    present, now = store.clock, store.now()
    try:
        while (due := store.first_due(None)) is not None and due["_due_at"] <= now:
            store.clock = FrozenClock(from_epoch(due["_due_at"]))
            run_due(store, ledger, due["_due_at"], None)
    finally:
        store.clock = present


class Moving:
    """Moves the clocks of a store; `do` runs each piece of what falls due."""

    def __init__(self, store: Store, ledger: UsageLedger, clock: MovableClock, do: Do) -> None:
        self._store, self._ledger, self._clock, self._do = store, ledger, clock, do
        self._answered = asyncio.Event()

    def restore(self) -> None:
        """Put the store's clock as far ahead as it was in an earlier run."""
        kept = self._store.look(_KIND, _KIND)
        if kept is not None:
            self._clock.ahead = kept["ahead"]

    async def move_to(self, moment: int) -> None:
        """Move the store's clock, and come back when everything due until then has happened."""
        self._heed_usage(moment)
        while self._store.now() < moment:
            self._answered.clear()
            self._go_on(moment)
            self._store.commit()
            if self._store.now() < moment:
                await self._answered.wait()
        self._do(lambda: run_due(self._store, self._ledger, self._store.now(), None))

    def note_answer(self) -> None:
        """An endpoint has answered, or has failed to: go on with what was waiting for that."""
        self._answered.set()
        for clock in self._store.every("test_helpers.test_clock", status="advancing"):
            if clock.get("_waits"):
                self._do(partial(resume_advance, self._store, self._ledger, clock["id"]))

    def _heed_usage(self, moment: int) -> None:
        """Let what has been used so far count as of now, but for the lag, and not as of later."""
        lag = ceil(self._ledger.lag.total_seconds())
        self._go_on(min(moment, self._store.now() + lag))
        self._do(lambda: heed_usage(self._store, self._ledger))

    def _go_on(self, moment: int) -> None:
        """Do what is due, in its order, up to a moment or to where an answer is waited for."""
        while not awaits_first_answer(self._store, None):
            due = self._store.first_due(None)
            if due is None or due["_due_at"] > moment:
                self._stand_at(moment)
                return
            self._stand_at(due["_due_at"])
            run_due(self._store, self._ledger, due["_due_at"], None)

    def _stand_at(self, moment: int) -> None:
        if moment > self._store.now():
            self._clock.move_to(moment)
            self._store.put({"object": _KIND, "id": _KIND, "ahead": self._clock.ahead})
