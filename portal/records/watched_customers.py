"""Whose usage is read when: customers with an open page often, the others now and then.

Stripe announces no usage, so it has to be asked for; this says for whom that is due.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel, col, select, update

from portal.database import Session, UtcDateTime
from portal.stripe_ids import CustomerId


class WatchedCustomer(SQLModel, table=True):
    """A customer, until when somebody looks at it, and when its usage was last asked for."""

    __tablename__ = "watched_customer"

    customer_id: str = Field(primary_key=True)
    watched_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refreshed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


_customers: Table = SQLModel.metadata.tables["watched_customer"]


async def watch(session: Session, customer: CustomerId, until: datetime) -> None:
    """Somebody looks at the customer, until that moment."""
    await _put(
        session, [{"customer_id": customer, "watched_until": until}], {"watched_until": until}
    )


async def enrol(session: Session, customers: Iterable[CustomerId]) -> None:
    """Let these customers be read now and then; those that are known already stay as they are."""
    await _put(session, [{"customer_id": one} for one in sorted(set(customers))], {})


async def list_due(session: Session, now: datetime, every: timedelta) -> list[CustomerId]:
    """The watched customers whose usage was last asked for at least that long ago."""
    due = select(WatchedCustomer.customer_id).where(_watched(now), _unasked(now, every))
    return [CustomerId(one) for one in await session.exec(due)]


async def list_due_unwatched(
    session: Session, now: datetime, every: timedelta, limit: int
) -> list[CustomerId]:
    """Up to `limit` of the due customers that nobody looks at, the longest due first."""
    due = (
        select(WatchedCustomer.customer_id)
        .where(_unwatched(now), _unasked(now, every))
        .order_by(col(WatchedCustomer.refreshed_at).nulls_first())
        .limit(limit)
    )
    return [CustomerId(one) for one in await session.exec(due)]


async def list_watched(session: Session, now: datetime) -> set[CustomerId]:
    """The customers that somebody looks at."""
    watched = select(WatchedCustomer.customer_id).where(_watched(now))
    return {CustomerId(one) for one in await session.exec(watched)}


async def note_asked(session: Session, customers: Sequence[CustomerId], now: datetime) -> None:
    """Their usage has just been asked for."""
    of_these = col(WatchedCustomer.customer_id).in_(sorted(customers))
    await session.exec(update(WatchedCustomer).where(of_these).values(refreshed_at=now))


def _watched(now: datetime) -> ColumnElement[bool]:
    return col(WatchedCustomer.watched_until) > now


def _unwatched(now: datetime) -> ColumnElement[bool]:
    until = col(WatchedCustomer.watched_until)
    return or_(until.is_(None), until <= now)


def _unasked(now: datetime, every: timedelta) -> ColumnElement[bool]:
    asked_at = col(WatchedCustomer.refreshed_at)
    return or_(asked_at.is_(None), asked_at <= now - every)


async def _put(session: Session, rows: Sequence[dict[str, Any]], again: dict[str, Any]) -> None:
    if not rows:
        return
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(_customers)
    conflict = (
        new.on_conflict_do_update(index_elements=["customer_id"], set_=again)
        if again
        else new.on_conflict_do_nothing()
    )
    await (await session.connection()).execute(conflict, rows)
