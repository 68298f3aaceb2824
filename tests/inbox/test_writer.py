"""Group commit: one row for each event, one mark for each object, and no event lost or doubled."""

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete, select

from portal.clock import FrozenClock
from portal.database import Database
from portal.inbox.writer import LARGEST_BATCH, LONGEST_LINE, InboxWriter, NotKept
from portal.records.stripe_events import ArrivedEvent, StripeEvent
from portal.work_queue import WorkItem
from tests.fixtures.database import NOON


def arrived(event_id: str, subscription: str = "sub_1", **changes: object) -> ArrivedEvent:
    row: dict[str, object] = {
        "event_id": event_id,
        "type": "customer.subscription.updated",
        "object_kind": "subscription",
        "object_id": subscription,
        "api_version": None,
        "livemode": False,
        "created_at": NOON,
        "received_at": NOON,
        "payload": "{}",
    }
    return ArrivedEvent(**{**row, **changes})  # type: ignore[arg-type]


def no_one() -> None:
    """Nobody wants to be woken."""


async def deliveries(any_database: Database) -> dict[str, int]:
    async with any_database.reading() as session:
        rows = await session.exec(select(StripeEvent.event_id, StripeEvent.deliveries))
        return dict(rows.all())


async def marks(any_database: Database) -> dict[str, int]:
    async with any_database.reading() as session:
        return dict((await session.exec(select(WorkItem.key, WorkItem.mark))).all())


async def keep_all(writer: InboxWriter, events: list[ArrivedEvent]) -> list[BaseException | None]:
    return await asyncio.gather(*map(writer.keep, events), return_exceptions=True)


async def test_a_burst_on_one_object_is_kept_whole_and_marks_it_once_a_commit(
    any_database: Database, clock: FrozenClock
):
    burst = [arrived(f"evt_{n}") for n in range(3 * LARGEST_BATCH)]

    async with InboxWriter(any_database, clock, no_one) as writer:
        assert set(await keep_all(writer, burst)) == {None}

    assert await deliveries(any_database) == {event.event_id: 1 for event in burst}
    assert (await marks(any_database))["subscription/sub_1"] <= 4


async def test_twins_within_one_batch_are_one_event_delivered_twice(
    any_database: Database, clock: FrozenClock
):
    async with InboxWriter(any_database, clock, no_one) as writer:
        await keep_all(writer, [arrived("evt_1"), arrived("evt_2"), arrived("evt_1")])

    assert await deliveries(any_database) == {"evt_1": 2, "evt_2": 1}


async def test_an_event_that_the_database_will_not_have_does_not_take_others_along(
    any_database: Database, clock: FrozenClock
):
    naive = arrived("evt_bad", created_at=NOON.replace(tzinfo=None))
    events = [arrived("evt_1"), naive, arrived("evt_2")]

    async with InboxWriter(any_database, clock, no_one) as writer:
        outcomes = await keep_all(writer, events)

    assert [type(outcome) for outcome in outcomes] == [type(None), NotKept, type(None)]
    assert await deliveries(any_database) == {"evt_1": 1, "evt_2": 1}


async def test_everything_queued_is_committed_before_the_writer_ends(
    any_database: Database, clock: FrozenClock
):
    async with InboxWriter(any_database, clock, no_one) as writer:
        waiting = [asyncio.ensure_future(writer.keep(arrived(f"evt_{n}"))) for n in range(700)]
        await asyncio.sleep(0)

    await asyncio.gather(*waiting)
    assert len(await deliveries(any_database)) == 700


async def test_a_writer_that_has_ended_refuses(any_database: Database, clock: FrozenClock):
    async with InboxWriter(any_database, clock, no_one) as writer:
        pass

    with pytest.raises(NotKept, match="stopping"):
        await writer.keep(arrived("evt_1"))


async def test_a_line_that_grows_too_long_is_closed(any_database: Database, clock: FrozenClock):
    async with InboxWriter(any_database, clock, no_one) as writer:
        outcomes = await keep_all(writer, [arrived(f"evt_{n}") for n in range(LONGEST_LINE + 5)])

    assert [type(outcome) for outcome in outcomes[-5:]] == [NotKept] * 5
    assert len(await deliveries(any_database)) == LONGEST_LINE


async def test_a_sender_who_gives_up_waiting_harms_nobody(
    any_database: Database, clock: FrozenClock
):
    async with InboxWriter(any_database, clock, no_one) as writer:
        gone = asyncio.ensure_future(writer.keep(arrived("evt_1")))
        stays = asyncio.ensure_future(writer.keep(arrived("evt_2")))
        await asyncio.sleep(0)
        gone.cancel()
        await stays

    assert set(await deliveries(any_database)) >= {"evt_2"}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40))
async def test_deliveries_in_any_number_and_order_add_up(
    any_database: Database, clock: FrozenClock, sent: list[tuple[int, bool]]
):
    """Each delivery is sent with those before it, or after all of them were answered."""
    async with any_database.transaction() as session:
        await session.exec(delete(StripeEvent))
        await session.exec(delete(WorkItem))
    expected = Counter(f"evt_{number}" for number, _ in sent)

    async with InboxWriter(any_database, clock, no_one) as writer, asyncio.TaskGroup() as tasks:
        for number, pauses in sent:
            task = tasks.create_task(writer.keep(arrived(f"evt_{number}", f"sub_{number % 3}")))
            if pauses:
                await task

    assert await deliveries(any_database) == expected
    marked = await marks(any_database)
    assert set(marked) == {f"subscription/sub_{number % 3}" for number, _ in sent}
    assert sum(marked.values()) <= len(expected)
