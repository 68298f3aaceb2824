"""The refresher: watched customers every few seconds, the others hourly and a few at a time."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from portal import work_queue
from portal.clock import FrozenClock
from portal.database import Database
from portal.inbox.refresher import MOST_UNWATCHED, Refresher
from portal.mirror.apply import apply
from portal.records import watched_customers
from portal.records.stripe_events import STRIPE_OBJECTS
from portal.stripe_ids import CustomerId
from tests import stripe_facts as facts

EVERY = timedelta(seconds=15)


@pytest.fixture
async def refresher(database: Database, clock: FrozenClock) -> AsyncIterator[Refresher]:
    """A refresher over a mirror with ten customers; the last one has ended his subscription."""
    async with database.transaction() as session:
        for number in range(10):
            changes = {"status": "canceled" if number == 9 else "active", "items": []}
            owner = f"cus_{number}"
            await apply(session, facts.subscription(f"sub_{number}", customer=owner, **changes))
    return Refresher(database, clock, EVERY, lambda: None)


async def watch(database: Database, clock: FrozenClock, customer: str) -> None:
    async with database.transaction() as session:
        until = clock.now() + timedelta(minutes=5)
        await watched_customers.watch(session, CustomerId(customer), until)


async def work_off(database: Database, clock: FrozenClock) -> list[str]:
    """What has been queued, done."""
    async with database.transaction() as session:
        claims = await work_queue.claim(session, STRIPE_OBJECTS, clock.now(), 100)
        for held in claims:
            await work_queue.finish(session, held)
    return sorted(held.key for held in claims)


async def test_a_watched_customer_is_queued_every_few_seconds(
    refresher: Refresher, database: Database, clock: FrozenClock
):
    await watch(database, clock, "cus_1")

    for _ in range(3):
        await refresher.refresh_due()
        await refresher.refresh_due()
        assert await work_off(database, clock) == ["usage/cus_1"]
        clock.advance(EVERY)


async def test_a_watched_customer_without_a_live_subscription_costs_nothing(
    refresher: Refresher, database: Database, clock: FrozenClock
):
    await watch(database, clock, "cus_9")
    await watch(database, clock, "cus_unknown")

    await refresher.refresh_due()

    assert await work_off(database, clock) == []


async def test_the_unwatched_have_their_turn_hourly_and_a_few_at_a_time(
    refresher: Refresher, database: Database, clock: FrozenClock
):
    await refresher.enrol()
    turns = []
    for _ in range(4):
        await refresher.refresh_due()
        turns.append(await work_off(database, clock))

    assert [len(turn) for turn in turns] == [MOST_UNWATCHED, MOST_UNWATCHED, 1, 0]
    assert len({key for turn in turns for key in turn}) == 9
    clock.advance(timedelta(hours=1))
    await refresher.refresh_due()
    assert len(await work_off(database, clock)) == MOST_UNWATCHED


async def test_while_reads_are_waiting_no_unwatched_customer_is_added(
    refresher: Refresher, database: Database, clock: FrozenClock
):
    await refresher.enrol()
    for _ in range(3):
        await refresher.refresh_due()

    assert len(await work_off(database, clock)) == MOST_UNWATCHED


async def test_a_parked_read_of_usage_has_one_more_try_at_its_turn(
    refresher: Refresher, database: Database, clock: FrozenClock
):
    await watch(database, clock, "cus_1")
    await refresher.refresh_due()
    for _ in range(work_queue.ATTEMPTS):
        async with database.transaction() as session:
            [held] = await work_queue.claim(session, STRIPE_OBJECTS, clock.now(), 10)
            await work_queue.fail(session, held, "broken", clock.now())
        clock.advance(timedelta(minutes=5))
    assert await work_off(database, clock) == []

    await watch(database, clock, "cus_1")
    await refresher.refresh_due()

    assert await work_off(database, clock) == ["usage/cus_1"]
