from datetime import UTC, datetime, timedelta, timezone

import pytest

from portal.clock import FrozenClock, Period, aware, from_epoch, to_epoch

START = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_period_holds_its_start_and_not_its_end() -> None:
    november = Period(START, datetime(2026, 12, 1, tzinfo=UTC))
    assert START in november
    assert november.end not in november
    assert november.length == timedelta(days=30)


def test_a_period_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Period(START, START - timedelta(seconds=1))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        aware(datetime(2026, 11, 1))  # noqa: DTZ001  (that is the point)


def test_times_of_other_zones_become_utc() -> None:
    there = datetime(2026, 11, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert aware(there) == START
    assert from_epoch(to_epoch(there)) == START


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = FrozenClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(timedelta(days=1))
    assert clock.now() == START + timedelta(days=1)
