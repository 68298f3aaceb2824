"""The database: one async engine, transactions, and the column types that lose nothing.

SQLite must take its write lock at once (BEGIN IMMEDIATE) or two readers that both turn to
writing fail with "database is locked"; so there is a second, reading way in that does not queue.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, DateTime, Dialect, Engine, Text, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from portal.errors import Misconfigured

Session = AsyncSession
PlainConnection = Connection
_Answer = TypeVar("_Answer")

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
_UNDEFINED_TABLE = "42P01"
_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=30000",
    "foreign_keys=ON",
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; SQLite, which forgets zones, gives it back aware as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone; write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """For SQLite write the same text as its own type does, in a third of the time."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def text(value: datetime | None) -> str | None:
            moment = self.process_bind_param(value, dialect)
            return None if moment is None else moment.isoformat(" ", "microseconds")

        return text

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC moment back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal kept digit by digit, as text; never compare or sum it in SQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Refuse anything but a finite Decimal; write it without an exponent."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError(f"{value!r} is not a finite Decimal")
        return format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Give the same Decimal back."""
        return None if value is None else Decimal(value)


class Database:
    """The one way to the tables: `transaction()` writes, `reading()` only reads."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        is_sqlite = self.engine.dialect.name == "sqlite"
        one_moment = {} if is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reader = self.engine.execution_options(read_only=True, **one_moment)
        self._plain = _prepared(create_engine(sync_url(url)))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        # SQLite lets one writer in and has the others knock until they give up; in one process
        # they queue here instead, first come, first served.
        self._turn: AbstractAsyncContextManager[None] = (
            asyncio.Lock() if is_sqlite else nullcontext()
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A session that commits when the block ends and rolls back when it raises.

        Never open one within another: on SQLite the inner would wait for the outer for ever.
        """
        async with (
            self._turn,
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """A session that sees one moment of the database and never waits for a writer."""
        async with Session(self._reader, expire_on_commit=False) as session:
            yield session

    async def on_thread(self, work: Callable[[PlainConnection], _Answer]) -> _Answer:
        """What the work answers, done in one transaction on a thread that does nothing else.

        For plain statements that many wait for: to hand each of them to a driver's thread and
        back, as a session does, costs more than the statement.
        """
        async with self._turn:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._in_transaction, work)

    def _in_transaction(self, work: Callable[[PlainConnection], _Answer]) -> _Answer:
        with self._plain.begin() as connection:
            return work(connection)

    async def close(self) -> None:
        """Give all connections back."""
        self._thread.shutdown()
        self._plain.dispose()
        await self.engine.dispose()


def is_unavailable(error: Exception) -> bool:
    """Whether the database itself failed (gone, locked, full), and not a statement or a value."""
    return isinstance(error, OperationalError | InterfaceError | TimeoutError)


def unusable(error: Exception) -> Misconfigured | None:
    """What is wrong with the database itself, in words; None when the error is about all else."""
    if not isinstance(error, DBAPIError):
        return None
    said = str(error.orig).partition("\n")[0]
    if "no such table" in said or getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE:
        return Misconfigured(
            "The database has no tables yet.", next_step="`python -m portal migrate` makes them."
        )
    if not isinstance(error, OperationalError) and "not a database" not in said:
        return None
    return Misconfigured(
        f"The database cannot be used: {said}.",
        next_step="Check DATABASE_URL, and that what it names is there and may be written.",
    )


def sync_url(url: str) -> str:
    """The same database for a synchronous driver, as alembic needs it."""
    parsed = _parsed(url)
    driver = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}[parsed.get_backend_name()]
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def _parsed(url: str) -> URL:
    ours = "Use sqlite:///FILE or postgresql://USER@HOST/NAME."
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Misconfigured("DATABASE_URL is not an address.", next_step=ours) from None
    if parsed.get_backend_name() not in _ASYNC_DRIVERS:
        raise Misconfigured(
            f"DATABASE_URL names {parsed.get_backend_name()}, which is not supported.",
            next_step=ours,
        )
    return parsed


def _engine(url: str) -> AsyncEngine:
    parsed = _parsed(url)
    driver = _ASYNC_DRIVERS[parsed.get_backend_name()]
    if driver.startswith("postgresql"):
        return create_async_engine(
            parsed.set(drivername=driver), pool_size=10, max_overflow=5, pool_pre_ping=True
        )
    engine = create_async_engine(parsed.set(drivername=driver))
    _prepared(engine.sync_engine)
    return engine


def _prepared(engine: Engine) -> Engine:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # or the driver would begin, deferred, by itself
    for pragma in _SQLITE_PRAGMAS:
        connection.cursor().execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    reading = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
