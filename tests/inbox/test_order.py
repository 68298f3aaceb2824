"""No order, number or delay of events and reads leaves a row behind what Stripe says in the end."""

import asyncio
import random
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel, select

from portal.database import Database
from portal.inbox.worker import InboxWorker
from portal.mirror.tables import Subscription
from portal.records.stripe_events import EventStatus
from tests import stripe_objects
from tests.fixtures.inbox import Inbox, subscription_event
from tests.stripe_objects import StripeObject
from tests.stub_stripe import StubStripe

# Each revision of an object: which subscription it is, and whether it is gone by then.
revisions = st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=10)


def revised(number: int, revision: int) -> StripeObject:
    """A subscription whose revision can be told from its status and, roughly, from its items."""
    own = f"sub_{number}"
    items = [
        stripe_objects.subscription_item(
            f"si_{number}_{item}", price=stripe_objects.price(), subscription=own
        )
        for item in range(revision % 3 + 1)
    ]
    changes = {"customer": f"cus_{number}", "status": f"state {revision}", "items": items}
    return stripe_objects.subscription(own, **changes)


async def forget_everything(database: Database) -> None:
    async with database.transaction() as session:
        for table in SQLModel.metadata.sorted_tables:
            await (await session.connection()).execute(table.delete())


async def mirrored(database: Database) -> dict[str, str | None]:
    """The status of each subscription; None for a deleted one."""
    async with database.reading() as session:
        rows = await session.exec(select(Subscription))
        return {row.id: None if row.deleted_at else row.status for row in rows}


async def until_all_is_quiet(inbox: Inbox, worker: InboxWorker) -> None:
    """Drain, and once more when what was put off is due."""
    await worker.drain()
    inbox.clock.advance(timedelta(hours=1))
    await worker.drain()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(revisions, st.randoms(use_true_random=False))
async def test_events_thrice_and_shuffled_leave_the_tables_as_stripe_has_them(
    inbox: Inbox,
    stripe_stub: StubStripe,
    worker: InboxWorker,
    made: list[tuple[int, bool]],
    chance: random.Random,
):
    """Any part of the deliveries comes before the next revision is made, the rest at the end."""
    await forget_everything(inbox.database)
    stripe_stub.objects.clear()
    expected: dict[str, str | None] = {}
    waiting: list[dict[str, Any]] = []
    for revision, (number, is_gone) in enumerate(made):
        own = f"sub_{number}"
        stripe_stub.objects.pop(f"/v1/subscriptions/{own}", None)
        if not is_gone:
            stripe_stub.holds("subscriptions", revised(number, revision))
        expected[own] = None if is_gone else f"state {revision}"
        waiting += 3 * [subscription_event(f"evt_{revision}", own)]
        chance.shuffle(waiting)
        sent = [waiting.pop() for _ in range(chance.randint(0, len(waiting)))]
        await asyncio.gather(*map(inbox.post, sent), worker.drain())
    await asyncio.gather(*map(inbox.post, waiting))
    await until_all_is_quiet(inbox, worker)

    assert await mirrored(inbox.database) == expected
    events = (await inbox.events()).values()
    assert {(event.deliveries, event.status) for event in events} == {(3, EventStatus.APPLIED)}
    assert await inbox.queued_keys() == []
