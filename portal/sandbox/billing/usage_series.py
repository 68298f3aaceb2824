"""One meter's usage of one customer along time, quick to sum over any span.

Whole hours are kept summed; the seconds inside them are looked at only where a span cuts an hour.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from decimal import Context, Decimal

HOUR = 3600
_NOTHING = Decimal(0)
# Sums of many long values stay exact.
_EXACT = Context(prec=60)


class Aggregate:
    """The sum, the number and the last of some values; `last_at` is when the last one happened."""

    __slots__ = ("count", "last", "last_at", "sum")

    def __init__(self) -> None:
        self.sum = _NOTHING
        self.count = 0
        self.last = _NOTHING
        self.last_at = -1

    def add(self, at: int, value: Decimal) -> None:
        """Count one more value; of two at the same second the one that came in later is last."""
        self.sum = _EXACT.add(self.sum, value)
        self.count += 1
        if at >= self.last_at:
            self.last, self.last_at = value, at

    def merge(self, other: "Aggregate") -> None:
        """Count everything that the other has counted."""
        self.sum = _EXACT.add(self.sum, other.sum)
        self.count += other.count
        if other.last_at >= self.last_at:
            self.last, self.last_at = other.last, other.last_at

    def value(self, formula: str) -> Decimal:
        """What a meter with the formula (sum, count or last) makes of the values."""
        if formula == "count":
            return Decimal(self.count)
        return self.last if formula == "last" else self.sum


class _Hour:
    __slots__ = ("seconds", "whole")

    def __init__(self) -> None:
        self.whole = Aggregate()
        self.seconds: dict[int, Aggregate] = {}


class UsageSeries:
    """Values in time; they may be added in any order. Spans are half open, in epoch seconds."""

    def __init__(self) -> None:
        self._hours: dict[int, _Hour] = {}
        self._starts: list[int] = []

    def add(self, at: int, value: Decimal) -> None:
        """Add a value that happened at a second."""
        start = at - at % HOUR
        hour = self._hours.get(start)
        if hour is None:
            hour = self._hours[start] = _Hour()
            insort(self._starts, start)
        hour.whole.add(at, value)
        hour.seconds.setdefault(at, Aggregate()).add(at, value)

    def between(self, start: int, end: int) -> Aggregate:
        """Everything that happened from `start` up to but not at `end`."""
        found = Aggregate()
        for hour_start in self._starts_between(start - start % HOUR, end):
            hour = self._hours[hour_start]
            if start <= hour_start and hour_start + HOUR <= end:
                found.merge(hour.whole)
            else:
                for at in sorted(hour.seconds):
                    if start <= at < end:
                        found.merge(hour.seconds[at])
        return found

    def windows(self, start: int, end: int, length: int) -> Iterator[tuple[int, Aggregate]]:
        """The windows in which something happened, with their start, the newest first.

        The bounds and `length` are whole hours, so that no window cuts an hour.
        """
        window_start, found = -1, Aggregate()
        for hour_start in reversed(self._starts_between(start, end)):
            if hour_start - hour_start % length != window_start:
                if found.count:
                    yield window_start, found
                window_start, found = hour_start - hour_start % length, Aggregate()
            found.merge(self._hours[hour_start].whole)
        if found.count:
            yield window_start, found

    def _starts_between(self, start: int, end: int) -> list[int]:
        return self._starts[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
