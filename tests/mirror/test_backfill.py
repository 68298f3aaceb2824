"""The backfill against a sandbox of its own: complete, repeatable, resumable, and it buries."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from portal.changes import Changes
from portal.database import Database
from portal.errors import NotFound, StripeUnavailable
from portal.mirror import backfill, tables
from portal.mirror.reconcile import list_unknown_references
from portal.stripe_gateway.client import Gateway
from portal.stripe_ids import CustomerId
from tests.fixtures.sandbox import KEY, SandboxProcess, start_sandbox
from tests.fixtures.stripe_account import StripeAccount
from tests.fixtures.stripe_wire import (
    Handler,
    StripeWire,
    WireAnswer,
    WireRequest,
    gateway_to,
    passing_on,
)

FROZEN = datetime(2026, 10, 5, tzinfo=UTC)


@pytest.fixture
def own_sandbox() -> Iterator[SandboxProcess]:
    """An empty sandbox, in which usage counts at once, for one test."""
    running = start_sandbox("--empty", "--meter-lag", "0")
    yield running
    running.stop()


@pytest.fixture
def account(own_sandbox: SandboxProcess) -> StripeAccount:
    """The account of the test's own sandbox."""
    return StripeAccount(own_sandbox.client())


@pytest.fixture
async def own_gateway(own_sandbox: SandboxProcess) -> AsyncIterator[Gateway]:
    """A gateway to the test's own sandbox."""
    made = gateway_to(own_sandbox.url)
    yield made
    await made.close()


async def sync(gateway: Gateway, database: Database, customer: str | None = None) -> list[str]:
    """Sync; the names of what was walked, in order."""
    walked: dict[str, int] = {}
    await backfill.sync(
        gateway,
        database,
        Changes(database),
        progress=lambda name, done, _: walked.update({name: done}),
        customer=CustomerId(customer) if customer else None,
    )
    return list(walked)


async def rows(database: Database, model: type[SQLModel]) -> list[dict[str, Any]]:
    """All rows of a table but for when they were read, in the order of their keys."""
    async with database.reading() as session:
        found = [
            row.model_dump(exclude={"read_at", "as_of"})
            for row in await session.exec(select(model))
        ]
    return sorted(found, key=str)


async def ids(database: Database, model: type[tables.MirroredRow], **equal: object) -> set[str]:
    found = await rows(database, model)
    return {one["id"] for one in found if all(one[name] == equal[name] for name in equal)}


def used_this_hour(account: StripeAccount, value: int) -> str:
    """A new customer with a metered subscription and some usage."""
    customer, meter = account.customer(), account.meter()
    account.subscribe(customer, [account.price(meter), account.price(unit_amount=4900)])
    account.report(meter, customer, value)
    return customer


async def test_a_sync_mirrors_all_that_stripe_holds(
    any_database: Database, own_gateway: Gateway, account: StripeAccount
):
    customer = used_this_hour(account, 7)
    client = account.client
    idle = account.customer()
    cancelled = account.subscribe(idle, [account.price()])
    client.v1.subscriptions.cancel(cancelled)
    retired = account.price()
    client.v1.prices.update(retired, {"active": False})

    await sync(own_gateway, any_database)

    assert await ids(any_database, tables.Customer) == {customer, idle}
    assert await ids(any_database, tables.Subscription, status="canceled") == {cancelled}
    assert retired in await ids(any_database, tables.Price, active=False)
    assert len(await rows(any_database, tables.SubscriptionItem)) == 3
    assert len(await rows(any_database, tables.PaymentMethod)) == 2
    total = (await rows(any_database, tables.UsageTotal))[0]
    assert (total["customer_id"], total["value"]) == (customer, Decimal(7))
    assert [one["value"] for one in await rows(any_database, tables.UsageHour)] == [Decimal(7)]
    preview = (await rows(any_database, tables.InvoicePreview))[0]
    assert preview["total"] == 7 + 4900
    invoices = await rows(any_database, tables.Invoice)
    assert {one["total"] for one in invoices} == {4900, 1}


async def test_a_second_sync_changes_nothing(
    database: Database, own_gateway: Gateway, account: StripeAccount
):
    used_this_hour(account, 7)
    mirrored = [
        tables.Customer,
        tables.Subscription,
        tables.SubscriptionItem,
        tables.Price,
        tables.Invoice,
        tables.InvoiceLine,
        tables.UsageTotal,
        tables.UsageHour,
    ]
    await sync(own_gateway, database)
    before = [await rows(database, model) for model in mirrored]

    await sync(own_gateway, database)

    assert [await rows(database, model) for model in mirrored] == before
    assert await rows(database, tables.SyncCursor) == []


async def test_customers_on_test_clocks_are_not_forgotten(
    database: Database, own_gateway: Gateway, account: StripeAccount
):
    clock = account.clock(FROZEN)
    customer = account.customer(test_clock=clock)
    subscription = account.subscribe(customer, [account.price()])
    account.advance(clock, FROZEN + timedelta(days=40))

    await sync(own_gateway, database)

    assert await ids(database, tables.Customer, test_clock_id=clock) == {customer}
    assert await ids(database, tables.Subscription) == {subscription}
    assert len(await rows(database, tables.Invoice)) == 2
    frozen = (await rows(database, tables.TestClock))[0]["frozen_time"]
    assert frozen == FROZEN + timedelta(days=40)


