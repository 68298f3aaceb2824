"""The worker: what it reads, what follows, and what it does when reading or applying fails."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlmodel import select

from portal import work_queue
from portal.changes import CustomerChange
from portal.clock import FrozenClock
from portal.database import Database
from portal.inbox.worker import InboxWorker
from portal.mirror.tables import Customer, Invoice, Meter, MirroredRow, Price, Subscription
from portal.records import watched_customers
from portal.records.stripe_events import STRIPE_OBJECTS, EventStatus
from portal.stripe_ids import CustomerId
from portal.work_queue import ATTEMPTS, LEASE_SECONDS, WorkItem
from tests import stripe_objects
from tests.fixtures.inbox import Inbox, stripe_event, subscription_event
from tests.stripe_objects import StripeObject
from tests.stub_stripe import StubStripe

Row = TypeVar("Row", bound=MirroredRow)
SUB_1 = "/v1/subscriptions/sub_1"


def subscription(number: int, **changes: Any) -> StripeObject:
    """sub_N of cus_N, with an item of its own."""
    own = f"sub_{number}"
    item = stripe_objects.subscription_item(
        f"si_{number}", price=stripe_objects.price(), subscription=own
    )
    changes = {"customer": f"cus_{number}", "items": [item], **changes}
    return stripe_objects.subscription(own, **changes)


async def mark(database: Database, clock: FrozenClock, *keys: str) -> None:
    async with database.transaction() as session:
        await work_queue.mark(session, STRIPE_OBJECTS, keys, clock.now())


async def find(database: Database, model: type[Row], object_id: str) -> Row | None:
    async with database.reading() as session:
        return await session.get(model, object_id)


async def version(database: Database, customer: str) -> int:
    """How often the customer's news were announced."""
    async with database.reading() as session:
        change = await session.get(CustomerChange, customer)
    return change.version if change else 0


async def drain_until_parked(worker: InboxWorker, clock: FrozenClock) -> None:
    for _ in range(ATTEMPTS):
        await worker.drain()
        clock.advance(timedelta(hours=1))


async def test_an_event_ends_as_a_row_and_as_news(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker
):
    stripe_stub.holds("subscriptions", subscription(1, status="past_due"))
    await inbox.post(subscription_event("evt_1"))

    await worker.drain()

    row = await find(inbox.database, Subscription, "sub_1")
    assert row is not None
    assert row.status == "past_due"
    assert await version(inbox.database, "cus_1") >= 1
    event = (await inbox.events())["evt_1"]
    assert (event.status, event.handled_at) == (EventStatus.APPLIED, inbox.clock.now())
    assert await inbox.queued_keys() == []


async def test_a_burst_on_one_object_costs_one_read(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker
):
    stripe_stub.holds("subscriptions", subscription(1))
    for number in range(20):
        await inbox.post(subscription_event(f"evt_{number}"))

    await worker.drain()

    assert stripe_stub.reads[SUB_1] == 1
    assert {event.status for event in (await inbox.events()).values()} == {EventStatus.APPLIED}


async def test_an_event_that_came_during_the_read_is_followed_by_another_read(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker
):
    stripe_stub.holds("subscriptions", subscription(1, status="active"))
    arrived = asyncio.Event()
    stripe_stub.gates[SUB_1] = arrived
    await inbox.post(subscription_event("evt_1"))
    draining = asyncio.ensure_future(worker.drain())
    await stripe_stub.until_asked(SUB_1)
    stripe_stub.holds("subscriptions", subscription(1, status="canceled"))
    await inbox.post(subscription_event("evt_2"))
    arrived.set()

    await draining

    row = await find(inbox.database, Subscription, "sub_1")
    assert row is not None
    assert row.status == "canceled"
    assert stripe_stub.reads[SUB_1] == 2


async def test_a_deleted_object_becomes_a_tombstone(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker
):
    about = {"object": "customer", "id": "cus_1", "deleted": True}
    await inbox.post(stripe_event("evt_1", about, type="customer.deleted"))

    await worker.drain()

    row = await find(inbox.database, Customer, "cus_1")
    assert row is not None
    assert row.deleted_at is not None


