"""How much a demo customer uses, hour by hour: whole numbers that follow from a seed.

Weekdays are busier than weekends, afternoons than nights, and usage grows from day to day.
"""

from dataclasses import dataclass
from random import Random

HOUR = 3600
DAY = 24 * HOUR
# Parts of a day by hour of UTC; and the days from Monday, in percent of an ordinary one.
_BY_HOUR = (47, 40, 34, 31, 30, 32, 40, 53, 68, 84, 99, 113,
            129, 146, 158, 164, 162, 155, 145, 131, 114, 95, 75, 55)  # fmt: skip
_BY_WEEKDAY = (107, 111, 113, 110, 101, 65, 58)
# The first day of the epoch was a Thursday.
_EPOCH_WEEKDAY = 3
_PERCENT, _FINE = 100, 10_000
# What was used less for every day that lies before the story, and the least of it that is left.
_SMALLER_BEFORE, _LEAST = 35, 2_000


@dataclass(frozen=True, slots=True)
class Story:
    """Two billing periods, by when the last and the current one began, and the seed of luck.

    Usage levels are meant for these two; what was before them was smaller.
    """

    since: int
    turn: int
    seed: str


@dataclass(frozen=True, slots=True)
class Used:
    """Requests and tokens of a span of time, and the gigabytes stored at its end."""

    requests: int
    tokens: int
    storage: int


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The level of somebody's usage: requests on an ordinary day, tokens for 100 requests.

    `growth_before` and `growth` are what requests gain a day, before and in the current period,
    in hundredths of a percent. Storage and what it gains a day are in hundredths of a gigabyte.
    """

    requests: int
    tokens: int = 0
    growth_before: int = 0
    growth: int = 0
    storage: int = 0
    storage_growth: int = 0

    def in_hour(self, story: Story, hour: int) -> Used:
        """What is used in the hour that begins at `hour`, in epoch seconds."""
        luck = Random(f"{story.seed}/{hour}")
        share = (
            self._on_day(story, hour, _luck_of_day(story, hour))
            * _BY_HOUR[hour % DAY // HOUR]
            // sum(_BY_HOUR)
        )
        return self._used(story, hour, share * luck.randint(93, 107) // _PERCENT, luck)

    def in_day(self, story: Story, day: int) -> Used:
        """What is used in the day that begins at `day`, for who does not look at hours."""
        luck = _luck_of_day(story, day)
        return self._used(story, day, self._on_day(story, day, luck), luck)

    def _used(self, story: Story, moment: int, requests: int, luck: Random) -> Used:
        """Answers grow a little longer from day to day, and storage fuller."""
        days = (moment - story.since) // DAY
        tokens = requests * self.tokens * (_FINE + 10 * days) // (_FINE * _PERCENT)
        stored = self.storage + self.storage_growth * days + luck.randint(-20, 20)
        return Used(
            requests=requests,
            tokens=tokens * luck.randint(97, 103) // _PERCENT,
            storage=max(stored, 0) // _PERCENT if self.storage else 0,
        )

    def _on_day(self, story: Story, moment: int, luck: Random) -> int:
        began, growth = story.turn, self.growth
        if moment < story.turn:
            began, growth = story.since, self.growth_before
        level = self.requests * _grown(growth, (moment - began) // DAY) // _FINE
        weekday = (moment // DAY + _EPOCH_WEEKDAY) % 7
        return level * _BY_WEEKDAY[weekday] * luck.randint(94, 106) // (_PERCENT * _PERCENT)


def _luck_of_day(story: Story, moment: int) -> Random:
    return Random(f"{story.seed}/day/{moment // DAY}")


def _grown(growth: int, days: int) -> int:
    """What a level has become after so many days, in hundredths of a percent of it."""
    if days >= 0:
        return _FINE + growth * days
    return max(_FINE + _SMALLER_BEFORE * days, _LEAST)
