"""Stripe's events as they arrived: each id once, kept before anything is done about it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Executable, Index, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel, col, select, update

from portal.database import PlainConnection, Session, UtcDateTime

STRIPE_OBJECTS = "stripe_object"
# Not a kind of Stripe's: a customer's usage and the preview of the next invoice, read together.
USAGE = "usage"


class EventStatus(StrEnum):
    """What became of an event."""

    PENDING = "pending"
    APPLIED = "applied"
    IGNORED = "ignored"
    PARKED = "parked"


class StripeEvent(SQLModel, table=True):
    """One event, the mirrored object that it says has changed, and how that ended."""

    __tablename__ = "stripe_event"
    __table_args__ = (
        Index(None, "object_kind", "object_id"),
        Index(None, "status", "received_at"),
    )

    event_id: str = Field(primary_key=True)
    type: str
    object_kind: str | None
    object_id: str | None
    api_version: str | None
    livemode: bool
    created_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    payload: str = Field(sa_type=Text)
    deliveries: int
    status: str
    error: str | None = None
    handled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ArrivedEvent(NamedTuple):
    """A verified event on its way into the table; without an object it is kept and ignored."""

    event_id: str
    type: str
    object_kind: str | None
    object_id: str | None
    api_version: str | None
    livemode: bool
    created_at: datetime
    received_at: datetime
    payload: str

    @property
    def object_key(self) -> str | None:
        """The key under which its object is queued for a new read."""
        if self.object_kind is None or self.object_id is None:
            return None
        return object_key(self.object_kind, self.object_id)


_events: Table = SQLModel.metadata.tables["stripe_event"]


def object_key(kind: str, object_id: str) -> str:
    """The key of an object in the queue STRIPE_OBJECTS, "invoice/in_1"."""
    return f"{kind}/{object_id}"


def list_new(connection: PlainConnection, arrived: Sequence[ArrivedEvent]) -> list[ArrivedEvent]:
    """Those of the events that are not in the table yet, each once."""
    once = {event.event_id: event for event in arrived}
    known = select(_events.c.event_id).where(_events.c.event_id.in_(list(once)))
    found = set(connection.execute(known).scalars())
    return [event for event_id, event in once.items() if event_id not in found]


def keep(connection: PlainConnection, arrived: Sequence[ArrivedEvent]) -> None:
    """Insert the events; of those that are there already, or twice here, only count the delivery.

    On a plain connection, because everybody who sends an event waits for this one.
    """
    deliveries = Counter(event.event_id for event in arrived)
    once = {event.event_id: event for event in arrived}
    # Sorted, because two batches that lock the same rows in two orders wait for each other.
    rows = [_row(once[event_id], deliveries[event_id]) for event_id in sorted(once)]
    connection.execute(_insert_or_count(connection.dialect.name), rows)


async def settle(session: Session, kind: str, object_id: str, now: datetime) -> None:
    """The object has been read again and applied: so are all its events up to here."""
    waiting = (EventStatus.PENDING, EventStatus.PARKED)
    outcome = {"status": EventStatus.APPLIED, "error": None, "handled_at": now}
    await _close(session, kind, object_id, waiting, outcome)


async def park(session: Session, kind: str, object_id: str, error: str, now: datetime) -> None:
    """The object has been given up for now: its waiting events say why."""
    outcome = {"status": EventStatus.PARKED, "error": error, "handled_at": now}
    await _close(session, kind, object_id, (EventStatus.PENDING,), outcome)


def reopen(session: Session, event: StripeEvent, kind: str, object_id: str) -> None:
    """Let the event wait again, for the object that it is about by today's understanding."""
    event.object_kind, event.object_id = kind, object_id
    event.status, event.error, event.handled_at = EventStatus.PENDING, None, None
    session.add(event)


async def find_event(session: Session, event_id: str) -> StripeEvent | None:
    """The event of this id, if it ever arrived."""
    return await session.get(StripeEvent, event_id)


async def list_events(
    session: Session, *, status: EventStatus | None = None, limit: int = 50
) -> list[StripeEvent]:
    """The events that arrived last, the newest first; only those of a status, if one is named."""
    newest = select(StripeEvent).order_by(col(StripeEvent.received_at).desc()).limit(limit)
    if status is not None:
        newest = newest.where(StripeEvent.status == status)
    return list(await session.exec(newest))


async def list_events_of_type(session: Session, event_type: str) -> list[StripeEvent]:
    """All events of a type, the newest first."""
    wanted = select(StripeEvent).where(StripeEvent.type == event_type)
    return list(await session.exec(wanted.order_by(col(StripeEvent.received_at).desc())))


@cache
def _insert_or_count(dialect: str) -> Executable:
    new = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(_events)
    counted = {"deliveries": _events.c.deliveries + new.excluded.deliveries}
    return new.on_conflict_do_update(index_elements=["event_id"], set_=counted)


def _row(event: ArrivedEvent, deliveries: int) -> dict[str, Any]:
    status = EventStatus.IGNORED if event.object_key is None else EventStatus.PENDING
    return {**event._asdict(), "deliveries": deliveries, "status": status.value}


async def _close(
    session: Session,
    kind: str,
    object_id: str,
    waiting: Sequence[EventStatus],
    outcome: dict[str, Any],
) -> None:
    of_object = (col(StripeEvent.object_kind) == kind, col(StripeEvent.object_id) == object_id)
    open_still = col(StripeEvent.status).in_(waiting)
    await session.exec(update(StripeEvent).where(*of_object, open_still).values(outcome))
