"""The mirror's one door: what is new enters, what is older bounces, children go with parents."""

import asyncio

import pytest
from sqlmodel import select

from portal.database import Database
from portal.mirror.apply import Applied, Facts, Outcome, apply
from portal.mirror.tables import (
    Customer,
    Invoice,
    InvoiceLine,
    Subscription,
    SubscriptionItem,
)
from portal.stripe_gateway.facts import Gone
from tests import stripe_facts as facts


async def bring(database: Database, *many: Facts) -> Applied:
    """Apply facts one after the other, each in a transaction of its own; the last outcome."""
    for one in many:
        async with database.transaction() as session:
            applied = await apply(session, one)
    return applied


async def item_ids(database: Database) -> set[str]:
    async with database.reading() as session:
        return set((await session.exec(select(SubscriptionItem.id))).all())


async def test_what_was_never_seen_is_new(any_database: Database):
    applied = await bring(any_database, facts.customer())

    assert applied.outcome is Outcome.NEW
    async with any_database.reading() as session:
        row = await session.get(Customer, "cus_1")
    assert row is not None
    assert (row.name, row.read_at) == ("Acme Robotics", facts.at(0))


async def test_a_later_read_changes_the_row(any_database: Database):
    applied = await bring(any_database, facts.customer(read=1), facts.customer(read=2, name="Acme"))

    assert applied.outcome is Outcome.CHANGED
    async with any_database.reading() as session:
        row = await session.get(Customer, "cus_1")
    assert row is not None
    assert (row.name, row.read_at) == ("Acme", facts.at(2))
    assert row.stripe_object["name"] == "Acme"


async def test_an_earlier_read_is_refused(any_database: Database):
    applied = await bring(
        any_database, facts.customer(read=2), facts.customer(read=1, name="Older")
    )

    assert applied.outcome is Outcome.STALE
    async with any_database.reading() as session:
        row = await session.get(Customer, "cus_1")
    assert row is not None
    assert row.name == "Acme Robotics"


@pytest.mark.parametrize(
    ("name", "outcome"), [("Acme Robotics", Outcome.SAME), ("Other", Outcome.STALE)]
)
async def test_a_read_of_the_same_moment_changes_nothing(
    any_database: Database, name: str, outcome: Outcome
):
    applied = await bring(any_database, facts.customer(), facts.customer(name=name))

    assert applied.outcome is outcome
    async with any_database.reading() as session:
        row = await session.get(Customer, "cus_1")
    assert row is not None
    assert row.name == "Acme Robotics"


async def test_a_later_read_that_says_the_same_only_moves_the_watermark(any_database: Database):
    applied = await bring(any_database, facts.subscription(read=1), facts.subscription(read=2))

    assert applied == Applied(Outcome.SAME)
    async with any_database.reading() as session:
        row = await session.get(Subscription, "sub_1")
    assert row is not None
    assert row.read_at == facts.at(2)


async def test_items_are_replaced_with_their_subscription(any_database: Database):
    await bring(
        any_database,
        facts.subscription(read=1, items=["si_1", "si_2"]),
        facts.subscription(read=2, items=["si_2", "si_3"]),
    )

    assert await item_ids(any_database) == {"si_2", "si_3"}


async def test_a_stale_subscription_leaves_the_items_alone(any_database: Database):
    await bring(
        any_database,
        facts.subscription(read=2, items=["si_1"]),
        facts.subscription(read=1, items=["si_1", "si_2"]),
    )

    assert await item_ids(any_database) == {"si_1"}


async def test_a_change_of_the_items_alone_is_a_change(any_database: Database):
    applied = await bring(
        any_database,
        facts.subscription(read=1, items=["si_1"]),
        facts.subscription(read=2, items=["si_1", "si_2"]),
    )

    assert applied.outcome is Outcome.CHANGED
    assert applied.customers == {"cus_1"}


async def test_invoice_lines_keep_their_order_and_amounts(any_database: Database):
    await bring(
        any_database,
        facts.invoice(read=1, amounts=[100, 200, 300]),
        facts.invoice(read=2, amounts=[300, 100]),
    )

    async with any_database.reading() as session:
        lines = await session.exec(select(InvoiceLine).order_by("position"))
        assert [line.amount for line in lines] == [300, 100]


