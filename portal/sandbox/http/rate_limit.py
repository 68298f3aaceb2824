"""Stripe's rate limits, when they are switched on: buckets of requests that refill.

https://docs.stripe.com/rate-limits: 25 requests a second in a sandbox, 100 live; meter events have
1,000 of their own and their stream 10,000, live only. Of v1 meter events only one call may be in
flight for each customer and meter.
"""

from collections.abc import Callable, Hashable
from enum import StrEnum

from portal.sandbox.refusals import RateLimited

_METER_EVENTS = frozenset(("/v1/billing/meter_events", "/v2/billing/meter_events"))
_STREAM = "/v2/billing/meter_event_stream"


class RateLimit(StrEnum):
    """Which of Stripe's modes sets the limit."""

    OFF = "off"
    TEST = "test"
    LIVE = "live"


class Bucket:
    """So many requests a second on average, and as many at once."""

    def __init__(self, per_second: int, timer: Callable[[], float]) -> None:
        self._per_second = per_second
        self._timer = timer
        self._left: float = per_second
        self._filled_at = timer()

    def take(self) -> bool:
        """Whether one more request may pass now."""
        now = self._timer()
        refill = (now - self._filled_at) * self._per_second
        self._left = min(self._left + refill, self._per_second)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Limiter:
    """Counts every request to the API; `timer` gives seconds that only grow."""

    def __init__(self, limit: RateLimit, timer: Callable[[], float]) -> None:
        per_second = {RateLimit.OFF: 0, RateLimit.TEST: 25, RateLimit.LIVE: 100}[limit]
        self._every = Bucket(per_second, timer) if per_second else None
        self._meter_events = Bucket(1000, timer) if limit is RateLimit.LIVE else self._every
        self._stream = Bucket(10_000, timer) if limit is RateLimit.LIVE else self._every
        self._alone: set[Hashable] = set()
        self._entered: list[Hashable] = []

    @property
    def is_on(self) -> bool:
        """Whether there are any limits."""
        return self._every is not None

    def check(self, path: str) -> None:
        """Let the request pass, or RateLimited."""
        bucket = self._every
        if path in _METER_EVENTS:
            bucket = self._meter_events
        elif path == _STREAM:
            bucket = self._stream
        if bucket is not None and not bucket.take():
            raise RateLimited(
                "Request rate limit exceeded. Learn more about rate limits here "
                "https://docs.stripe.com/rate-limits."
            )

    def enter_alone(self, name: Hashable) -> None:
        """Let the call that is being answered pass, unless one of the same name is in flight."""
        if name in self._alone:
            raise RateLimited(
                "There is another meter event for this customer and meter in progress. Send them "
                "one after the other, or in one.",
                reason="resource-specific",
            )
        self._alone.add(name)
        self._entered.append(name)

    def take_entered(self) -> list[Hashable]:
        """What the call that has just been answered is alone in, until its answer is sent."""
        entered, self._entered = self._entered, []
        return entered

    def leave(self, entered: list[Hashable]) -> None:
        """Let the next ones pass: the answer is sent."""
        self._alone.difference_update(entered)
