import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from portal.changes import Changes
from portal.database import Database
from portal.stripe_ids import CustomerId

ACME, BOLT = CustomerId("cus_acme"), CustomerId("cus_bolt")


async def announce(database: Database, changes: Changes, *customers: CustomerId) -> None:
    async with database.transaction() as session:
        await changes.announce(session, *customers)


async def next_news(news: AsyncIterator[set[CustomerId]]) -> set[CustomerId]:
    return await asyncio.wait_for(anext(news), 5)


async def test_a_new_interest_is_reported_once_and_then_only_news(database: Database) -> None:
    changes = Changes(database)
    async with aclosing(changes.listen(lambda: {ACME, BOLT})) as news:
        assert await next_news(news) == {ACME, BOLT}
        await announce(database, changes, BOLT)
        assert await next_news(news) == {BOLT}


async def test_another_process_hears_of_it_through_the_database(database: Database) -> None:
    here, there = Changes(database), Changes(database)
    async with aclosing(here.listen(lambda: {ACME})) as news:
        await next_news(news)
        await announce(database, there, ACME)
        assert await next_news(news) == {ACME}


async def test_a_change_that_is_rolled_back_is_no_news(database: Database) -> None:
    changes = Changes(database)
    async with aclosing(changes.listen(lambda: {ACME, BOLT})) as news:
        await next_news(news)
        with pytest.raises(RuntimeError):
            async with database.transaction() as session:
                await changes.announce(session, ACME)
                raise RuntimeError
        await announce(database, changes, BOLT)
        assert await next_news(news) == {BOLT}


async def test_customers_of_no_interest_are_not_told(database: Database) -> None:
    changes = Changes(database)
    async with aclosing(changes.listen(lambda: {ACME})) as news:
        await next_news(news)
        await announce(database, changes, BOLT)
        await announce(database, changes, ACME)
        assert await next_news(news) == {ACME}
