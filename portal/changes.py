"""News about a customer: a durable mark beside the change itself, and a way to wait for marks.

The mark is a version number per customer, raised in the transaction that made the change; so a
crash loses none, and another process on the same database sees it within a second. In the same
process the commit wakes the listeners at once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, SQLModel, col, select

from portal.database import Database, Session
from portal.stripe_ids import CustomerId

POLL_SECONDS = 1.0


class CustomerChange(SQLModel, table=True):
    """How often something about a customer has changed."""

    __tablename__ = "customer_change"

    customer_id: str = Field(primary_key=True)
    version: int


class Changes:
    """Announces that customers have news, and tells those who wait for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[asyncio.Event] = set()

    async def announce(self, session: Session, *customers: CustomerId) -> None:
        """Mark the customers as changed within the caller's transaction; wake on its commit."""
        dialect = session.get_bind().dialect.name
        insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        for customer in sorted(set(customers)):
            statement = insert(CustomerChange).values(customer_id=customer, version=1)
            raised = {"version": col(CustomerChange.version) + 1}
            await session.exec(
                statement.on_conflict_do_update(index_elements=["customer_id"], set_=raised)
            )
        event.listen(session.sync_session, "after_commit", lambda _: self._wake(), once=True)

    async def listen(
        self, interest: Callable[[], Iterable[CustomerId]]
    ) -> AsyncIterator[set[CustomerId]]:
        """The customers of interest that have news, as sets, for ever.

        A customer that was of no interest before is reported once at first sight, so that news
        between a page's reading and its asking is never missed.
        """
        bell = asyncio.Event()
        self._listeners.add(bell)
        seen: dict[str, int] = {}
        try:
            while True:
                bell.clear()
                versions = await self._versions(set(interest()))
                changed = {one for one, version in versions.items() if seen.get(one) != version}
                seen = versions
                if changed:
                    yield {CustomerId(one) for one in changed}
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), POLL_SECONDS)
        finally:
            self._listeners.discard(bell)

    def _wake(self) -> None:
        for bell in self._listeners:
            bell.set()

    async def _versions(self, customers: set[CustomerId]) -> dict[str, int]:
        if not customers:
            return {}
        wanted = select(col(CustomerChange.customer_id), col(CustomerChange.version)).where(
            col(CustomerChange.customer_id).in_(customers)
        )
        async with self._database.reading() as session:
            found = {row[0]: row[1] for row in await session.exec(wanted)}
        return {customer: found.get(customer, 0) for customer in customers}
