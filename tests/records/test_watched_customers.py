"""Who is due to have his usage read: watched customers often, the others in turn."""

from datetime import timedelta

from portal.clock import FrozenClock
from portal.database import Database
from portal.records import watched_customers
from portal.stripe_ids import CustomerId

ACME, BOLT, CREW = (CustomerId(name) for name in ("cus_acme", "cus_bolt", "cus_crew"))
EVERY = timedelta(seconds=15)
HOURLY = timedelta(hours=1)


async def watch(database: Database, clock: FrozenClock, customer: CustomerId) -> None:
    async with database.transaction() as session:
        until = clock.now() + timedelta(seconds=30)
        await watched_customers.watch(session, customer, until)


async def enrol(database: Database, *customers: CustomerId) -> None:
    async with database.transaction() as session:
        await watched_customers.enrol(session, customers)


async def ask(database: Database, clock: FrozenClock, *customers: CustomerId) -> None:
    async with database.transaction() as session:
        await watched_customers.note_asked(session, customers, clock.now())


async def due(database: Database, clock: FrozenClock) -> list[CustomerId]:
    async with database.reading() as session:
        return await watched_customers.list_due(session, clock.now(), EVERY)


async def due_unwatched(database: Database, clock: FrozenClock, limit: int = 9) -> list[CustomerId]:
    async with database.reading() as session:
        return await watched_customers.list_due_unwatched(session, clock.now(), HOURLY, limit)


async def test_a_watched_customer_is_due_at_once_and_again_after_the_interval(
    any_database: Database, clock: FrozenClock
):
    await watch(any_database, clock, ACME)
    assert await due(any_database, clock) == [ACME]

    await ask(any_database, clock, ACME)
    assert await due(any_database, clock) == []

    clock.advance(EVERY)
    assert await due(any_database, clock) == [ACME]


async def test_a_customer_whose_pages_are_closed_is_due_like_the_others(
    any_database: Database, clock: FrozenClock
):
    await watch(any_database, clock, ACME)
    await ask(any_database, clock, ACME)
    clock.advance(timedelta(seconds=30))

    assert await due(any_database, clock) == []
    assert await due_unwatched(any_database, clock) == []

    clock.advance(timedelta(hours=1))
    assert await due_unwatched(any_database, clock) == [ACME]


async def test_the_unwatched_come_in_turn_the_never_asked_first(
    any_database: Database, clock: FrozenClock
):
    await enrol(any_database, ACME, BOLT, CREW)
    await ask(any_database, clock, BOLT)
    clock.advance(timedelta(seconds=1))
    await ask(any_database, clock, ACME)
    clock.advance(timedelta(hours=1))

    assert await due_unwatched(any_database, clock, limit=2) == [CREW, BOLT]


async def test_enrolling_again_forgets_nothing(any_database: Database, clock: FrozenClock):
    await watch(any_database, clock, ACME)
    await ask(any_database, clock, ACME)

    await enrol(any_database, ACME)

    async with any_database.reading() as session:
        assert await watched_customers.list_watched(session, clock.now()) == {ACME}
    assert await due(any_database, clock) == []
