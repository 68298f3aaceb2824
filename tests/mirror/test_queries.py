"""The mirror's named questions, each on a mirror that facts have filled."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event

from portal.clock import Period
from portal.database import Database
from portal.errors import NotFound
from portal.mirror import queries
from portal.mirror.apply import Facts, apply
from portal.mirror.customer_list import list_named
from portal.mirror.tables import Price
from portal.rating.price import Tier
from portal.stripe_gateway.facts import Gone
from portal.stripe_ids import CustomerId, MeterId, SubscriptionId
from tests import stripe_facts as facts
from tests import stripe_objects

ACME = CustomerId("cus_1")


async def fill(database: Database, *many: Facts) -> None:
    async with database.transaction() as session:
        for one in many:
            await apply(session, one)


async def test_a_customer_is_got_until_deleted(database: Database):
    await fill(database, facts.customer(read=1))
    async with database.reading() as session:
        assert (await queries.get_customer(session, ACME)).name == "Acme Robotics"

    await fill(database, Gone("customer", ACME, facts.at(2)))

    async with database.reading() as session:
        with pytest.raises(NotFound):
            await queries.get_customer(session, ACME)
        assert await queries.find_customer(session, ACME) is not None
        assert await list_named(session, "", 10) == []


async def test_an_unknown_customer_is_not_found(database: Database):
    async with database.reading() as session:
        assert await queries.find_customer(session, ACME) is None
        with pytest.raises(NotFound):
            await queries.get_customer(session, ACME)


async def test_customers_are_listed_in_the_order_of_their_making(any_database: Database):
    await fill(
        any_database, facts.customer("cus_2", created=200), facts.customer("cus_1", created=100)
    )

    async with any_database.reading() as session:
        found = await list_named(session, "", 10)
        first = await list_named(session, "", 1)

    assert [one.customer.id for one in found] == ["cus_1", "cus_2"]
    assert [one.customer.id for one in first] == ["cus_1"]


async def test_customers_are_found_by_a_part_of_their_name(any_database: Database):
    named = facts.customer("cus_2", name="100% Kiwi")
    await fill(any_database, facts.customer("cus_1"), named)

    async with any_database.reading() as session:
        kiwi = await list_named(session, "kIW", 10)
        percent = await list_named(session, "%", 10)

    assert [one.customer.id for one in kiwi] == ["cus_2"]
    assert [one.customer.id for one in percent] == ["cus_2"]


async def test_a_listed_customer_comes_with_the_newest_subscription_and_its_plan(
    any_database: Database,
):
    await fill(
        any_database,
        facts.customer(),
        facts.customer("cus_2"),
        facts.product(),
        facts.price(),
        facts.subscription("sub_1", items=["si_1"], created=100, status="canceled"),
        facts.subscription("sub_2", items=["si_2"], created=200),
    )

    async with any_database.reading() as session:
        found = {one.customer.id: one for one in await list_named(session, "", 10)}

    assert found["cus_2"].subscription is None
    assert found["cus_2"].plan is None
    subscription, plan = found[ACME].subscription, found[ACME].plan
    assert subscription is not None
    assert subscription.id == "sub_2"
    assert plan is not None
    assert plan.id == "prod_1"
    assert found[ACME].preview is None


async def test_a_customer_on_a_test_clock_has_its_moment(database: Database):
    clock = facts.translate.test_clock_facts(stripe_objects.clock(), facts.at(0))
    await fill(database, clock, facts.customer(test_clock="clock_1"), facts.customer("cus_2"))

    async with database.reading() as session:
        on_clock = await queries.find_present_moment(session, ACME)
        elsewhere = await queries.find_present_moment(session, CustomerId("cus_2"))

    assert on_clock == facts.NOVEMBER.start
    assert elsewhere is None


async def test_items_come_with_all_they_refer_to(any_database: Database):
    metered = stripe_objects.price("price_2", meter="mtr_1")
    plan, usage = (
        facts.subscription("sub_1"),
        facts.subscription("sub_2", items=["si_2"], price=metered),
    )
    await fill(
        any_database,
        facts.product(),
        facts.meter(),
        facts.price(),
        facts.price("price_2", meter="mtr_1"),
        plan,
        usage,
        facts.subscription("sub_3", items=["si_3"], status="canceled"),
    )

    async with any_database.reading() as session:
        found = await queries.list_subscription_items(session, ACME)

    assert [(one.item.id, one.price.id, one.product.id) for one in found] == [
        ("si_1", "price_1", "prod_1"),
        ("si_2", "price_2", "prod_1"),
    ]
    assert found[0].meter is None
    assert found[1].meter is not None
    assert found[1].meter.formula == "sum"


async def test_the_oldest_subscription_comes_first(database: Database):
    await fill(
        database,
        facts.product(),
        facts.price(),
        facts.subscription("sub_1", items=["si_1"], created=200),
        facts.subscription("sub_2", items=["si_3", "si_2"], created=100),
    )

    async with database.reading() as session:
        found = await queries.list_subscription_items(session, ACME)

    assert [one.item.id for one in found] == ["si_3", "si_2", "si_1"]


async def test_only_customers_with_live_subscriptions_are_subscribed(database: Database):
    await fill(
        database,
        facts.subscription("sub_1", items=["si_1"], customer="cus_b"),
        facts.subscription("sub_2", items=["si_2"], customer="cus_a", status="trialing"),
        facts.subscription("sub_3", items=["si_3"], customer="cus_c", status="canceled"),
    )

    async with database.reading() as session:
        assert await queries.list_subscribed_customers(session) == ["cus_a", "cus_b"]


async def test_invoices_are_listed_newest_first_without_deleted_ones(database: Database):
    await fill(
        database,
        facts.invoice("in_1", created=100),
        facts.invoice("in_2", created=200),
        facts.invoice("in_3", created=300),
        facts.invoice("in_4", customer="cus_2"),
        Gone("invoice", "in_3", facts.at(1)),
    )

    async with database.reading() as session:
        found = await queries.list_invoices(session, ACME)

    assert [one.id for one in found] == ["in_2", "in_1"]


async def test_the_default_payment_method_must_still_be_attached(database: Database):
    settings = {"default_payment_method": "pm_1"}
    await fill(database, facts.customer(invoice_settings=settings), facts.payment_method(read=1))
    async with database.reading() as session:
        found = await queries.find_default_payment_method(session, ACME)
    assert found is not None
    assert found.last4 == "4242"

    await fill(database, facts.payment_method(read=2, customer=None))

    async with database.reading() as session:
        assert await queries.find_default_payment_method(session, ACME) is None


async def test_a_subscriptions_preview_is_found_with_its_lines(database: Database):
    later = facts.invoice("upcoming_in_1", created=stripe_objects.DECEMBER, amounts=[1])
    sooner = facts.invoice(
        "upcoming_in_2",
        amounts=[2, 3],
        parent={"subscription_details": {"subscription": "sub_2"}},
    )
    await fill(database, facts.usage(previews=[later, sooner]))

    async with database.reading() as session:
        found = await queries.find_invoice_preview(session, ACME, SubscriptionId("sub_2"))

    assert found is not None
    preview, lines = found
    assert preview.subscription_id == "sub_2"
    assert [line.amount for line in lines] == [2, 3]


async def test_no_preview_is_none(database: Database):
    async with database.reading() as session:
        assert await queries.find_invoice_preview(session, ACME, SubscriptionId("sub_1")) is None


async def test_hours_are_listed_in_order_within_the_period(database: Database):
    await fill(database, facts.usage(value=6, hours=[1, 2, 3]))
    two_hours = Period(facts.NOVEMBER.start, facts.NOVEMBER.start + timedelta(hours=2))

    async with database.reading() as session:
        found = await queries.list_usage_hours(session, ACME, MeterId("mtr_1"), two_hours)

    assert [(start.hour, value) for start, value in found] == [(0, 1), (1, 2)]


async def test_totals_are_listed_newest_period_first(database: Database):
    await fill(database, facts.usage(value=6))

    async with database.reading() as session:
        found = await queries.list_usage_totals(session, ACME)
        snapshot = await queries.find_usage_snapshot(session, ACME)

    assert [(one.meter_id, one.value) for one in found] == [("mtr_1", 6)]
    assert snapshot is not None
    assert snapshot.agrees


async def test_a_price_row_can_be_rated(database: Database):
    tiers = [
        {"up_to": 100, "unit_amount_decimal": "0", "flat_amount_decimal": None},
        {"up_to": None, "unit_amount_decimal": "0.04", "flat_amount_decimal": None},
    ]
    await fill(
        database,
        facts.price(
            billing_scheme="tiered",
            tiers_mode="graduated",
            tiers=tiers,
            unit_amount=None,
            unit_amount_decimal=None,
        ),
    )

    async with database.reading() as session:
        row = await session.get(Price, "price_1")
    assert row is not None
    assert queries.rating_price(row, row.currency).tiers == (
        Tier(Decimal(100), Decimal(0)),
        Tier(None, Decimal("0.04")),
    )


@pytest.mark.parametrize("count", [1, 30])
async def test_items_cost_one_statement_however_many_there_are(
    database: Database, count: int, statements: Callable[[], int]
):
    ids = [f"si_{number}" for number in range(count)]
    await fill(database, facts.product(), facts.price(), facts.subscription(items=ids))

    before = statements()
    async with database.reading() as session:
        found = await queries.list_subscription_items(session, ACME)

    assert len(found) == count
    assert statements() - before == 1


@pytest.fixture
def statements(database: Database) -> Callable[[], int]:
    """How many statements the database has been sent so far, transactions' ends left out."""
    sent: list[str] = []
    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    return lambda: sum(not one.startswith("BEGIN") for one in sent)
