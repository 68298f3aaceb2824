"""`python -m portal inbox`: what it shows of events and failures, and how it tries again."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from portal import work_queue
from portal.inbox.worker import InboxWorker
from portal.records.stripe_events import STRIPE_OBJECTS, EventStatus
from portal.work_queue import ATTEMPTS
from tests import stripe_objects
from tests.fixtures.inbox import Inbox, stripe_event, subscription_event
from tests.stub_stripe import StubStripe


def inbox_command(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on the database that the fixtures use."""
    return subprocess.run(
        [sys.executable, "-m", "portal", "inbox", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/portal.db"},
    )


@pytest.fixture
async def parked(inbox: Inbox, stripe_stub: StubStripe, worker: InboxWorker) -> Inbox:
    """An inbox with an applied event, an ignored one, and one that is parked."""
    stripe_stub.holds("customers", stripe_objects.customer("cus_1"))
    stripe_stub.failures["/v1/subscriptions/sub_1"] = 400
    customer, rocket = {"object": "customer", "id": "cus_1"}, {"object": "rocket", "id": "rkt_1"}
    await inbox.post(stripe_event("evt_good", customer))
    await inbox.post(stripe_event("evt_odd", rocket))
    await inbox.post(subscription_event("evt_bad", "sub_1"))
    for _ in range(ATTEMPTS):
        await worker.drain()
        inbox.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]
    return inbox


async def test_the_list_shows_events_and_why_an_object_was_given_up(parked: Inbox, tmp_path: Path):
    ran = inbox_command(tmp_path, "list")

    assert ran.returncode == 0, ran.stderr
    lines = {line.split()[3]: line for line in ran.stdout.splitlines() if "evt_" in line}
    assert "applied" in lines["evt_good"]
    assert "ignored" in lines["evt_odd"]
    assert "parked" in lines["evt_bad"]
    assert "subscription/sub_1: parked at" in ran.stdout
    assert "StripeRefused: Out of order." in ran.stdout


async def test_the_list_of_what_is_parked_shows_nothing_else(parked: Inbox, tmp_path: Path):
    ran = inbox_command(tmp_path, "list", "--parked")

    assert "evt_bad" in ran.stdout
    assert "evt_good" not in ran.stdout


async def test_an_empty_inbox_says_so(inbox: Inbox, tmp_path: Path):
    assert inbox_command(tmp_path, "list").stdout == "No event has arrived yet.\n"
    assert inbox_command(tmp_path, "list", "--parked").stdout == "Nothing is parked.\n"


@pytest.mark.parametrize(
    "arguments", [["evt_bad"], ["--parked"], ["--type", "customer.subscription.updated"]]
)
async def test_a_replay_lets_the_object_be_read_again(
    parked: Inbox,
    stripe_stub: StubStripe,
    worker: InboxWorker,
    tmp_path: Path,
    arguments: list[str],
):
    stripe_stub.failures.clear()
    stripe_stub.holds("subscriptions", stripe_objects.subscription("sub_1"))

    ran = inbox_command(tmp_path, "replay", *arguments)
    assert (ran.returncode, ran.stdout) == (0, "subscription/sub_1\n"), ran.stderr
    # The command lives in the present, the fixtures' clock in a day that need not have come.
    parked.clock.advance(timedelta(days=36_500))  # type: ignore[attr-defined]
    await worker.drain()

    assert (await parked.events())["evt_bad"].status == EventStatus.APPLIED
    async with parked.database.reading() as session:
        assert await work_queue.list_failed(session, STRIPE_OBJECTS) == []


async def test_a_replayed_object_has_all_its_attempts_again(parked: Inbox, tmp_path: Path):
    inbox_command(tmp_path, "replay", "--parked")

    async with parked.database.reading() as session:
        [item] = await work_queue.list_failed(session, STRIPE_OBJECTS)
    assert (item.parked_at, item.attempts) == (None, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evt_nowhere"], "No event evt_nowhere has arrived."),
        (["evt_odd"], "about nothing that the portal mirrors"),
        ([], "Give an event's id"),
        (["evt_bad", "--parked"], "Give an event's id"),
    ],
)
async def test_a_replay_of_nothing_says_why(
    parked: Inbox, tmp_path: Path, arguments: list[str], said: str
):
    ran = inbox_command(tmp_path, "replay", *arguments)

    assert ran.returncode != 0
    assert said in ran.stderr