async def test_what_an_object_refers_to_is_read_as_well(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker
):
    metered = stripe_objects.price("price_1", meter="mtr_1")
    item = stripe_objects.subscription_item(price=metered)
    stripe_stub.holds("subscriptions", subscription(1, items=[item]))
    stripe_stub.holds("prices", metered)
    stripe_stub.holds("billing/meters", stripe_objects.meter("mtr_1"))
    await inbox.post(subscription_event("evt_1"))

    await worker.drain()

    assert await find(inbox.database, Price, "price_1") is not None
    assert await find(inbox.database, Meter, "mtr_1") is not None


async def test_a_change_of_a_subscription_or_invoice_lets_the_preview_be_read_at_once(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker
):
    stripe_stub.holds("customers", stripe_objects.customer("cus_1"))
    stripe_stub.holds("invoices", stripe_objects.invoice("in_1"))
    await inbox.post(stripe_event("evt_1", {"object": "invoice", "id": "in_1"}))

    await worker.drain()

    assert await find(inbox.database, Invoice, "in_1") is not None
    assert stripe_stub.reads["/v1/subscriptions"] == 1


async def test_a_change_of_a_price_lets_only_watched_customers_be_read_at_once(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker, clock: FrozenClock
):
    for number in (1, 2):
        stripe_stub.holds("subscriptions", subscription(number))
        await inbox.post(subscription_event(f"evt_{number}", f"sub_{number}"))
    await worker.drain()
    stripe_stub.reads.clear()
    async with inbox.database.transaction() as session:
        until = clock.now() + timedelta(seconds=30)
        await watched_customers.watch(session, CustomerId("cus_2"), until)
    before = [await version(inbox.database, f"cus_{number}") for number in (1, 2)]

    stripe_stub.holds("prices", stripe_objects.price("price_1", nickname="Better"))
    await inbox.post(stripe_event("evt_3", {"object": "price", "id": "price_1"}))
    await worker.drain()

    after = [await version(inbox.database, f"cus_{number}") for number in (1, 2)]
    assert stripe_stub.reads["/v1/subscriptions"] == 1
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2]


async def test_a_poisoned_object_is_parked_with_its_error_and_the_others_go_on(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker, clock: FrozenClock
):
    poison = subscription(1, currency=None)
    stripe_stub.holds("subscriptions", poison, subscription(2))
    await inbox.post(subscription_event("evt_1", "sub_1"))
    await inbox.post(subscription_event("evt_2", "sub_2"))

    await worker.drain()
    assert (await inbox.events())["evt_2"].status == EventStatus.APPLIED
    await drain_until_parked(worker, clock)

    event = (await inbox.events())["evt_1"]
    assert event.status == EventStatus.PARKED
    assert event.error is not None
    assert "currency" in event.error
    async with inbox.database.reading() as session:
        [item] = await work_queue.list_parked(session, STRIPE_OBJECTS)
    assert (item.key, item.error) == ("subscription/sub_1", event.error)
    assert stripe_stub.reads[SUB_1] == ATTEMPTS


async def test_a_new_event_frees_a_parked_object_and_settles_the_old_events_too(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker, clock: FrozenClock
):
    stripe_stub.failures[SUB_1] = 400
    await inbox.post(subscription_event("evt_1"))
    await drain_until_parked(worker, clock)
    assert (await inbox.events())["evt_1"].status == EventStatus.PARKED
    del stripe_stub.failures[SUB_1]
    stripe_stub.holds("subscriptions", subscription(1))

    await inbox.post(subscription_event("evt_2"))
    await worker.drain()

    events = (await inbox.events()).values()
    assert {(event.status, event.error) for event in events} == {(EventStatus.APPLIED, None)}


async def test_while_stripe_is_away_nothing_is_parked_and_all_is_applied_afterwards(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker, clock: FrozenClock
):
    stripe_stub.failures[SUB_1] = 503
    await inbox.post(subscription_event("evt_1"))
    for _ in range(3 * ATTEMPTS):
        await worker.drain()
        clock.advance(timedelta(minutes=6))
    assert (await inbox.events())["evt_1"].status == EventStatus.PENDING

    stripe_stub.failures.clear()
    stripe_stub.holds("subscriptions", subscription(1))
    clock.advance(timedelta(minutes=6))
    await worker.drain()

    assert (await inbox.events())["evt_1"].status == EventStatus.APPLIED


