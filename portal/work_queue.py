"""A small queue in the database: claim with a lease, back off, park, replay.

An item is a key, not a message: marking a key that already waits merges with it, so a burst costs
one run. What an item means is its worker's business; nothing here knows of Stripe.
"""

import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Index,
    Row,
    Table,
    Update,
    case,
    delete,
    false,
    func,
    null,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel

from portal.database import PlainConnection, Session, UtcDateTime

ATTEMPTS = 8
LEASE_SECONDS = 10.0
_FIRST_DELAY_SECONDS = 2.0
_SHORTEST_WAIT_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 60.0


class WorkItem(SQLModel, table=True):
    """A key with work to do; `mark` counts how often that was said."""

    __tablename__ = "work_item"
    __table_args__ = (Index(None, "queue", "due_at"),)

    queue: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    mark: int
    due_at: datetime = Field(sa_type=UtcDateTime)
    lease: str | None = None
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int
    error: str | None = None
    parked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one item until its lease runs out."""

    queue: str
    key: str
    mark: int
    lease: str
    attempts: int
    created_at: datetime
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item whose last run failed; parked, it waits for a new mark or a person."""

    key: str
    error: str
    attempts: int
    due_at: datetime
    parked_at: datetime | None


_items: Table = SQLModel.metadata.tables["work_item"]
_c = _items.c
_RELEASED: dict[str, Any] = {"lease": None, "leased_until": None}


async def mark(session: Session, queue: str, keys: Iterable[str], now: datetime) -> None:
    """Say that the keys have work to do, now, whatever was claimed before this moment.

    A parked key gets one more chance: it keeps its count of attempts, so that a key which always
    fails costs one run for each mark and not a whole series.
    """
    await (await session.connection()).run_sync(mark_on, queue, keys, now)


def mark_on(connection: PlainConnection, queue: str, keys: Iterable[str], now: datetime) -> None:
    """The same as `mark`, on a plain connection."""
    _put(connection, queue, keys, now)


async def replay(session: Session, queue: str, keys: Iterable[str], now: datetime) -> None:
    """Mark the keys and forget how often they failed: a person believes the cause is mended."""
    connection = await session.connection()
    await connection.run_sync(_put, queue, keys, now, forget_attempts=True)


async def ensure(session: Session, queue: str, keys: Iterable[str], now: datetime) -> None:
    """Queue the keys that are not queued yet; of the others only the parked ones are touched."""
    connection = await session.connection()
    await connection.run_sync(_put, queue, keys, now, only_parked=True)


async def has_due(session: Session, queue: str, now: datetime) -> bool:
    """Whether anything could be claimed; asked first because a claim takes the write lock."""
    return await _any(session, select(_c.key).where(_claimable(queue, now)).limit(1))


