"""No order and no interleaving of reads, fresh or stale, leaves a row behind the newest read."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from portal.database import Database
from portal.mirror.apply import Facts, apply
from portal.mirror.tables import Subscription, SubscriptionItem, UsageHour, UsageTotal
from portal.stripe_gateway.facts import Gone
from tests import stripe_facts as facts

_numbers = itertools.count()

# The second of the read, whether the object was gone, and the numbers of its items.
reads = st.lists(
    st.tuples(st.integers(0, 8), st.booleans(), st.sets(st.integers(0, 3))),
    min_size=1,
    max_size=8,
    unique_by=lambda read: read[0],
)
# A fixture is shared by all examples on purpose: each has ids of its own.
shared_database = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def read_of(subscription: str, second: int, is_gone: bool, items: set[int]) -> Facts:
    if is_gone:
        return Gone("subscription", subscription, facts.at(second))
    ids = [f"{subscription}_si_{number}" for number in items]
    return facts.subscription(subscription, read=second, items=ids, status=f"state {second}")


async def bring(database: Database, one: Facts) -> None:
    async with database.transaction() as session:
        await apply(session, one)


async def seen(database: Database, subscription: str) -> tuple[Subscription, set[str]]:
    async with database.reading() as session:
        row = await session.get(Subscription, subscription)
        items = await session.exec(
            select(SubscriptionItem.id).where(SubscriptionItem.subscription_id == subscription)
        )
        assert row is not None
        return row, set(items)


async def assert_newest(
    database: Database, subscription: str, given_reads: Sequence[tuple[int, bool, set[int]]]
) -> None:
    second, is_gone, items = max(given_reads, key=lambda read: read[0])
    row, item_ids = await seen(database, subscription)
    assert row.read_at == facts.at(second)
    assert (row.deleted_at is not None) == is_gone
    if not is_gone:
        assert row.status == f"state {second}"
    assert item_ids == (set() if is_gone else {f"{subscription}_si_{one}" for one in items})


@shared_database
@given(data=st.data(), drawn=reads)
async def test_any_order_ends_with_the_newest_read(
    any_database: Database, data: st.DataObject, drawn: list[tuple[int, bool, set[int]]]
):
    subscription = f"sub_{next(_numbers)}"
    repeated = data.draw(st.permutations(drawn * 2))
    before: datetime | None = None

    for read in repeated:
        await bring(any_database, read_of(subscription, *read))
        row, _ = await seen(any_database, subscription)
        assert before is None or row.read_at >= before, "the row moved back"
        before = row.read_at

    await assert_newest(any_database, subscription, drawn)


@shared_database
@given(data=st.data(), drawn=reads)
async def test_any_interleaving_ends_with_the_newest_read(
    any_database: Database, data: st.DataObject, drawn: list[tuple[int, bool, set[int]]]
):
    subscription = f"sub_{next(_numbers)}"
    at_once = data.draw(st.permutations(drawn * 2))

    await asyncio.gather(*(bring(any_database, read_of(subscription, *read)) for read in at_once))

    await assert_newest(any_database, subscription, drawn)


@shared_database
@given(
    data=st.data(),
    looks=st.lists(
        st.tuples(st.integers(0, 20), st.lists(st.integers(0, 5), max_size=4)),
        min_size=1,
        max_size=6,
        unique_by=lambda look: look[0],
    ),
)
async def test_looks_at_usage_are_applied_whole_or_not_at_all(
    any_database: Database, data: st.DataObject, looks: list[tuple[int, list[int]]]
):
    customer = f"cus_{next(_numbers)}"
    at_once = data.draw(st.permutations(looks * 2))

    await asyncio.gather(
        *(
            bring(
                any_database,
                facts.usage(customer, read=second, value=sum(hours), hours=hours),
            )
            for second, hours in at_once
        )
    )

    second, hours = max(looks, key=lambda look: look[0])
    async with any_database.reading() as session:
        total = (
            await session.exec(select(UsageTotal).where(UsageTotal.customer_id == customer))
        ).one()
        rows = await session.exec(
            select(UsageHour)
            .where(UsageHour.customer_id == customer)
            .order_by(col(UsageHour.start))
        )
        assert (total.value, total.read_at) == (sum(hours), facts.at(second))
        assert [row.value for row in rows] == hours