async def test_a_key_that_stripe_does_not_accept_parks_nothing(
    inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker, clock: FrozenClock
):
    stripe_stub.failures[SUB_1] = 401
    await inbox.post(subscription_event("evt_1"))

    await drain_until_parked(worker, clock)

    assert (await inbox.events())["evt_1"].status == EventStatus.PENDING


async def test_a_worker_that_vanished_leaves_its_object_to_the_next_one(
    any_database: Database,
    stripe_stub: StubStripe,
    make_worker: Callable[[Database], InboxWorker],
    clock: FrozenClock,
):
    stripe_stub.holds("subscriptions", subscription(1))
    await mark(any_database, clock, "subscription/sub_1")
    async with any_database.transaction() as session:
        await work_queue.claim(session, STRIPE_OBJECTS, clock.now(), 10)
    worker = make_worker(any_database)

    await worker.drain()
    assert await find(any_database, Subscription, "sub_1") is None
    clock.advance(timedelta(seconds=LEASE_SECONDS))
    await worker.drain()

    assert await find(any_database, Subscription, "sub_1") is not None


async def test_two_workers_on_one_database_never_read_one_object_at_once(
    any_database: Database,
    stripe_stub: StubStripe,
    make_worker: Callable[[Database], InboxWorker],
    clock: FrozenClock,
):
    names = [f"sub_{number}" for number in range(12)]
    stripe_stub.holds("subscriptions", *map(subscription, range(12)))
    stripe_stub.delay_seconds = lambda: 0.002
    await mark(any_database, clock, *(f"subscription/{name}" for name in names))

    await asyncio.gather(*(make_worker(any_database).drain() for _ in range(2)))

    async with any_database.reading() as session:
        assert set(await session.exec(select(Subscription.id))) == set(names)
    assert {stripe_stub.most_in_flight[f"/v1/subscriptions/{name}"] for name in names} == {1}


async def test_the_running_worker_notices_marks_by_itself(
    any_database: Database,
    stripe_stub: StubStripe,
    make_worker: Callable[[Database], InboxWorker],
    clock: FrozenClock,
):
    stripe_stub.holds("subscriptions", subscription(1))
    running = asyncio.ensure_future(make_worker(any_database).run())

    await mark(any_database, clock, "subscription/sub_1")
    await asyncio.wait_for(stripe_stub.until_asked(SUB_1), timeout=10)

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.long
async def test_a_read_that_takes_longer_than_its_lease_keeps_it(
    inbox: Inbox,
    stripe_stub: StubStripe,
    make_worker: Callable[[Database], InboxWorker],
    clock: FrozenClock,
):
    stripe_stub.holds("subscriptions", subscription(1))
    stripe_stub.gates[SUB_1] = asyncio.Event()
    await mark(inbox.database, clock, "subscription/sub_1")
    slow = asyncio.ensure_future(make_worker(inbox.database).drain())
    await stripe_stub.until_asked(SUB_1)
    clock.advance(timedelta(seconds=LEASE_SECONDS * 0.9))
    await until_leased_beyond(inbox.database, clock.now() + timedelta(seconds=LEASE_SECONDS * 0.9))
    clock.advance(timedelta(seconds=LEASE_SECONDS * 0.9))

    await make_worker(inbox.database).drain()
    stripe_stub.gates[SUB_1].set()
    await slow

    assert stripe_stub.reads[SUB_1] == 1
    assert await find(inbox.database, Subscription, "sub_1") is not None


async def until_leased_beyond(database: Database, moment: datetime) -> None:
    """Wait for the lease to be extended, which happens in real time."""
    async with asyncio.timeout(2 * LEASE_SECONDS):
        while True:
            async with database.reading() as session:
                [item] = await session.exec(select(WorkItem))
            if item.leased_until is not None and item.leased_until >= moment:
                return
            await asyncio.sleep(0.05)
