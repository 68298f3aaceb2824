"""kill -9 at any moment between an event's arrival and its application loses nothing acked."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from portal.changes import Changes
from portal.clock import FrozenClock
from portal.database import Database
from portal.inbox.endpoint import PATH
from portal.inbox.worker import InboxWorker
from portal.mirror.tables import Subscription
from portal.records.stripe_events import EventStatus, StripeEvent
from portal.stripe_gateway.client import Gateway
from portal.stripe_gateway.signature import sign
from portal.work_queue import LEASE_SECONDS, WorkItem
from tests import stripe_objects
from tests.fixtures.inbox import SECRET, open_inbox, subscription_event
from tests.granian_process import GranianProcess, granian
from tests.kill_points import STEPS
from tests.stub_stripe import StubStripe

APP = "tests.kill_points:app"
BEFORE_THE_ANSWER = {"after verify", "after insert", "after commit, before the answer"}
SUBSCRIPTIONS = 40
EVENTS = 240
DEADLINE_SECONDS = 60


async def post(client: httpx.AsyncClient, event: dict[str, Any]) -> bool:
    """Whether the event was acked; a server that dies acks nothing any more."""
    body = json.dumps(event).encode()
    headers = {"stripe-signature": sign(body, SECRET, datetime.now(UTC))}
    try:
        return (await client.post(PATH, content=body, headers=headers)).status_code == 200
    except httpx.TransportError:
        return False


def client_of(server: GranianProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30)


async def settle_later(
    database: Database, gateway: Gateway, redelivered: list[dict[str, Any]]
) -> None:
    """Another process takes over once the leases of the dead one have run out."""
    clock = FrozenClock(datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS))
    worker = InboxWorker(gateway, database, Changes(database), clock)
    async with open_inbox(database, clock) as inbox:
        for event in redelivered:
            assert (await inbox.post(event)).status_code == 200
        await worker.drain()


async def mirrored_revisions(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        rows = await session.exec(select(Subscription))
        return {row.id: row.stripe_object["metadata"]["revision"] for row in rows}


async def kept_events(database: Database) -> dict[str, str]:
    """The status of each event."""
    async with database.reading() as session:
        return {row.event_id: row.status for row in await session.exec(select(StripeEvent))}


def revise(stub: StubStripe, number: int, revision: int) -> None:
    own = f"sub_{number}"
    item = stripe_objects.subscription_item(
        f"si_{number}", price=stripe_objects.price(), subscription=own
    )
    changes = {"items": [item], "metadata": {"revision": revision}}
    stub.holds("subscriptions", stripe_objects.subscription(own, **changes))


@pytest.mark.parametrize("step", STEPS)
async def test_a_process_killed_at_any_step_loses_no_event(
    database: Database, stripe_stub: StubStripe, stub_gateway: Gateway, tmp_path: Path, step: str
):
    revise(stripe_stub, 1, 7)
    event = subscription_event("evt_1", "sub_1")
    environment = {"KILL_DATABASE": f"sqlite:///{tmp_path}/portal.db"}
    with granian(
        APP, "--factory", KILL_AT=step, KILL_STRIPE=stripe_stub.url, **environment
    ) as server:
        async with client_of(server) as client:
            acked = await post(client, event)
        await asyncio.to_thread(server.wait_for_death)
    assert not (acked and step in BEFORE_THE_ANSWER)

    await settle_later(database, stub_gateway, [] if acked else [event])

    assert await kept_events(database) == {"evt_1": EventStatus.APPLIED}
    assert await mirrored_revisions(database) == {"sub_1": 7}


async def flood_until_killed(
    server: GranianProcess, stub: StubStripe, round_number: int
) -> list[dict[str, Any]]:
    """Post each event thrice and shuffled, kill the server meanwhile; what was never acked."""
    first = round_number * EVENTS
    numbers = [number for number in range(first, first + EVENTS) for _ in range(3)]
    random.shuffle(numbers)
    events = {n: subscription_event(f"evt_{n}", f"sub_{n % SUBSCRIPTIONS}") for n in numbers}
    made: set[int] = set()
    acked: set[int] = set()
    line = iter(numbers)

    some_are_acked = asyncio.Event()
    enough = random.randint(20, EVENTS // 2)

    async def sender(client: httpx.AsyncClient) -> None:
        for number in line:
            if number not in made:  # a repeated event says nothing new
                made.add(number)
                revise(stub, number % SUBSCRIPTIONS, number)
            if await post(client, events[number]):
                acked.add(number)
            if len(acked) >= enough:
                some_are_acked.set()

    async with client_of(server) as client, asyncio.TaskGroup() as senders:
        for _ in range(16):
            senders.create_task(sender(client))
        await asyncio.wait_for(some_are_acked.wait(), DEADLINE_SECONDS)
        await asyncio.to_thread(server.kill)
    return [event for number, event in events.items() if number not in acked]


@pytest.mark.long
async def test_five_kills_in_the_middle_of_a_flood_lose_nothing(
    database: Database, stripe_stub: StubStripe, stub_gateway: Gateway, tmp_path: Path
):
    stripe_stub.delay_seconds = lambda: random.uniform(0.005, 0.1)
    environment = {"KILL_DATABASE": f"sqlite:///{tmp_path}/portal.db"}
    for round_number in range(5):
        with granian(APP, "--factory", KILL_STRIPE=stripe_stub.url, **environment) as server:
            lost = await flood_until_killed(server, stripe_stub, round_number)
        assert 0 < len(lost) < EVENTS, "the kill came too early or too late to show anything"
        await settle_later(database, stub_gateway, lost)

    kept = await kept_events(database)
    assert kept == {f"evt_{n}": EventStatus.APPLIED for n in range(5 * EVENTS)}
    truth = {one["id"]: one["metadata"]["revision"] for one in stripe_stub.objects.values()}
    assert await mirrored_revisions(database) == truth
    async with database.reading() as session:
        assert (await session.exec(select(WorkItem))).all() == []