async def test_a_rolled_back_application_leaves_nothing(any_database: Database):
    with pytest.raises(RuntimeError):
        async with any_database.transaction() as session:
            await apply(session, facts.subscription())
            raise RuntimeError("the worker dies here")

    assert await item_ids(any_database) == set()
    async with any_database.reading() as session:
        assert await session.get(Subscription, "sub_1") is None


async def test_a_deleted_object_becomes_a_tombstone_without_children(any_database: Database):
    applied = await bring(any_database, facts.invoice(read=1), Gone("invoice", "in_1", facts.at(2)))

    assert applied.outcome is Outcome.CHANGED
    assert applied.customers == {"cus_1"}
    async with any_database.reading() as session:
        row = await session.get(Invoice, "in_1")
        assert row is not None
        assert (row.deleted_at, row.total) == (facts.at(2), 2500)
        assert (await session.exec(select(InvoiceLine))).all() == []


@pytest.mark.parametrize(
    "kind",
    [
        "customer",
        "product",
        "price",
        "meter",
        "test_clock",
        "subscription",
        "invoice",
        "payment_method",
    ],
)
async def test_what_was_gone_before_it_was_seen_has_a_tombstone(database: Database, kind: str):
    applied = await bring(database, Gone(kind, "x_1", facts.at(2)))

    assert applied == Applied(Outcome.NEW)


async def test_a_late_answer_does_not_bring_a_deleted_object_back(any_database: Database):
    applied = await bring(
        any_database, Gone("customer", "cus_1", facts.at(2)), facts.customer(read=1)
    )

    assert applied.outcome is Outcome.STALE
    async with any_database.reading() as session:
        row = await session.get(Customer, "cus_1")
    assert row is not None
    assert row.deleted_at == facts.at(2)


async def test_a_late_deletion_does_not_bury_a_newer_read(any_database: Database):
    applied = await bring(
        any_database, facts.customer(read=2), Gone("customer", "cus_1", facts.at(1))
    )

    assert applied.outcome is Outcome.STALE
    async with any_database.reading() as session:
        row = await session.get(Customer, "cus_1")
    assert row is not None
    assert row.deleted_at is None


async def test_catalogue_changes_concern_those_who_subscribe(any_database: Database):
    await bring(
        any_database,
        facts.meter(),
        facts.product(),
        facts.price(meter="mtr_1"),
        facts.subscription("sub_1", items=["si_1"], price=_metered()),
        facts.subscription("sub_2", items=["si_2"], price=_metered(), customer="cus_2"),
        facts.subscription("sub_3", items=["si_3"], customer="cus_3", price=_other()),
    )

    changed = [
        facts.product(read=9, name="Requests"),
        facts.price(read=9, meter="mtr_1", nickname="New"),
        facts.meter(read=9, display_name="Requests"),
    ]
    for one in changed:
        assert (await bring(any_database, one)).customers == {"cus_1", "cus_2"}


async def test_a_detached_payment_method_concerns_its_old_customer(any_database: Database):
    applied = await bring(
        any_database, facts.payment_method(read=1), facts.payment_method(read=2, customer=None)
    )

    assert applied.customers == {"cus_1"}


async def test_what_the_mirror_has_never_seen_is_named(any_database: Database):
    await bring(any_database, facts.customer())

    applied = await bring(any_database, facts.subscription())

    assert applied.unknown == {("price", "price_1")}


async def test_two_writers_of_one_object_take_turns(any_database: Database):
    """Every pair of new and old, from many tasks at once: the newest read wins with its items."""
    newest = facts.subscription(read=20, items=["si_20", "si_0"])
    older = [facts.subscription(read=n, items=[f"si_{n}", "si_0"]) for n in range(1, 20)]

    await asyncio.gather(*(bring(any_database, one) for one in [*older[:10], newest, *older[10:]]))

    assert await item_ids(any_database) == {"si_20", "si_0"}


def _metered() -> dict[str, object]:
    from tests.stripe_objects import price

    return price(meter="mtr_1")


def _other() -> dict[str, object]:
    from tests.stripe_objects import price

    return price("price_9")
