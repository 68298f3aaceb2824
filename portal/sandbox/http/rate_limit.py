"""Stripe's global rate limits, when they are switched on: a bucket of requests that refills.

https://docs.stripe.com/rate-limits: 25 requests a second in a sandbox, 100 live; meter events have
1,000 of their own, live only.
"""

from collections.abc import Callable
from enum import StrEnum

from portal.sandbox.refusals import RateLimited

_METER_EVENTS = "/v1/billing/meter_events"


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

    def check(self, path: str) -> None:
        """Let the request pass, or RateLimited."""
        bucket = self._meter_events if path == _METER_EVENTS else self._every
        if bucket is not None and not bucket.take():
            raise RateLimited(
                "Request rate limit exceeded. Learn more about rate limits here "
                "https://docs.stripe.com/rate-limits.",
                status=429,
                code="rate_limit",
            )
