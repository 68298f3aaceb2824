"""Events reach every endpoint that wants them, signed, and again until they are accepted."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import stripe

from tests.fixtures.sandbox import start_sandbox
from tests.sandbox.objects import make_customer, make_payer, make_plan, wait_for


@dataclass
class Receiver:
    """A web server that keeps what is posted to it; `refusals` is how many it turns away first."""

    url: str = ""
    refusals: int = 0
    seen: list[tuple[str, bytes, float]] = field(default_factory=list)

    def events(self, type: str) -> list[dict]:
        found = [json.loads(body) for _, body, _ in self.seen]
        return [event for event in found if event["type"] == type]

    def types(self) -> set[str]:
        return {json.loads(body)["type"] for _, body, _ in self.seen}

    def about(self, id: str) -> list[dict]:
        found = [json.loads(body) for _, body, _ in self.seen]
        return [event for event in found if event["data"]["object"]["id"] == id]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.seen.append((self.headers["Stripe-Signature"], body, time.monotonic()))
            accepts = len(kept.seen) > kept.refusals
            self.send_response(200 if accepts else 500)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Tests print nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/webhooks"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def endpoint(sandbox_client, receiver):
    made = sandbox_client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["*"]}
    )
    yield made
    sandbox_client.v1.webhook_endpoints.delete(made.id)


def test_an_event_is_signed_so_that_stripes_client_accepts_it(sandbox_client, receiver, endpoint):
    customer = make_customer(sandbox_client)

    wait_for(lambda: receiver.about(customer.id), "the event")
    signature, body, _ = next(one for one in receiver.seen if customer.id.encode() in one[1])

    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert event.type == "customer.created"
    assert event.data.object.email == customer.email
    assert event.api_version == "2026-10-28.endive"
    assert event.request.id.startswith("req_")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_other")


def test_a_delivery_starts_within_a_tenth_of_a_second(sandbox_client, receiver, endpoint):
    delays = []
    for number in range(1, 6):
        make_customer(sandbox_client)
        answered_at = time.monotonic()
        wait_for(lambda number=number: len(receiver.seen) == number, "the event")
        delays.append(receiver.seen[-1][2] - answered_at)

    assert sorted(delays)[1] < 0.1


def test_an_update_tells_what_was_before(sandbox_client, receiver, endpoint):
    customer = make_customer(sandbox_client, metadata={"plan": "a"})
    sandbox_client.v1.customers.update(customer.id, {"name": "Ada", "metadata": {"seats": "3"}})
    sandbox_client.v1.customers.update(customer.id, {"name": "Ada"})
    sandbox_client.v1.customers.delete(customer.id)

    wait_for(lambda: receiver.events("customer.deleted"), "the deletion")

    assert len(receiver.events("customer.updated")) == 1
    previous = receiver.events("customer.updated")[0]["data"]["previous_attributes"]
    assert previous == {"metadata": {"seats": None}, "name": None}


def test_a_subscription_tells_of_itself_and_of_its_invoice(sandbox_client, receiver, endpoint):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)

    made = sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "items": [{"price": plan.id}]}
    )

    wanted = {
        "customer.subscription.created", "customer.subscription.updated", "invoice.created",
        "invoice.finalized", "invoice.paid", "payment_method.attached",
    }  # fmt: skip
    wait_for(lambda: wanted <= receiver.types(), "all of its events")
    created = receiver.events("customer.subscription.created")[0]["data"]["object"]
    assert created["id"] == made.id
    assert created["items"]["data"][0]["current_period_end"] is not None


def test_a_refused_delivery_is_tried_again_and_signed_anew(sandbox_client, receiver, endpoint):
    receiver.refusals = 2

    customer = make_customer(sandbox_client)

    wait_for(lambda: len(receiver.seen) == 3, "the third attempt")
    assert len({body for _, body, _ in receiver.seen}) == 1
    event = sandbox_client.v1.events.list({"type": "customer.created", "limit": 1}).data[0]
    assert event.data.object.id == customer.id
    wait_for(lambda: pending(sandbox_client, event.id) == 0, "the event to be settled")


def test_an_undelivered_event_shows_as_such(sandbox_client, receiver, endpoint):
    receiver.refusals = 10_000
    customer = make_customer(sandbox_client)

    undelivered = sandbox_client.v1.events.list({"delivery_success": False})

    assert customer.id in {event.data.object.id for event in undelivered.data}


def test_an_endpoint_gets_only_what_it_asked_for(sandbox_client, receiver):
    asked = {"url": receiver.url, "enabled_events": ["product.created", "price.created"]}
    endpoint = sandbox_client.v1.webhook_endpoints.create(asked)

    make_customer(sandbox_client)
    make_plan(sandbox_client)
    wait_for(lambda: len(receiver.seen) == 2, "both events")
    sandbox_client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    make_plan(sandbox_client)

    types = sorted(json.loads(body)["type"] for _, body, _ in receiver.seen)
    sandbox_client.v1.webhook_endpoints.delete(endpoint.id)
    assert types == ["price.created", "product.created"]


def test_the_secret_is_told_once(sandbox_client, receiver, endpoint):
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in sandbox_client.v1.webhook_endpoints.retrieve(endpoint.id)


def test_a_destination_gets_thin_events_that_lead_to_the_object(sandbox_client, receiver):
    destination = sandbox_client.v2.core.event_destinations.create(
        {
            "name": "thin",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.customer.created"],
            "webhook_endpoint": {"url": receiver.url},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )
    customer = make_customer(sandbox_client)

    wait_for(lambda: receiver.seen, "the event")
    signature, body, _ = receiver.seen[0]
    secret = destination.webhook_endpoint.signing_secret
    notification = sandbox_client.parse_event_notification(body, signature, secret)

    sandbox_client.v2.core.event_destinations.delete(destination.id)
    assert notification.type == "v1.customer.created"
    assert notification.related_object.id == customer.id
    assert notification.fetch_event().id == notification.id
    with pytest.raises(stripe.InvalidRequestError):
        sandbox_client.v2.core.event_destinations.retrieve(destination.id)


def test_what_was_not_delivered_before_a_kill_is_delivered_after_it(tmp_path, receiver):
    receiver.refusals = 1
    options = ("--empty", "--data", str(tmp_path / "sandbox.db"))
    first = start_sandbox(*options, "--webhook-backoff", "600")
    client = first.client()
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    customer = make_customer(client)
    wait_for(lambda: receiver.seen, "the refused attempt")
    first.kill()

    second = start_sandbox(*options)

    wait_for(lambda: len(receiver.seen) == 2, "the next attempt")
    second.stop()
    assert [event["data"]["object"]["id"] for event in receiver.events("customer.created")] == [
        customer.id,
        customer.id,
    ]


def pending(client, event):
    return client.v1.events.retrieve(event).pending_webhooks
