"""Stripe answers late and out of order, and many revisions share a second: no row may end stale.

The stub snapshots the object when the request arrives and answers 5 to 500 ms later, so that a
later request is often answered earlier; four revisions of an object share one second of `created`.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from sqlmodel import func, select

from portal.changes import Changes
from portal.clock import SystemClock, to_epoch
from portal.database import Database
from portal.inbox.worker import InboxWorker
from portal.mirror.tables import Subscription
from portal.stripe_gateway.client import Gateway
from portal.work_queue import WorkItem
from tests import stripe_objects
from tests.fixtures.database import NOON
from tests.fixtures.inbox import Inbox, open_inbox, subscription_event
from tests.stub_stripe import StubStripe

IN_FLIGHT = 16
REVISIONS = 19
REVISIONS_A_SECOND = 4
PACE_SECONDS = 0.03
DEADLINE_SECONDS = 60


def revise(stub: StubStripe, number: int, revision: int) -> None:
    """Let the stub's subscription be at a revision; all of them are one customer's."""
    own = f"sub_{number}"
    item = stripe_objects.subscription_item(
        f"si_{number}", price=stripe_objects.price(), subscription=own
    )
    changes = {"items": [item], "metadata": {"revision": revision}}
    stub.holds("subscriptions", stripe_objects.subscription(own, **changes))


async def flood(inbox: Inbox, stub: StubStripe, subscriptions: int) -> None:
    """Revise every subscription again and again, and post each revision's event meanwhile."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def post(number: int, revision: int) -> None:
        created = to_epoch(NOON) + revision // REVISIONS_A_SECOND
        event = subscription_event(f"evt_{number}_{revision}", f"sub_{number}", created=created)
        async with gate:
            revise(stub, number, revision)
            await asyncio.sleep(PACE_SECONDS * random.random())
            assert (await inbox.post(event)).status_code == 200

    async with asyncio.TaskGroup() as posts:
        for revision in range(1, REVISIONS + 1):
            for number in random.sample(range(subscriptions), subscriptions):
                posts.create_task(post(number, revision))


async def until_nothing_waits(database: Database) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            async with database.reading() as session:
                if (await session.exec(select(func.count()).select_from(WorkItem))).one() == 0:
                    return
            await asyncio.sleep(0.05)


async def stale(database: Database, stub: StubStripe) -> list[str]:
    """The subscriptions whose row is not what Stripe has."""
    async with database.reading() as session:
        rows = await session.exec(select(Subscription))
        held = {row.id: row.stripe_object["metadata"]["revision"] for row in rows}
    return [
        one["id"]
        for one in stub.objects.values()
        if held.get(one["id"]) != one["metadata"]["revision"]
    ]


@asynccontextmanager
async def running(workers: Sequence[InboxWorker]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(worker.run()) for worker in workers]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def race(
    database: Database, stub: StubStripe, gateway: Gateway, subscriptions: int, workers: int
) -> list[str]:
    """The stale rows at the end."""
    stub.delay_seconds = lambda: random.uniform(0.005, 0.5)
    made = [
        InboxWorker(gateway, database, Changes(database), SystemClock()) for _ in range(workers)
    ]
    async with open_inbox(database, SystemClock()) as inbox, running(made):
        await flood(inbox, stub, subscriptions)
        await until_nothing_waits(database)
    return await stale(database, stub)


async def test_no_row_of_40_is_stale_after_760_events(
    database: Database, stripe_stub: StubStripe, stub_gateway: Gateway
):
    assert await race(database, stripe_stub, stub_gateway, subscriptions=40, workers=1) == []

    reads = sum(stripe_stub.reads[path] for path in stripe_stub.objects)
    assert reads < 40 * REVISIONS / 2


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 3])
async def test_no_row_is_stale_however_many_workers_there_are(
    any_database: Database, stripe_stub: StubStripe, stub_gateway: Gateway, workers: int
):
    assert await race(any_database, stripe_stub, stub_gateway, 40, workers) == []
