"""Events and objects that are tried again because a person says so."""

import json
from collections.abc import Iterable

from portal import work_queue
from portal.clock import Clock
from portal.database import Database, Session
from portal.errors import InvalidInput, NotFound
from portal.inbox.handlers import concerned
from portal.records import stripe_events
from portal.records.stripe_events import STRIPE_OBJECTS, StripeEvent, object_key


async def replay_event(database: Database, clock: Clock, event_id: str) -> str:
    """Let one event's object be read again; gives back the object's key.

    What the event is about is decided anew, so that one which was ignored by an older portal is
    understood by a newer one.
    """
    async with database.transaction() as session:
        event = await stripe_events.find_event(session, event_id)
        if event is None:
            raise NotFound(f"No event {event_id} has arrived.")
        keys = await _reopen(session, [event], clock)
    if not keys:
        raise InvalidInput(f"{event_id} ({event.type}) is about nothing that the portal mirrors.")
    return keys.pop()


async def replay_type(database: Database, clock: Clock, event_type: str) -> set[str]:
    """Let the objects of all events of a type be read again; gives back their keys."""
    async with database.transaction() as session:
        events = await stripe_events.list_events_of_type(session, event_type)
        return await _reopen(session, events, clock)


async def replay_parked(database: Database, clock: Clock) -> set[str]:
    """Give everything that is parked all its attempts back; gives back the keys."""
    async with database.transaction() as session:
        parked = {item.key for item in await work_queue.list_parked(session, STRIPE_OBJECTS)}
        await work_queue.replay(session, STRIPE_OBJECTS, parked, clock.now())
        return parked


async def _reopen(session: Session, events: Iterable[StripeEvent], clock: Clock) -> set[str]:
    understood = [(event, concerned(json.loads(event.payload))) for event in events]
    about = [(event, target) for event, target in understood if target]
    keys = {object_key(target.kind, target.id) for _, target in about}
    await work_queue.replay(session, STRIPE_OBJECTS, keys, clock.now())
    for event, target in about:
        stripe_events.reopen(session, event, target.kind, target.id)
    return keys
