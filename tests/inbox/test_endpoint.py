"""The webhook's address: what it refuses, what it keeps, and when it answers."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from portal.clock import FrozenClock
from portal.database import Database
from portal.inbox.endpoint import LARGEST_BODY, PATH
from portal.records.stripe_events import EventStatus
from portal.stripe_gateway.signature import sign
from tests.fixtures.inbox import SECRET, Inbox, stripe_event, subscription_event


async def assert_refused(inbox: Inbox, response: httpx.Response, status: int) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert await inbox.events() == {}
    assert await inbox.queued_keys() == []


async def test_an_event_is_kept_and_its_object_queued_before_the_answer(inbox: Inbox):
    response = await inbox.post(subscription_event("evt_1", "sub_1"))

    assert (response.status_code, response.json()) == (200, {"received": True})
    kept = (await inbox.events())["evt_1"]
    assert (kept.status, kept.deliveries) == (EventStatus.PENDING, 1)
    assert kept.type == "customer.subscription.updated"
    assert json.loads(kept.payload) == subscription_event("evt_1", "sub_1")
    assert await inbox.queued_keys() == ["subscription/sub_1"]
    assert inbox.wakes


async def test_a_second_delivery_is_only_counted(inbox: Inbox):
    await inbox.post(subscription_event("evt_1"))
    await inbox.queued_keys()
    inbox.clock.advance(timedelta(hours=1))
    woken = len(inbox.wakes)

    response = await inbox.post(subscription_event("evt_1"))

    assert response.status_code == 200
    assert (await inbox.events())["evt_1"].deliveries == 2
    assert len(inbox.wakes) == woken


async def test_an_unknown_type_is_kept_and_ignored(inbox: Inbox):
    event = stripe_event("evt_1", {"object": "rocket", "id": "rkt_1"}, type="rocket.launched")

    response = await inbox.post(event)

    assert response.status_code == 200
    assert (await inbox.events())["evt_1"].status == EventStatus.IGNORED
    assert await inbox.queued_keys() == []


async def test_a_thin_event_queues_its_related_object(inbox: Inbox):
    related = {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"}
    event = {
        "id": "evt_test_1",
        "object": "v2.core.event",
        "created": "2026-11-22T12:00:00.000Z",
        "livemode": False,
        "type": "v1.billing.meter.error_report_triggered",
        "related_object": related,
    }

    response = await inbox.post(event)

    assert response.status_code == 200
    assert await inbox.queued_keys() == ["meter/mtr_1"]


async def test_a_bad_signature_is_refused(inbox: Inbox):
    body = json.dumps(subscription_event("evt_1")).encode()
    forged = sign(body, "whsec_guessed", inbox.clock.now())

    await assert_refused(inbox, await inbox.post(body, signature=forged), 400)


async def test_a_missing_signature_is_refused(inbox: Inbox):
    response = await inbox.client.post(PATH, json=subscription_event("evt_1"))

    await assert_refused(inbox, response, 400)


@pytest.mark.parametrize("age_seconds", [301, -301])
async def test_a_stale_or_future_timestamp_is_refused(inbox: Inbox, age_seconds: int):
    body = json.dumps(subscription_event("evt_1")).encode()
    stamp = inbox.clock.now() - timedelta(seconds=age_seconds)

    await assert_refused(inbox, await inbox.post(body, signature=sign(body, SECRET, stamp)), 400)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"object":"event"}', b"[" * 100_000])
async def test_a_malformed_body_is_refused_though_it_is_signed(inbox: Inbox, body: bytes):
    await assert_refused(inbox, await inbox.post(body), 400)


async def test_a_live_event_is_refused_by_a_test_installation(inbox: Inbox):
    event = subscription_event("evt_1", livemode=True)

    await assert_refused(inbox, await inbox.post(event), 400)


async def test_a_body_of_a_megabyte_is_refused_though_it_is_signed(inbox: Inbox):
    event = subscription_event("evt_1", padding="x" * 1_000_000)

    await assert_refused(inbox, await inbox.post(event), 413)


async def test_a_body_that_hides_its_length_is_refused_when_it_grows_too_large(inbox: Inbox):
    async def dribble() -> AsyncIterator[bytes]:
        for _ in range(2 * LARGEST_BODY // 10_000):
            yield b"x" * 10_000

    response = await inbox.client.post(PATH, content=dribble())

    await assert_refused(inbox, response, 413)


async def test_the_largest_body_is_taken(inbox: Inbox):
    body = json.dumps(subscription_event("evt_1")).encode().ljust(LARGEST_BODY)

    assert (await inbox.post(body)).status_code == 200


async def test_a_get_is_told_to_post(inbox: Inbox):
    response = await inbox.client.get(PATH)

    await assert_refused(inbox, response, 405)
    assert response.headers["allow"] == "POST"


async def test_every_other_path_is_passed_on(inbox: Inbox):
    response = await inbox.client.post(f"{PATH}/more")

    assert (response.status_code, response.text) == (404, "behind")


async def test_a_sender_who_goes_away_is_not_answered(inbox: Inbox):
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    endpoint = inbox.client._transport.app  # type: ignore[attr-defined]
    await endpoint({"type": "http", "path": PATH, "method": "POST", "headers": []}, receive, send)

    assert sent == []


async def test_a_commit_that_fails_is_answered_with_503_and_never_with_success(
    inbox: Inbox, database: Database
):
    # A deferred foreign key that no row can satisfy is checked at the commit and not before.
    async with database.transaction() as session:
        connection = await session.connection()
        await connection.execute(
            text(
                "CREATE TABLE doomed (event_id TEXT REFERENCES stripe_event (type)"
                " DEFERRABLE INITIALLY DEFERRED)"
            )
        )
        await connection.execute(text("CREATE UNIQUE INDEX one_type ON stripe_event (type)"))
        await connection.execute(
            text(
                "CREATE TRIGGER doom AFTER INSERT ON stripe_event"
                " BEGIN INSERT INTO doomed VALUES ('nowhere'); END"
            )
        )

    await assert_refused(inbox, await inbox.post(subscription_event("evt_1")), 503)


async def test_nothing_of_a_body_or_a_secret_reaches_the_log(
    inbox: Inbox, clock: FrozenClock, caplog: pytest.LogCaptureFixture
):
    body = json.dumps(subscription_event("evt_1", secret_name="Hedwig")).encode()

    await inbox.post(body, signature=sign(body, "whsec_guessed", clock.now()))
    await inbox.post(body + b"}")
    await inbox.post(body)

    assert "400" in caplog.text
    assert "Hedwig" not in caplog.text
    assert "whsec" not in caplog.text


async def test_a_body_that_is_too_large_in_its_last_part_is_refused_at_once(inbox: Inbox):
    parts = [b"x" * LARGEST_BODY, b"x"]
    sent = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    endpoint = inbox.client._transport.app  # type: ignore[attr-defined]
    await endpoint({"type": "http", "path": PATH, "method": "POST", "headers": []}, receive, send)

    assert sent[0]["status"] == 413


@pytest.mark.long
async def test_while_another_program_holds_the_database_events_are_answered_with_503(
    inbox: Inbox, tmp_path: Path
):
    other = sqlite3.connect(tmp_path / "portal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    responses = await asyncio.gather(
        *(inbox.post(subscription_event(f"evt_{n}")) for n in range(9))
    )
    other.execute("ROLLBACK")
    other.close()

    assert {response.status_code for response in responses} == {503}
    assert await inbox.events() == {}
    assert (await inbox.post(subscription_event("evt_1"))).status_code == 200
