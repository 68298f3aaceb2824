"""The portal tells every customer of the demo what Stripe does, whatever is special about them."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import stripe
from sqlmodel import SQLModel

from portal import work_queue
from portal.mirror.backfill import sync
from portal.money import Money, money_text
from portal.pages.overview.view import overview_view
from portal.pages.sign_in.view import sign_in_view
from portal.records.stripe_events import STRIPE_OBJECTS, USAGE, object_key
from portal.sandbox.demo.company import BUYERS
from portal.services import overview
from portal.services.acting import Acting, Actor
from portal.services.billing_drift import check
from portal.services.demo_customers import list_demo_customers
from portal.services.overview import Overview
from portal.settings import Settings
from portal.stripe_gateway.next_bill.reads import NextBillReader
from portal.stripe_ids import CustomerId
from portal.wiring import Wiring, wire
from tests.fixtures.database import load_tables
from tests.fixtures.sandbox import SandboxProcess, start_sandbox

ROOT = Path(__file__).resolve().parents[2]
# Usage goes on between two looks, but never for long.
_TRIES = 5


@pytest.fixture
def demo_sandbox() -> Iterator[SandboxProcess]:
    """The demo company, with usage that counts at once."""
    running = start_sandbox("--meter-lag", "0")
    yield running
    running.stop()


@pytest.fixture
async def portal(demo_sandbox: SandboxProcess, tmp_path: Path) -> AsyncIterator[Wiring]:
    """The portal's parts with everything copied from the demo's Stripe account."""
    made = wire(
        Settings(
            stripe_api_key="sk_test_1",
            stripe_api_base=demo_sandbox.url,
            stripe_reads_per_second=10_000,
            database_url=f"sqlite:///{tmp_path}/portal.db",
            portal_catalog=ROOT / "catalog.toml",
        )
    )
    load_tables()
    async with made.database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    await sync(made.gateway, made.database, made.changes, progress=lambda *_: None)
    yield made
    await made.gateway.close()
    await made.database.close()


@dataclass(frozen=True)
class Told:
    """What Stripe's preview and the portal's overview say: in all, and for usage."""

    total: int
    usage: int
    currency: str


async def look(portal: Wiring, customer: CustomerId) -> tuple[Told, Overview]:
    """The overview, right after Stripe was asked for what it is made of."""
    async with portal.database.transaction() as session:
        key = object_key(USAGE, customer)
        await work_queue.mark(session, STRIPE_OBJECTS, [key], portal.clock.now())
    await portal.worker.drain()
    acting = Acting(
        actor=Actor("A visitor", "visitor@example.com", "owner"),
        customer=customer,
        session_key="",
        database=portal.database,
        clock=portal.clock,
        catalog=portal.catalog,
    )
    found = await overview.report(acting)
    assert found.usage is not None
    assert found.upcoming is not None
    usage = sum(meter.cost.amount for meter in found.usage.meters)
    return Told(found.upcoming.total.amount, usage, found.usage.currency), found


def preview(client: stripe.StripeClient, customer: str) -> Told:
    """What Stripe says the next invoice would be."""
    [subscription] = client.v1.subscriptions.list({"customer": customer}).data
    made = client.v1.invoices.create_preview({"subscription": subscription.id})
    metered = {
        item.id
        for item in subscription["items"].data
        if item.price.recurring.usage_type == "metered"
    }
    lines = client.v1.invoices.line_items.list(made.id, {"limit": 100}).data
    usage = [
        line.amount
        for line in lines
        if line.parent.subscription_item_details.subscription_item in metered
    ]
    return Told(made.total, sum(usage), made.currency)


async def test_every_customer_of_the_demo_sees_what_stripe_would_charge(
    portal: Wiring, demo_sandbox: SandboxProcess
) -> None:
    client = demo_sandbox.client()
    customers = {one.name: one.id for one in client.v1.customers.list({"limit": 100}).data}
    differing = {}

    for buyer in BUYERS:
        customer = CustomerId(customers[buyer.name])
        for _ in range(_TRIES):
            told, found = await look(portal, customer)
            expected = preview(client, customer)
            if told == expected:
                break
        else:
            differing[buyer.name] = (told, expected)
        view = overview_view(found.usage, found.upcoming, standing=found.standing)
        total = Money(expected.total, expected.currency)
        assert view.invoice.total == money_text(total)
        assert found.upcoming.adjustment.amount == 0
        spent = expected.usage + found.usage.licensed_total.amount
        assert found.usage.spend_to_date.amount == spent

    assert differing == {}


async def test_the_doctor_finds_no_drift_in_the_whole_demo(
    portal: Wiring, demo_sandbox: SandboxProcess
) -> None:
    reader = NextBillReader(portal.gateway)
    customers = demo_sandbox.client().v1.customers.list({"limit": 100}).data

    checked = {one.name: await check(reader, CustomerId(one.id)) for one in customers}

    assert {name: one.drifts for name, one in checked.items() if one.drifts} == {}
    assert all(one.invoices for one in checked.values())


async def test_the_sign_in_page_tells_what_is_special_about_them(portal: Wiring) -> None:
    offered = {one.name: one for one in await list_demo_customers(portal.database)}
    view = sign_in_view(demo=True, customers=list(offered.values()))

    captions = {row.caption for row in view.customers}
    states = {row.state for row in view.customers}
    assert {"trial", "past due", "ending"} <= states
    for word in ("JPY", "EUR", "discount", "credits", "tax"):
        assert any(word in caption for caption in captions), word


async def test_a_company_is_found_by_a_part_of_its_name(portal: Wiring) -> None:
    found = [one.name for one in await list_demo_customers(portal.database, " acme ")]

    assert sorted(found) == ["Acme Freight", "Acme Robotics"]


async def test_the_sign_in_page_offers_the_five_first_of_them_first(portal: Wiring) -> None:
    offered = [one.name for one in await list_demo_customers(portal.database)]

    assert offered[:5] == [buyer.name for buyer in BUYERS[:5]]
    assert sorted(offered) == sorted(buyer.name for buyer in BUYERS)
