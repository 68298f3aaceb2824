"""Time: a clock that is handed in, never read from the wall, and half-open periods."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the present moment."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is moved: tests, test clocks, replays of the past."""

    def __init__(self, now: datetime) -> None:
        self._now = aware(now)

    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Put the clock at a later (or, for tests of skew, earlier) moment."""
        self._now = aware(moment)

    def advance(self, step: timedelta) -> None:
        """Move the clock on by a span."""
        self._now += step


def aware(moment: datetime) -> datetime:
    """The same moment in UTC; a time without a zone is refused with ValueError."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(UTC)


def from_epoch(seconds: float) -> datetime:
    """Unix seconds, as Stripe writes times, as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def to_epoch(moment: datetime) -> int:
    """An aware datetime as whole Unix seconds, rounded down, as Stripe writes times."""
    return int(aware(moment).timestamp())


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of time: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", aware(self.start))
        object.__setattr__(self, "end", aware(self.end))
        if self.end < self.start:
            raise ValueError(f"a period cannot end ({self.end}) before it starts ({self.start})")

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    @property
    def length(self) -> timedelta:
        """How long the period lasts."""
        return self.end - self.start
