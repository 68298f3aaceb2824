"""Stripe's event summaries: a customer's usage of a meter over a range, whole or in windows.

https://docs.stripe.com/api/billing/meter-event-summary
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.usage_series import HOUR, Aggregate, UsageSeries

StripeObject = dict[str, Any]
_WINDOWS = {"hour": HOUR, "day": 24 * HOUR}


@dataclass(frozen=True, slots=True)
class Summaries:
    """The summaries, the newest first: per "hour" or "day", or one for the range (window None).

    Windows in which nothing happened are left out; the one for a whole range is always there. The
    bounds are aligned already. A summary has the same id whenever it is asked for.
    """

    series: UsageSeries
    meter: StripeObject
    customer: str
    start: int
    end: int
    window: str | None

    def __iter__(self) -> Iterator[StripeObject]:
        if self.window is None:
            whole = self.series.between(self.start, self.end)
            return iter((self._summary(self.start, self.end, whole),))
        return self._windows_until(self.end)

    def after(self, id: str) -> Iterator[StripeObject] | None:
        """Those that come after the one with this id; None when none can have such an id."""
        prefix, window_start = self._prefix(), id[-8:]
        if id != f"{prefix}{window_start}" or not set(window_start) <= set("0123456789abcdef"):
            return None
        return iter(()) if self.window is None else self._windows_until(int(window_start, 16))

    def _windows_until(self, end: int) -> Iterator[StripeObject]:
        length = _WINDOWS[self.window or "hour"]
        for start, found in self.series.windows(self.start, min(end, self.end), length):
            yield self._summary(start, start + length, found)

    def _summary(self, start: int, end: int, found: Aggregate) -> StripeObject:
        value = found.value(self.meter["default_aggregation"]["formula"])
        return {
            "id": f"{self._prefix()}{start:08x}",
            "object": "billing.meter_event_summary",
            "aggregated_value": as_number(value),
            "end_time": end,
            "livemode": False,
            "meter": self.meter["id"],
            "start_time": start,
        }

    def _prefix(self) -> str:
        """The part of an id that the summaries of one question share; the rest is a start."""
        until = self.end if self.window is None else ""
        asked = f"{self.meter['id']}/{self.customer}/{self.window}/{until}"
        return f"mtrusg_test_{hashlib.sha256(asked.encode()).hexdigest()[:16]}"


def as_number(value: Decimal) -> int | float:
    """A JSON number, which is what the wire wants here: whole where the value is whole."""
    return int(value) if value == value.to_integral_value() else float(value)
