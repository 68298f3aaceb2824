"""New usage while the demo runs: a gentle stream that keeps each customer's rhythm."""

import asyncio
from collections.abc import Callable

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.reporting import GROUPS, living_consumers, report
from portal.sandbox.store import Store

# Does a piece of work: all of it, or nothing.
Do = Callable[[Callable[[], None]], None]
_EVERY_SECONDS = 2.0
# The first customer is the one that a visitor watches; the others are heard of once a minute, so
# that a demo that runs for weeks does not hold more events than it must.
_OTHERS_EVERY = 30


async def stream_usage(store: Store, ledger: UsageLedger, do: Do) -> None:
    """Report, every couple of seconds and for ever, what the demo's customers have just used.

    In a store without the demo there is nothing to report, and it ends.
    """
    stream = UsageStream(store, ledger)
    while stream.has_consumers:
        await asyncio.sleep(_EVERY_SECONDS)
        do(stream.report)


class UsageStream:
    """What the demo's customers use from now on."""

    def __init__(self, store: Store, ledger: UsageLedger) -> None:
        self._store, self._ledger = store, ledger
        self._reports = 0
        self.has_consumers = bool(living_consumers(store))

    def report(self) -> None:
        """Report what was used since the last report, hour by hour."""
        now = self._store.now()
        self._reports += 1
        watched, *others = GROUPS
        report(self._store, self._ledger, watched, now)
        if self._reports % _OTHERS_EVERY == 0:
            for group in others:
                report(self._store, self._ledger, group, now)
