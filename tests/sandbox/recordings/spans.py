"""How far times lie apart, told by the calendar: a month is a month, however long."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime

# Stripe takes a few seconds over a request, and the person who recorded went on at leisure.
_SAME_MOMENT_SECONDS = 60
_EARLIEST, _LATEST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2001, 2100))


def is_time(value: object) -> bool:
    """Whether a number is likely to be a time: it would be millions as an amount."""
    return type(value) is int and _EARLIEST <= value < _LATEST


def moved_along(moment: int, since: int, now: int) -> int:
    """The moment that is as far from now as the given one is from `since`."""
    months, seconds = _span(since, moment)
    return _moved(now, months) + seconds


def same_spans(recorded: dict[str, int], ours: dict[str, int], path: str) -> Iterator[str]:
    """Each time of an object that is not as far from its earliest one as in the recording."""
    names = recorded.keys() & ours.keys()
    if not names:
        return
    recorded_start = min(recorded[name] for name in names)
    our_start = min(ours[name] for name in names)
    for name in sorted(names):
        wanted, found = _span(recorded_start, recorded[name]), _span(our_start, ours[name])
        same_months = wanted[0] == found[0]
        if not same_months or abs(wanted[1] - found[1]) > _SAME_MOMENT_SECONDS:
            yield f"{path}{name}: {_told(found)} after the earliest instead of {_told(wanted)}"


def _span(start: int, end: int) -> tuple[int, int]:
    """From start to end in whole months and the seconds that are left."""
    later = end + _SAME_MOMENT_SECONDS
    months = (_date(later).year - _date(start).year) * 12 + _date(later).month - _date(start).month
    while months > 0 and _moved(start, months) > later:
        months -= 1
    return months, end - _moved(start, months)


def _moved(moment: int, months: int) -> int:
    """The same day and second some months later, or the last day of a shorter month."""
    date = _date(moment)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    day = min(date.day, monthrange(year, month + 1)[1])
    return int(date.replace(year=year, month=month + 1, day=day).timestamp())


def _date(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _told(span: tuple[int, int]) -> str:
    return f"{span[0]} months and {span[1]} s"
