"""One look at a customer's usage: what it replaces, what it leaves, and what is known after it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sqlmodel import select

from portal.clock import Period
from portal.database import Database
from portal.mirror.apply import Applied, Facts, Outcome, apply
from portal.mirror.known_usage import known_usage
from portal.mirror.tables import (
    InvoicePreview,
    InvoicePreviewLine,
    Subscription,
    UsageHour,
    UsageSnapshot,
    UsageTotal,
)
from portal.stripe_gateway.usage.facts import MeterPeriod, UsageTotalFacts
from portal.stripe_ids import CustomerId, MeterId
from tests import stripe_facts as facts

ACME = CustomerId("cus_1")
METER = MeterId("mtr_1")
START = facts.NOVEMBER.start


async def bring(database: Database, *many: Facts) -> Applied:
    for one in many:
        async with database.transaction() as session:
            applied = await apply(session, one)
    return applied


async def hours(database: Database) -> list[int]:
    async with database.reading() as session:
        found = await session.exec(select(UsageHour).order_by("start"))
        return [int(one.value) for one in found]


async def test_a_look_brings_total_hours_and_preview(any_database: Database):
    preview = facts.invoice("upcoming_in_1", amounts=[30, 12])

    applied = await bring(any_database, facts.usage(value=42, hours=[30, 12], previews=[preview]))

    assert applied == Applied(Outcome.NEW, frozenset({ACME}))
    assert await hours(any_database) == [30, 12]
    async with any_database.reading() as session:
        total = (await session.exec(select(UsageTotal))).one()
        assert (total.value, total.period_end) == (42, facts.NOVEMBER.end)
        shown = (await session.exec(select(InvoicePreview))).one()
        assert (shown.subscription_id, shown.total, shown.read_at) == ("sub_1", 42, facts.at(0))
        lines = await session.exec(select(InvoicePreviewLine).order_by("position"))
        assert [line.amount for line in lines] == [30, 12]


async def test_only_the_hours_that_were_looked_at_are_replaced(any_database: Database):
    later = Period(START + facts.HOUR * 2, START + facts.HOUR * 4)

    await bring(
        any_database,
        facts.usage(read=1, value=10, hours=[1, 2, 3, 4]),
        facts.usage(read=2, value=14, hours=[7], span=later),
    )

    assert await hours(any_database) == [1, 2, 7]


async def test_a_look_at_a_new_period_keeps_the_old_total(any_database: Database):
    december = Period(facts.NOVEMBER.end, facts.NOVEMBER.end + timedelta(days=31))
    totals = (UsageTotalFacts(METER, december, Decimal(1)),)

    await bring(
        any_database,
        facts.usage(read=1, value=42),
        facts.usage(read=2, totals=totals, windows=()),
    )

    async with any_database.reading() as session:
        found = await session.exec(select(UsageTotal).order_by("period_start"))
        assert [one.value for one in found] == [42, 1]


async def test_an_earlier_look_changes_nothing_at_all(any_database: Database):
    preview = facts.invoice("upcoming_in_1", amounts=[42])
    applied = await bring(
        any_database,
        facts.usage(read=2, value=42, hours=[42], previews=[preview]),
        facts.usage(read=1, value=30, hours=[30]),
    )

    assert applied == Applied(Outcome.STALE)
    assert await hours(any_database) == [42]
    async with any_database.reading() as session:
        assert (await session.exec(select(UsageTotal))).one().value == 42
        assert (await session.exec(select(InvoicePreview))).one().total == 42


async def test_a_look_that_sees_the_same_makes_the_figures_younger(any_database: Database):
    preview = facts.invoice("upcoming_in_1", amounts=[42])
    renamed = replace(preview, id="upcoming_in_2", stripe_object={"id": "upcoming_in_2"})

    applied = await bring(
        any_database,
        facts.usage(read=1, value=42, hours=[42], previews=[preview]),
        facts.usage(read=2, value=42, hours=[42], previews=[renamed]),
    )

    assert applied == Applied(Outcome.SAME, frozenset({ACME}))
    async with any_database.reading() as session:
        snapshot = await session.get(UsageSnapshot, ACME)
        assert snapshot is not None
        assert snapshot.read_at == facts.at(2)
        assert (await session.exec(select(UsageTotal))).one().read_at == facts.at(2)


async def test_a_preview_that_will_not_be_billed_any_more_goes(any_database: Database):
    preview = facts.invoice("upcoming_in_1", amounts=[42])

    await bring(any_database, facts.usage(read=1, previews=[preview]), facts.usage(read=2))

    async with any_database.reading() as session:
        assert (await session.exec(select(InvoicePreview))).all() == []
        assert (await session.exec(select(InvoicePreviewLine))).all() == []


async def test_looks_at_other_customers_are_not_touched(any_database: Database):
    await bring(
        any_database,
        facts.usage("cus_2", read=1, value=5, hours=[5], previews=[_preview_of("cus_2", "sub_2")]),
        facts.usage("cus_1", read=2, value=3, hours=[3]),
    )

    assert sorted(await hours(any_database)) == [3, 5]
    async with any_database.reading() as session:
        assert (await session.exec(select(InvoicePreview))).one().customer_id == "cus_2"


def _preview_of(customer: str, subscription: str):
    preview = facts.invoice("upcoming_in_1", customer=customer)
    return replace(preview, subscription_id=subscription)


async def test_what_was_read_along_the_way_is_applied_and_guarded(any_database: Database):
    fresh = facts.subscription(read=5, status="past_due")
    older = facts.subscription(read=3, status="active")

    await bring(any_database, facts.usage(read=5, objects=(fresh,)))
    await bring(any_database, facts.usage(read=6, objects=(older,)))

    async with any_database.reading() as session:
        row = await session.get(Subscription, "sub_1")
    assert row is not None
    assert row.status == "past_due"


async def test_what_is_known_after_a_look_spares_the_next_one(any_database: Database):
    await bring(any_database, facts.meter(formula="count"), facts.usage(value=3, hours=[1, 0, 2]))

    async with any_database.reading() as session:
        known = await known_usage(session, ACME)

    assert known.formulas == {METER: "count"}
    assert known.as_of == {MeterPeriod(METER, facts.NOVEMBER): facts.at(0)}
    assert [int(one.value) for one in known.windows[METER]] == [1, 0, 2]
    assert known.windows[METER][0].start == START


async def test_the_hours_of_settled_periods_are_not_loaded(any_database: Database):
    over = facts.NOVEMBER.end + facts.HOUR
    await bring(any_database, facts.usage(value=3, hours=[1, 2], as_of=over))

    async with any_database.reading() as session:
        known = await known_usage(session, ACME)

    assert known.as_of == {MeterPeriod(METER, facts.NOVEMBER): over}
    assert known.windows == {}


async def test_nothing_is_known_of_a_new_customer(database: Database):
    async with database.reading() as session:
        known = await known_usage(session, ACME)

    assert (known.as_of, known.windows) == ({}, {})
