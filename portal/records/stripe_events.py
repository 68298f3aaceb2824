"""Stripe's events as they arrived: each id once, kept before anything is done about it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Table, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlmodel import Field, SQLModel, col, select, update

from portal.database import Session, UtcDateTime

STRIPE_OBJECTS = "stripe_object"


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


@dataclass(frozen=True, slots=True)
class ArrivedEvent:
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
_ARRIVED = tuple(field.name for field in fields(ArrivedEvent))


def object_key(kind: str, object_id: str) -> str:
    """The key of an object in the queue STRIPE_OBJECTS, "invoice/in_1"."""
    return f"{kind}/{object_id}"


async def keep(session: Session, arrived: Sequence[ArrivedEvent]) -> list[ArrivedEvent]:
    """Insert the events; of those that are there already, or twice here, only count the delivery.

    Gives back the ones that were not there. Plain statements, because everybody who sends an
    event waits for this one.
    """
    deliveries = Counter(event.event_id for event in arrived)
    # Sorted, because two batches that lock the same rows in two orders wait for each other.
    once = sorted({event.event_id: event for event in arrived}.values(), key=_event_id)
    connection = await session.connection()
    known = select(_events.c.event_id).where(_events.c.event_id.in_(list(deliveries)))
    found = set((await connection.execute(known)).scalars())
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    kept = insert(_events)
    counted = {"deliveries": _events.c.deliveries + kept.excluded.deliveries}
    statement = kept.on_conflict_do_update(index_elements=["event_id"], set_=counted)
    await connection.execute(statement, [_row(event, deliveries) for event in once])
    return [event for event in once if event.event_id not in found]


async def settle(session: Session, kind: str, object_id: str, now: datetime) -> None:
    """The object has been read again and applied: so are all its events up to here."""
    waiting = (EventStatus.PENDING, EventStatus.PARKED)
    outcome = {"status": EventStatus.APPLIED, "error": None, "handled_at": now}
    await _close(session, kind, object_id, waiting, outcome)


async def park(session: Session, kind: str, object_id: str, error: str, now: datetime) -> None:
    """The object has been given up for now: its waiting events say why."""
    outcome = {"status": EventStatus.PARKED, "error": error, "handled_at": now}
    await _close(session, kind, object_id, (EventStatus.PENDING,), outcome)


async def reopen(session: Session, event: StripeEvent, kind: str, object_id: str) -> None:
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


def is_about_one_row(error: Exception) -> bool:
    """Whether a failed `keep` may be the fault of one event, and not of the whole database."""
    unbindable = isinstance(error, StatementError) and not isinstance(error, DBAPIError)
    return unbindable or isinstance(error, DataError | IntegrityError)


def _event_id(event: ArrivedEvent) -> str:
    return event.event_id


def _row(event: ArrivedEvent, deliveries: Counter[str]) -> dict[str, Any]:
    status = EventStatus.IGNORED if event.object_key is None else EventStatus.PENDING
    row = {name: getattr(event, name) for name in _ARRIVED}
    return {**row, "deliveries": deliveries[event.event_id], "status": status}


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