async def claim(
    session: Session, queue: str, now: datetime, limit: int, lease_seconds: float = LEASE_SECONDS
) -> list[Claim]:
    """Take up to `limit` due items that nobody holds, the longest due first."""
    lease = secrets.token_hex(8)
    due = (
        select(_c.key)
        .where(_claimable(queue, now))
        .order_by(_c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(_items)
        .where(_c.queue == queue, _c.key.in_(select(due.c.key)))
        .values(lease=lease, leased_until=now + timedelta(seconds=lease_seconds))
        .returning(_c.key, _c.mark, _c.attempts, _c.created_at)
    )
    rows = await _run(session, taken)
    return [Claim(queue, row[0], row[1], lease, row[2], row[3], now) for row in rows]


async def extend(
    session: Session, held: Claim, now: datetime, lease_seconds: float = LEASE_SECONDS
) -> bool:
    """Keep a claim for longer; False when it was lost meanwhile."""
    longer = _held(held).values(leased_until=now + timedelta(seconds=lease_seconds))
    return await _any(session, longer.returning(_c.key))


async def finish(session: Session, held: Claim) -> bool:
    """Remove the item if nothing was marked since the claim and the claim is still ours.

    Otherwise False: with a newer mark the item is let go and runs again; a claim that was lost
    changes nothing at all. The mark alone would not do, because an item that was removed and
    marked anew counts from one again.
    """
    done = delete(_items).where(*_ours(held), _c.mark == held.mark)
    if await _any(session, done.returning(_c.key)):
        return True
    again = {"attempts": 0, "error": None, "created_at": held.claimed_at}
    await _run(session, _held(held).values(**_RELEASED, **again))
    return False


async def fail(session: Session, held: Claim, error: str, now: datetime) -> bool:
    """Let the item go after a failure of its own; True when that parked it.

    The delays double from two seconds, each cut by up to a half so that items which failed
    together do not come back together. After the last attempt the item is parked, unless it was
    marked anew meanwhile: a newer mark has its own chance.
    """
    attempts = held.attempts + 1
    last = (_c.mark == held.mark) if attempts >= ATTEMPTS else false()
    failed = _later(held, error, now, _FIRST_DELAY_SECONDS * 2**held.attempts).values(
        attempts=attempts, parked_at=case((last, now), else_=null())
    )
    rows = await _run(session, failed.returning(_c.parked_at))
    return any(parked_at is not None for (parked_at,) in rows)


async def postpone(session: Session, held: Claim, error: str | None, now: datetime) -> None:
    """Let the item go for a reason that is not its own fault: it never parks for that.

    It waits half as long again as it has waited already, from two seconds to a minute.
    """
    waited = (now - held.created_at).total_seconds() / 2
    delay = min(max(waited, _SHORTEST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)
    await _run(session, _later(held, error, now, delay))


async def list_failed(session: Session, queue: str) -> list[FailedItem]:
    """The items whose last run failed, parked or to be tried again, the longest queued first."""
    wanted = (
        select(_c.key, _c.error, _c.attempts, _c.due_at, _c.parked_at)
        .where(_c.queue == queue, _c.error.is_not(None))
        .order_by(_c.created_at, _c.key)
    )
    return [FailedItem(*row) for row in await _run(session, wanted)]


async def list_parked(session: Session, queue: str) -> list[FailedItem]:
    """The items that wait for a new mark or a person."""
    return [item for item in await list_failed(session, queue) if item.parked_at]


async def find_error(session: Session, queue: str, key: str) -> str | None:
    """Why the item has not been finished yet; None when nothing failed, or nothing is queued."""
    wanted = select(_c.error).where(_c.queue == queue, _c.key == key)
    return next((row.error for row in await _run(session, wanted)), None)


async def count_waiting(session: Session, queue: str, prefix: str = "") -> int:
    """How many items with that beginning are queued and not parked."""
    wanted = select(func.count()).where(
        _c.queue == queue, _c.parked_at.is_(None), _c.key.startswith(prefix, autoescape=True)
    )
    [(counted,)] = await _run(session, wanted)
    return int(counted)


def _put(
    connection: PlainConnection, /, queue: str, keys: Iterable[str], now: datetime, **how: bool
) -> None:
    first = {"queue": queue, "mark": 1, "due_at": now, "attempts": 0, "created_at": now}
    # Sorted, because two transactions that lock the same rows in two orders wait for each other.
    rows = [{**first, "key": key} for key in sorted(set(keys))]
    if rows:
        connection.execute(_upsert(connection.dialect.name, **how), rows)


@cache
def _upsert(
    dialect: str, *, forget_attempts: bool = False, only_parked: bool = False
) -> Executable:
    new = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(_items)
    # An item that is due already keeps its place in the line.
    due_at = case((_c.due_at > new.excluded.due_at, new.excluded.due_at), else_=_c.due_at)
    again = {"mark": _c.mark + 1, "due_at": due_at, "parked_at": null()}
    if forget_attempts:
        again["attempts"] = new.excluded.attempts
    only = _c.parked_at.is_not(None) if only_parked else None
    return new.on_conflict_do_update(index_elements=["queue", "key"], set_=again, where=only)


def _claimable(queue: str, now: datetime) -> ColumnElement[bool]:
    free = _c.leased_until.is_(None) | (_c.leased_until <= now)
    return (_c.queue == queue) & _c.parked_at.is_(None) & (_c.due_at <= now) & free


def _ours(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return (_c.queue == held.queue, _c.key == held.key, _c.lease == held.lease)


def _held(held: Claim) -> Update:
    return update(_items).where(*_ours(held))


def _later(held: Claim, error: str | None, now: datetime, delay_seconds: float) -> Update:
    jittered = timedelta(seconds=delay_seconds * random.uniform(0.5, 1))
    return _held(held).values(**_RELEASED, error=error, due_at=now + jittered)


async def _any(session: Session, statement: Executable) -> bool:
    return bool(await _run(session, statement))


async def _run(session: Session, statement: Executable) -> list[Row[*tuple[Any, ...]]]:
    # On the connection: these are plain statements that the session's objects have no part in.
    result = await (await session.connection()).execute(statement)
    return list(result.all()) if result.returns_rows else []
