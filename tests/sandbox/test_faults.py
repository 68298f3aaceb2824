"""What is to go wrong goes wrong as often as was asked, and is counted."""

import time
from collections.abc import Iterator

import httpx
import pytest
import stripe

from tests.sandbox.objects import fresh, make_customer, raw, wait_for


@pytest.fixture
def switches(sandbox) -> Iterator[httpx.Client]:
    """A plain client of the shared sandbox; every fault is off when the test ends."""
    with raw(sandbox) as client:
        yield client
        client.delete("/_sandbox/faults")


def switch_on(switches, *faults):
    answer = switches.put("/_sandbox/faults", json=list(faults))
    assert answer.status_code == 200, answer.text


def struck(switches):
    return [fault["struck"] for fault in switches.get("/_sandbox/faults").json()]


@pytest.fixture
def endpoint(sandbox_client, receiver):
    asked = {"url": receiver.url, "enabled_events": ["customer.created", "customer.deleted"]}
    made = sandbox_client.v1.webhook_endpoints.create(asked)
    yield made
    sandbox_client.v1.webhook_endpoints.delete(made.id)


def test_a_limit_names_its_reason_and_a_lock_has_a_code_instead(switches):
    switch_on(
        switches,
        {"match": "GET /v1/customers", "kind": "429", "times": 1},
        {"match": "GET /v1/cust*", "kind": "lock_timeout", "times": 1},
    )

    other, limited, locked, well = (
        switches.get(path) for path in ("/v1/products", *["/v1/customers"] * 3)
    )

    assert [one.status_code for one in (other, limited, locked, well)] == [200, 429, 429, 200]
    assert limited.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert "Stripe-Rate-Limited-Reason" not in locked.headers
    assert locked.json()["error"]["code"] == "lock_timeout"


def test_a_failure_before_the_work_leaves_nothing_and_is_not_kept(switches):
    email, key = f"{fresh('eve')}@example.com", {"Idempotency-Key": fresh("key")}
    switch_on(switches, {"match": "/v1/customers", "kind": "500_before", "times": 1})

    failed = switches.post("/v1/customers", data={"email": email}, headers=key)
    again = switches.post("/v1/customers", data={"email": email}, headers=key)

    assert (failed.status_code, failed.json()["error"]["type"]) == (500, "api_error")
    assert again.status_code == 200
    assert found(switches, email) == 1


def test_a_failure_after_the_work_keeps_it_and_is_given_again_for_its_key(switches):
    email, key = f"{fresh('eve')}@example.com", {"Idempotency-Key": fresh("key")}
    switch_on(switches, {"match": "POST /v1/*", "kind": "500_after", "times": 1})

    answers = [switches.post("/v1/customers", data={"email": email}, headers=key) for _ in range(2)]

    assert [one.status_code for one in answers] == [500, 500]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert found(switches, email) == 1


def test_a_cut_connection_answers_nothing_and_the_key_brings_the_answer(switches, sandbox):
    email, key = f"{fresh('eve')}@example.com", {"Idempotency-Key": fresh("key")}
    switch_on(switches, {"match": "POST /v1/customers", "kind": "cut", "times": 1})

    with raw(sandbox) as cut, pytest.raises(httpx.RemoteProtocolError):
        cut.post("/v1/customers", data={"email": email}, headers=key)
    again = switches.post("/v1/customers", data={"email": email}, headers=key)

    assert again.json()["email"] == email
    assert found(switches, email) == 1


def test_a_late_answer_comes_after_its_seconds(switches):
    switch_on(switches, {"match": "*", "kind": "latency", "times": 1, "seconds": 0.2})

    began = time.monotonic()
    answer = switches.get("/v1/customers")

    assert answer.status_code == 200
    assert time.monotonic() - began >= 0.2


def test_stripes_client_tries_again_by_itself_after_a_failure(switches, sandbox):
    switch_on(switches, {"match": "POST /v1/customers", "kind": "500_before", "times": 1})

    made = make_customer(sandbox.client(max_network_retries=1))

    assert made.id.startswith("cus_")
    assert struck(switches) == [1]


