"""One meter's usage of one customer along time, quick to sum over any span.

Whole hours and days are kept summed; the moments inside an hour are looked at only where a span
cuts it.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal

HOUR = 3600
DAY = 24 * HOUR
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
        self.sum = _EXACT.add(self.sum, value) if self.count else value
        self.count += 1
        if at >= self.last_at:
            self.last, self.last_at = value, at

    def merge(self, other: "Aggregate") -> None:
        """Count everything that the other has counted."""
        self.sum = _EXACT.add(self.sum, other.sum) if self.count else other.sum
        self.count += other.count
        if other.last_at >= self.last_at:
            self.last, self.last_at = other.last, other.last_at

    def value(self, formula: str) -> Decimal:
        """What a meter with the formula (sum, count or last) makes of the values."""
        if formula == "count":
            return Decimal(self.count)
        return self.last if formula == "last" else self.sum


class _Hour:
    __slots__ = ("moments", "whole")

    def __init__(self) -> None:
        self.whole = Aggregate()
        self.moments: dict[int, Aggregate] = {}


class UsageSeries:
    """Values in time; they may be added in any order. Spans are half open, in epoch seconds."""

    def __init__(self) -> None:
        self._hours: dict[int, _Hour] = {}
        self._starts: list[int] = []
        self._days: dict[int, Aggregate] = {}

    def add(self, at: int, value: Decimal) -> None:
        """Add a value that happened at a second."""
        hour = self._hour(at)
        hour.whole.add(at, value)
        hour.moments.setdefault(at, Aggregate()).add(at, value)

    def put(self, at: int, found: Aggregate) -> None:
        """Add what is known of the span that begins at a second and in which no other one lies."""
        hour = self._hour(at)
        hour.whole.merge(found)
        hour.moments.setdefault(at, Aggregate()).merge(found)

    def replace(self, start: int, end: int, other: "UsageSeries") -> None:
        """Take over what the other knows of some whole hours."""
        for day in range(start - start % DAY, end, DAY):
            self._days.pop(day, None)
        for known in self._starts_between(start, end):
            del self._hours[known]
            del self._starts[bisect_left(self._starts, known)]
        for known in other._starts_between(start, end):
            self._hours[known] = other._hours[known]
            insort(self._starts, known)

    def moments(self, start: int, end: int) -> Iterator[tuple[int, Aggregate]]:
        """What happened in some whole hours, second by second."""
        for hour_start in self._starts_between(start, end):
            yield from sorted(self._hours[hour_start].moments.items())

    def coarse(self, start: int, end: int, cuts: Sequence[int]) -> "UsageSeries":
        """The same whole hours, in which only the hours and `cuts`, in order, are told apart."""
        found = UsageSeries()
        for at, aggregate in self.moments(start, end):
            position = bisect_right(cuts, at)
            found.put(max((at - at % HOUR, *cuts[:position][-1:])), aggregate)
        return found

    def between(self, start: int, end: int) -> Aggregate:
        """Everything that happened from `start` up to but not at `end`."""
        found = Aggregate()
        hours = self._starts_between(start - start % HOUR, end)
        position = 0
        while position < len(hours):
            day = hours[position] - hours[position] % DAY
            following = bisect_left(hours, day + DAY, position)
            if start <= day and day + DAY <= end:
                found.merge(self._day(day, hours[position:following]))
            else:
                for hour_start in hours[position:following]:
                    self._merge_hour(found, hour_start, start, end)
            position = following
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

    def _merge_hour(self, found: Aggregate, hour_start: int, start: int, end: int) -> None:
        """Count what happened between two moments in an hour, of which they may cut off a part."""
        hour = self._hours[hour_start]
        if start <= hour_start and hour_start + HOUR <= end:
            found.merge(hour.whole)
            return
        for at in sorted(hour.moments):
            if start <= at < end:
                found.merge(hour.moments[at])

    def _day(self, start: int, hours: Sequence[int]) -> Aggregate:
        """A whole day, summed when it is first asked for after a change."""
        day = self._days.get(start)
        if day is None:
            day = self._days[start] = Aggregate()
            for hour in hours:
                day.merge(self._hours[hour].whole)
        return day

    def _hour(self, at: int) -> _Hour:
        """The hour of a second, which is about to change."""
        self._days.pop(at - at % DAY, None)
        start = at - at % HOUR
        hour = self._hours.get(start)
        if hour is None:
            hour = self._hours[start] = _Hour()
            insort(self._starts, start)
        return hour

    def _starts_between(self, start: int, end: int) -> list[int]:
        return self._starts[bisect_left(self._starts, start) : bisect_left(self._starts, end)]
