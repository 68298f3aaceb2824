"""New usage while the demo runs: a gentle stream that keeps each customer's rhythm."""

import asyncio
from collections.abc import Callable

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.rhythm import HOUR
from portal.sandbox.demo.seed import living_consumers
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
    """What the demo's customers use from now on; what a pause before would have brought is lost."""

    def __init__(self, store: Store, ledger: UsageLedger) -> None:
        self._store, self._ledger = store, ledger
        self._consumers = living_consumers(store)
        self._reported = [store.now()] * len(self._consumers)
        self._reports = 0

    @property
    def has_consumers(self) -> bool:
        """Whether there is anybody to report on."""
        return bool(self._consumers)

    def report(self) -> None:
        """Report what was used since the last report, hour by hour."""
        now = self._store.now()
        self._reports += 1
        for position, consumer in enumerate(self._consumers):
            if position == 0 or self._reports % _OTHERS_EVERY == 0:
                start, self._reported[position] = self._reported[position], now
                while start < now:
                    end = min(start - start % HOUR + HOUR, now)
                    consumer.use(self._ledger, start, end)
                    start = end
