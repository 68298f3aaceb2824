"""The work queue: merging marks, leases, back-off, parking, replay."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete

from portal import work_queue
from portal.clock import FrozenClock
from portal.database import Database
from portal.work_queue import ATTEMPTS, LEASE_SECONDS, Claim, WorkItem

QUEUE = "chores"


async def mark(any_database: Database, clock: FrozenClock, *keys: str) -> None:
    async with any_database.transaction() as session:
        await work_queue.mark(session, QUEUE, keys, clock.now())


async def claim(any_database: Database, clock: FrozenClock, limit: int = 10) -> list[Claim]:
    async with any_database.transaction() as session:
        return await work_queue.claim(session, QUEUE, clock.now(), limit)


async def finish(any_database: Database, held: Claim) -> bool:
    async with any_database.transaction() as session:
        return await work_queue.finish(session, held)


async def fail(any_database: Database, clock: FrozenClock, held: Claim) -> bool:
    async with any_database.transaction() as session:
        return await work_queue.fail(session, held, "KeyError: 'items'", clock.now())


async def parked_keys(any_database: Database) -> list[str]:
    async with any_database.reading() as session:
        return [item.key for item in await work_queue.list_parked(session, QUEUE)]


async def fail_until_parked(any_database: Database, clock: FrozenClock) -> int:
    """How many runs it took."""
    for run in range(1, 2 * ATTEMPTS):
        [held] = await claim(any_database, clock)
        if await fail(any_database, clock, held):
            return run
        clock.advance(timedelta(hours=1))
    raise AssertionError("it never parked")


async def test_marks_of_one_key_merge_into_one_claim(any_database: Database, clock: FrozenClock):
    await mark(any_database, clock, "b", "a", "b")
    await mark(any_database, clock, "a")

    held = await claim(any_database, clock)

    assert sorted(one.key for one in held) == ["a", "b"]


async def test_a_claimed_key_is_not_claimed_twice(any_database: Database, clock: FrozenClock):
    await mark(any_database, clock, "a")

    first, second = await claim(any_database, clock), await claim(any_database, clock)

    assert (len(first), second) == (1, [])


async def test_the_longest_due_come_first_and_a_new_mark_does_not_push_them_back(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "old")
    clock.advance(timedelta(seconds=1))
    await mark(any_database, clock, "young")
    clock.advance(timedelta(seconds=1))
    await mark(any_database, clock, "old")

    [held] = await claim(any_database, clock, limit=1)

    assert held.key == "old"


async def test_a_finished_key_is_gone(any_database: Database, clock: FrozenClock):
    await mark(any_database, clock, "a")
    [held] = await claim(any_database, clock)

    assert await finish(any_database, held)

    assert await claim(any_database, clock) == []


async def test_a_mark_that_came_during_the_work_makes_the_key_run_again(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")
    [held] = await claim(any_database, clock)
    await mark(any_database, clock, "a")

    assert not await finish(any_database, held)

    [again] = await claim(any_database, clock)
    assert await finish(any_database, again)


async def test_a_lease_that_ran_out_is_claimed_anew_and_the_late_worker_cannot_finish(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")
    [late] = await claim(any_database, clock)
    clock.advance(timedelta(seconds=LEASE_SECONDS))
    [taken_over] = await claim(any_database, clock)

    assert not await finish(any_database, late)
    assert not await fail(any_database, clock, late)
    assert await claim(any_database, clock) == []
    assert await finish(any_database, taken_over)


async def test_an_equal_mark_of_a_later_life_is_not_finished_by_an_old_claim(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")
    [old] = await claim(any_database, clock)
    clock.advance(timedelta(seconds=LEASE_SECONDS))
    [taken_over] = await claim(any_database, clock)
    await finish(any_database, taken_over)
    await mark(any_database, clock, "a")
    [new] = await claim(any_database, clock)

    assert new.mark == old.mark
    assert not await finish(any_database, old)
    assert await finish(any_database, new)


async def test_an_extended_lease_is_not_taken_over(any_database: Database, clock: FrozenClock):
    await mark(any_database, clock, "a")
    [held] = await claim(any_database, clock)
    clock.advance(timedelta(seconds=LEASE_SECONDS / 2))
    async with any_database.transaction() as session:
        assert await work_queue.extend(session, held, clock.now())
    clock.advance(timedelta(seconds=LEASE_SECONDS / 2))

    assert await claim(any_database, clock) == []
    assert await finish(any_database, held)


async def test_a_failure_backs_off_for_longer_each_time(any_database: Database, clock: FrozenClock):
    await mark(any_database, clock, "a")
    for attempt in range(ATTEMPTS - 1):
        [held] = await claim(any_database, clock)
        assert not await fail(any_database, clock, held)
        clock.advance(timedelta(seconds=2**attempt) - timedelta(milliseconds=1))
        assert await claim(any_database, clock) == []
        clock.advance(timedelta(seconds=2**attempt))

    [held] = await claim(any_database, clock)
    assert await fail(any_database, clock, held)


async def test_a_parked_key_is_left_alone_and_keeps_its_error(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")

    assert await fail_until_parked(any_database, clock) == ATTEMPTS

    clock.advance(timedelta(days=1))
    assert await claim(any_database, clock) == []
    async with any_database.reading() as session:
        [item] = await work_queue.list_parked(session, QUEUE)
    assert (item.key, item.error, item.attempts) == ("a", "KeyError: 'items'", ATTEMPTS)


async def test_a_new_mark_gives_a_parked_key_one_more_chance(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")
    await fail_until_parked(any_database, clock)

    await mark(any_database, clock, "a")

    assert await fail_until_parked(any_database, clock) == 1


async def test_a_replay_gives_a_parked_key_all_its_attempts_back(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")
    await fail_until_parked(any_database, clock)

    async with any_database.transaction() as session:
        await work_queue.replay(session, QUEUE, ["a"], clock.now())

    assert await fail_until_parked(any_database, clock) == ATTEMPTS


async def test_a_mark_that_came_during_the_last_attempt_keeps_the_key_from_parking(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")
    for _ in range(ATTEMPTS - 1):
        [held] = await claim(any_database, clock)
        await fail(any_database, clock, held)
        clock.advance(timedelta(hours=1))
    [held] = await claim(any_database, clock)
    await mark(any_database, clock, "a")

    assert not await fail(any_database, clock, held)

    assert await parked_keys(any_database) == []


async def test_a_postponed_key_never_parks_and_waits_for_longer_up_to_a_minute(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "a")
    started = clock.now()
    for _ in range(5 * ATTEMPTS):
        [held] = await claim(any_database, clock)
        async with any_database.transaction() as session:
            await work_queue.postpone(session, held, "StripeUnavailable", clock.now())
        longest = min(max((clock.now() - started).total_seconds() / 2, 2), 60)
        clock.advance(timedelta(seconds=longest / 2 - 0.001))
        assert await claim(any_database, clock) == []
        clock.advance(timedelta(seconds=longest / 2 + 0.001))

    assert await parked_keys(any_database) == []


@pytest.mark.parametrize("parked", [True, False])
async def test_ensuring_a_key_touches_only_what_is_absent_or_parked(
    any_database: Database, clock: FrozenClock, parked: bool
):
    await mark(any_database, clock, "a")
    if parked:
        await fail_until_parked(any_database, clock)
    else:
        [held] = await claim(any_database, clock)

    async with any_database.transaction() as session:
        await work_queue.ensure(session, QUEUE, ["a", "b"], clock.now())

    assert await parked_keys(any_database) == []
    assert sorted(one.key for one in await claim(any_database, clock)) == ["a", "b"][1 - parked :]
    assert parked or await finish(any_database, held)


async def test_waiting_items_are_counted_by_how_their_key_begins(
    any_database: Database, clock: FrozenClock
):
    await mark(any_database, clock, "usage/cus_1", "usage/cus_2", "invoice/in_1")

    async with any_database.reading() as session:
        assert await work_queue.count_waiting(session, QUEUE, "usage/") == 2


async def test_queues_do_not_see_each_other(any_database: Database, clock: FrozenClock):
    await mark(any_database, clock, "a")

    async with any_database.transaction() as session:
        assert await work_queue.claim(session, "other", clock.now(), 10) == []
        assert not await work_queue.has_due(session, "other", clock.now())
        assert await work_queue.has_due(session, QUEUE, clock.now())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from("mark claim finish fail crash wait".split()), max_size=30))
async def test_no_sequence_of_marks_failures_and_crashes_loses_a_mark(
    any_database: Database, clock: FrozenClock, steps: list[str]
):
    """The newest mark is always followed by a run that begins after it."""
    async with any_database.transaction() as session:
        await session.exec(delete(WorkItem))
    held: list[Claim] = []
    marked = seen = 0
    begun: dict[str, int] = {}
    for step in [*steps, "wait", "claim", "finish", "wait", "claim", "finish"]:
        if step == "mark":
            marked += 1
            await mark(any_database, clock, "a")
        elif step == "claim":
            held += await claim(any_database, clock)
            begun.update({one.lease: marked for one in held if one.lease not in begun})
        elif step == "wait":
            clock.advance(timedelta(hours=1))
        elif held and step == "crash":
            held.pop()
        elif held and step == "fail":
            await fail(any_database, clock, held.pop())
        elif held and step == "finish" and await finish(any_database, last := held.pop()):
            assert begun[last.lease] == marked
            seen = marked

    assert seen == marked or await parked_keys(any_database) == ["a"]


async def test_two_workers_share_the_items_between_them(any_database: Database, clock: FrozenClock):
    await mark(any_database, clock, *(f"key{n}" for n in range(40)))

    both = await asyncio.gather(*(claim(any_database, clock, limit=25) for _ in range(2)))

    claimed = Counter(one.key for held in both for one in held)
    assert len(claimed) == 40
    assert set(claimed.values()) == {1}
