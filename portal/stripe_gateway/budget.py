"""How fast we may read from Stripe: a token bucket in front of every read."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_BURST_SECONDS = 0.5


class ReadBudget:
    """Grants reads at a steady rate, first come first served, after half a second's burst.

    Stripe limits requests per second for the whole account
    (https://docs.stripe.com/rate-limits); staying below leaves room for everything else that
    uses the account. `time` is a monotonic clock in seconds.
    """

    def __init__(
        self,
        per_second: float,
        *,
        time: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / per_second
        self._time = time
        self._sleep = sleep
        self._next_at = time()

    async def take(self) -> None:
        """Wait for one read's turn.

        The turn is booked before the wait, so that those who came earlier go earlier; a caller
        that is cancelled while it waits lets its turn lapse.
        """
        now = self._time()
        turn = max(self._next_at, now - _BURST_SECONDS)
        self._next_at = turn + self._interval
        if turn > now:
            await self._sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Let nobody read for a while: Stripe has said that we are too fast."""
        self._next_at = max(self._next_at, self._time() + seconds)