def test_a_fault_without_a_number_strikes_until_it_is_cleared(switches):
    switch_on(switches, {"match": "GET /v1/balance_nothing", "kind": 429})

    for _ in range(3):
        assert switches.get("/v1/balance_nothing").status_code == 429
    [shown] = switches.get("/_sandbox/faults").json()
    cleared = switches.delete("/_sandbox/faults").json()

    assert (shown["kind"], shown["left"], shown["struck"], cleared) == ("429", None, 3, [])
    assert switches.get("/v1/balance_nothing").status_code == 404


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"kind": "429"}, "faults"),
        ([{"kind": "flood"}], "faults[0][kind]"),
        ([{"kind": "cut"}, {"match": "/v1/*"}], "faults[1][kind]"),
        ([{"kind": "cut", "times": 0}], "faults[0][times]"),
        ([{"kind": "cut", "times": "2"}], "faults[0][times]"),
        ([{"kind": "latency", "seconds": -1}], "faults[0][seconds]"),
        ([{"kind": "cut", "match": "customers"}], "faults[0][match]"),
        ([{"kind": "cut", "path": "/v1"}], "faults[0][path]"),
        (["cut"], "faults[0]"),
    ],
)
def test_a_wrong_switch_is_refused_by_name_and_the_others_stay(switches, asked, param):
    switch_on(switches, {"match": "/v1/nothing", "kind": "cut"})

    refused = switches.put("/_sandbox/faults", json=asked)

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    assert struck(switches) == [0]


def test_what_is_no_switch_is_not_found(switches):
    assert switches.get("/_sandbox/weather").status_code == 404
    assert switches.put("/_sandbox/faults", content=b"[").json()["error"]["param"] == "body"


def test_a_dropped_delivery_never_comes_and_shows_as_undelivered(
    switches, sandbox_client, receiver, endpoint
):
    switch_on(switches, {"match": "customer.created", "kind": "drop", "times": 1})

    lost, heard = make_customer(sandbox_client), make_customer(sandbox_client)
    wait_for(lambda: receiver.about(heard.id), "the second event")
    asked = {"type": "customer.created", "delivery_success": False, "limit": 1}
    [undelivered] = sandbox_client.v1.events.list(asked).data

    assert undelivered.data.object.id == lost.id
    assert (receiver.about(lost.id), undelivered.pending_webhooks) == ([], 1)


def test_a_duplicated_delivery_comes_twice_as_the_same_event(
    switches, sandbox_client, receiver, endpoint
):
    switch_on(switches, {"match": "customer.*", "kind": "duplicate", "times": 1})

    made = make_customer(sandbox_client)
    wait_for(lambda: len(receiver.about(made.id)) == 2, "both deliveries")

    first, second = receiver.about(made.id)
    assert first["id"] == second["id"]
    event = wait_for(lambda: settled(sandbox_client, first["id"]), "the event to be settled")
    assert event.pending_webhooks == 0


def test_a_reordered_event_is_passed_by_the_next(switches, sandbox_client, receiver, endpoint):
    switch_on(switches, {"match": "customer.*", "kind": "reorder", "seconds": 30, "times": 1})

    made = make_customer(sandbox_client)
    sandbox_client.v1.customers.delete(made.id)
    wait_for(lambda: len(receiver.about(made.id)) == 2, "both events")

    told = [event["type"] for event in receiver.about(made.id)]
    assert told == ["customer.deleted", "customer.created"]


def test_a_reordered_event_that_nothing_follows_comes_after_its_seconds(
    switches, sandbox_client, receiver, endpoint
):
    switch_on(switches, {"match": "*", "kind": "reorder", "seconds": 0.1})

    made = make_customer(sandbox_client)

    wait_for(lambda: receiver.about(made.id), "the event")


def test_a_fault_for_a_type_counts_for_the_thin_name_too(switches, sandbox_client, receiver):
    destination = sandbox_client.v2.core.event_destinations.create(
        {
            "name": "thin",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.customer.created"],
            "webhook_endpoint": {"url": receiver.url},
        }
    )
    switch_on(switches, {"match": "v1.customer.created", "kind": "drop", "times": 1})

    make_customer(sandbox_client)
    heard = make_customer(sandbox_client)
    wait_for(lambda: receiver.seen, "the second event")
    sandbox_client.v2.core.event_destinations.delete(destination.id)

    assert [told["related_object"]["id"] for told in receiver.told()] == [heard.id]


def found(switches, email):
    return len(switches.get("/v1/customers", params={"email": email}).json()["data"])


def settled(client: stripe.StripeClient, id: str):
    event = client.v1.events.retrieve(id)
    return event if event.pending_webhooks == 0 else None
