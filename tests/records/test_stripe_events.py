"""The table of events: each id once, and what became of it."""

from portal.clock import FrozenClock
from portal.database import Database
from portal.records import stripe_events
from portal.records.stripe_events import ArrivedEvent, EventStatus, StripeEvent
from tests.fixtures.database import NOON


def arrived(
    event_id: str, invoice: str | None = "in_1", *, type: str = "invoice.paid"
) -> ArrivedEvent:
    kind = "invoice" if invoice else None
    return ArrivedEvent(event_id, type, kind, invoice, None, False, NOON, NOON, "{}")


async def keep(database: Database, *events: ArrivedEvent) -> None:
    await database.on_thread(lambda connection: stripe_events.keep(connection, events))


async def find(database: Database, event_id: str) -> StripeEvent:
    async with database.reading() as session:
        found = await stripe_events.find_event(session, event_id)
    assert found is not None
    return found


async def test_an_event_about_nothing_mirrored_is_ignored_from_the_start(any_database: Database):
    await keep(any_database, arrived("evt_1"), arrived("evt_2", None))

    assert (await find(any_database, "evt_1")).status == EventStatus.PENDING
    assert (await find(any_database, "evt_2")).status == EventStatus.IGNORED


async def test_only_events_that_are_not_there_are_new(any_database: Database):
    await keep(any_database, arrived("evt_1"))

    both = [arrived("evt_1"), arrived("evt_2"), arrived("evt_2")]
    new = await any_database.on_thread(lambda connection: stripe_events.list_new(connection, both))

    assert [event.event_id for event in new] == ["evt_2"]


async def test_a_later_delivery_changes_nothing_but_the_count(
    any_database: Database, clock: FrozenClock
):
    await keep(any_database, arrived("evt_1"))
    async with any_database.transaction() as session:
        await stripe_events.settle(session, "invoice", "in_1", clock.now())

    await keep(any_database, arrived("evt_1", "in_other", type="invoice.voided"))

    event = await find(any_database, "evt_1")
    assert (event.deliveries, event.status) == (2, EventStatus.APPLIED)
    assert (event.object_id, event.type) == ("in_1", "invoice.paid")


async def test_settling_an_object_closes_its_waiting_events_and_no_others(
    any_database: Database, clock: FrozenClock
):
    await keep(any_database, arrived("evt_1"), arrived("evt_2", "in_2"))
    async with any_database.transaction() as session:
        await stripe_events.park(session, "invoice", "in_1", "KeyError: 'lines'", clock.now())
    assert (await find(any_database, "evt_1")).error == "KeyError: 'lines'"

    async with any_database.transaction() as session:
        await stripe_events.settle(session, "invoice", "in_1", clock.now())

    event = await find(any_database, "evt_1")
    assert (event.status, event.error, event.handled_at) == (EventStatus.APPLIED, None, NOON)
    assert (await find(any_database, "evt_2")).status == EventStatus.PENDING


async def test_parking_leaves_what_was_applied_before_alone(
    any_database: Database, clock: FrozenClock
):
    await keep(any_database, arrived("evt_1"))
    async with any_database.transaction() as session:
        await stripe_events.settle(session, "invoice", "in_1", clock.now())

    async with any_database.transaction() as session:
        await stripe_events.park(session, "invoice", "in_1", "broken", clock.now())

    assert (await find(any_database, "evt_1")).status == EventStatus.APPLIED


async def test_events_are_listed_by_status_and_by_type(any_database: Database):
    await keep(any_database, arrived("evt_1"), arrived("evt_2", None, type="charge.succeeded"))

    async with any_database.reading() as session:
        ignored = await stripe_events.list_events(session, status=EventStatus.IGNORED)
        everything = await stripe_events.list_events(session)
        paid = await stripe_events.list_events_of_type(session, "invoice.paid")

    assert [event.event_id for event in ignored] == ["evt_2"]
    assert len(everything) == 2
    assert [event.event_id for event in paid] == ["evt_1"]