async def test_what_stripe_deleted_meanwhile_becomes_a_tombstone(
    database: Database, own_gateway: Gateway, account: StripeAccount
):
    kept, deleted = account.customer(), account.customer()
    await sync(own_gateway, database)
    account.client.v1.customers.delete(deleted)

    await sync(own_gateway, database)

    assert await ids(database, tables.Customer, deleted_at=None) == {kept}


async def test_what_is_in_no_list_is_read_where_it_is_referred_to(
    database: Database, own_sandbox: SandboxProcess, account: StripeAccount
):
    """Stripe leaves inline prices out of its lists."""
    used_this_hour(account, 7)
    through = passing_on(own_sandbox.url)

    async def without_prices(request: WireRequest) -> WireAnswer:
        answer = await through(request)
        return replace(answer, body=answer.body | {"data": []}) if _is_list(request) else answer

    def _is_list(request: WireRequest) -> bool:
        return request.path in ("/v1/prices", "/v1/products", "/v1/billing/meters")

    await sync_through(without_prices, database)

    assert len(await ids(database, tables.Price)) == len(await ids(database, tables.Product)) == 2
    assert len(await ids(database, tables.Meter)) == 1
    async with database.reading() as session:
        assert await list_unknown_references(session) == []


async def test_one_customer_can_be_synced_alone(
    database: Database, own_gateway: Gateway, account: StripeAccount
):
    customer, other = used_this_hour(account, 7), used_this_hour(account, 9)

    await sync(own_gateway, database, customer)

    assert await ids(database, tables.Customer) == {customer}
    assert len(await ids(database, tables.Price)) == len(await ids(database, tables.Product)) == 2
    assert [one["value"] for one in await rows(database, tables.UsageTotal)] == [7]
    assert other


async def test_an_unknown_customer_is_said_to_be_unknown(database: Database, own_gateway: Gateway):
    with pytest.raises(NotFound, match="cus_nobody"):
        await sync(own_gateway, database, "cus_nobody")


def failing_at(url: str, fails: Callable[[WireRequest], bool]) -> Handler:
    """A Stripe that is away whenever it is asked for certain things."""
    through = passing_on(url)

    async def handle(request: WireRequest) -> WireAnswer:
        return WireAnswer(0) if fails(request) else await through(request)

    return handle


async def no_nap(_: float) -> None:
    """Wait for nothing between tries."""


async def sync_through(handler: Handler, database: Database) -> list[WireRequest]:
    async with StripeWire(handler) as wire:
        gateway = gateway_to(wire.url, sleep=no_nap)
        try:
            await sync(gateway, database)
        finally:
            await gateway.close()
    return wire.requests


def starting_points(requests: list[WireRequest], path: str) -> list[str | None]:
    return [one.query.get("starting_after", [None])[0] for one in requests if one.path == path]


@pytest.fixture
async def interrupted(
    own_sandbox: SandboxProcess, account: StripeAccount, database: Database
) -> str:
    """A sync that broke off after the first of two pages of customers; the last one it had."""
    for number in range(105):
        account.client.v1.customers.create({"name": f"Customer {number}"})

    def fails(request: WireRequest) -> bool:
        return request.path == "/v1/customers" and "starting_after" in request.query

    with pytest.raises(StripeUnavailable):
        await sync_through(failing_at(own_sandbox.url, fails), database)
    listed = account.client.v1.customers.list({"limit": 100})
    assert len(await ids(database, tables.Customer)) == 100
    return listed.data[-1].id


async def test_an_interrupted_sync_goes_on_where_it_was(
    own_sandbox: SandboxProcess, database: Database, interrupted: str
):
    requests = await sync_through(passing_on(own_sandbox.url), database)

    assert starting_points(requests, "/v1/customers") == [interrupted]
    assert starting_points(requests, "/v1/products") == []
    assert len(await ids(database, tables.Customer)) == 105


async def test_a_sync_whose_place_was_deleted_starts_its_list_again(
    own_sandbox: SandboxProcess, account: StripeAccount, database: Database, interrupted: str
):
    account.client.v1.customers.delete(interrupted)

    requests = await sync_through(passing_on(own_sandbox.url), database)

    assert starting_points(requests, "/v1/customers")[:2] == [interrupted, None]
    assert len(await ids(database, tables.Customer)) == 105
    await sync_through(passing_on(own_sandbox.url), database)
    assert interrupted not in await ids(database, tables.Customer, deleted_at=None)


async def test_a_live_account_is_not_asked_for_test_clocks(
    own_sandbox: SandboxProcess, database: Database
):
    through = passing_on(own_sandbox.url)

    async def with_test_key(request: WireRequest) -> WireAnswer:
        return await through(replace(request, headers={"authorization": f"Bearer {KEY}"}))

    async with StripeWire(with_test_key) as wire:
        live = gateway_to(wire.url, key="sk_live_x")
        await sync(live, database)
        await live.close()

    assert "/v1/customers" in wire.paths()
    assert not [path for path in wire.paths() if "test_helpers" in path]
