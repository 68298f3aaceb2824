import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy.exc import StatementError
from sqlmodel import Field, SQLModel, insert, select

from portal.database import Database, ExactDecimal, PlainConnection, UtcDateTime
from portal.errors import Misconfigured


class Reading(SQLModel, table=True):
    __tablename__ = "test_reading"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    value: Decimal = Field(sa_type=ExactDecimal)


AT = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)


async def test_a_decimal_keeps_every_digit_and_a_time_its_zone(database: Database) -> None:
    exact = Decimal("1234567890123456789.000000000012")
    async with database.transaction() as session:
        session.add(Reading(at=AT, value=exact))
    async with database.reading() as session:
        found = (await session.exec(select(Reading))).one()
    assert (found.at, found.value) == (AT, exact)


@pytest.mark.parametrize("value", [Decimal("NaN"), 1.5, "1"])
async def test_what_is_not_an_exact_decimal_is_refused(database: Database, value: object) -> None:
    with pytest.raises(StatementError):
        async with database.transaction() as session:
            session.add(Reading(at=AT, value=value))  # type: ignore[arg-type]


async def test_a_time_without_a_zone_is_refused_by_the_database(database: Database) -> None:
    with pytest.raises(StatementError, match="no time zone"):
        async with database.transaction() as session:
            session.add(Reading(at=AT.replace(tzinfo=None), value=Decimal(1)))


async def test_a_failing_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction() as session:
            session.add(Reading(at=AT, value=Decimal(1)))
            await session.flush()
            raise RuntimeError
    async with database.reading() as session:
        assert (await session.exec(select(Reading))).all() == []


async def test_twenty_writers_that_read_first_never_find_the_database_locked(
    database: Database,
) -> None:
    async with database.transaction() as session:
        session.add(Reading(id=1, at=AT, value=Decimal(0)))

    async def add_one() -> None:
        async with database.transaction() as session:
            row = await session.get(Reading, 1)
            assert row is not None
            row.value += 1

    await asyncio.gather(*(add_one() for _ in range(20)))
    async with database.reading() as session:
        assert (await session.exec(select(Reading.value))).one() == 20


async def test_a_reader_does_not_wait_for_an_open_writer(database: Database) -> None:
    async with database.transaction() as writer:
        writer.add(Reading(at=AT, value=Decimal(1)))
        await writer.flush()
        async with database.reading() as reader:
            assert (await reader.exec(select(Reading))).all() == []


async def test_work_on_the_thread_is_done_whole_or_not_at_all(database: Database) -> None:
    def add(connection: PlainConnection, *, fails: bool) -> None:
        connection.execute(insert(Reading).values(at=AT, value=Decimal(1)))
        if fails:
            raise RuntimeError

    await database.on_thread(lambda connection: add(connection, fails=False))
    with pytest.raises(RuntimeError):
        await database.on_thread(lambda connection: add(connection, fails=True))

    async with database.reading() as session:
        assert (await session.exec(select(Reading.value))).all() == [Decimal(1)]


async def test_work_on_the_thread_takes_turns_with_transactions(database: Database) -> None:
    def add(connection: PlainConnection) -> None:
        connection.execute(insert(Reading).values(at=AT, value=Decimal(1)))

    async def add_in_a_session() -> None:
        async with database.transaction() as session:
            session.add(Reading(at=AT, value=Decimal(1)))

    await asyncio.gather(
        *(database.on_thread(add) for _ in range(20)), *(add_in_a_session() for _ in range(20))
    )

    async with database.reading() as session:
        assert len((await session.exec(select(Reading))).all()) == 40


def test_an_unknown_kind_of_database_is_refused_by_name() -> None:
    with pytest.raises(Misconfigured, match="mysql"):
        Database("mysql://localhost/portal")
