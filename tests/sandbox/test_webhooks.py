"""Events reach every endpoint that wants them, signed, and again until they are accepted."""

import json
import time

import pytest
import stripe

from tests.fixtures.sandbox import start_sandbox
from tests.sandbox.objects import make_customer, make_payer, make_plan, raw, wait_for


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


def test_a_rolled_secret_signs_beside_the_old_one_until_that_expires(
    sandbox, sandbox_client, receiver, endpoint
):
    fresh = rotate(sandbox, endpoint=endpoint.id, old_expires_in=3600)["secret"]
    make_customer(sandbox_client)
    wait_for(lambda: receiver.seen, "the event signed twice")
    last = rotate(sandbox, endpoint=endpoint.id, old_expires_in=0)["secret"]
    make_customer(sandbox_client)
    wait_for(lambda: len(receiver.seen) == 2, "the event signed once")

    (both, first, _), (one, second, _) = receiver.seen
    assert (both.count("v1="), one.count("v1=")) == (2, 1)
    for secret in (endpoint.secret, fresh):
        assert stripe.Webhook.construct_event(first, both, secret).type == "customer.created"
    assert stripe.Webhook.construct_event(second, one, last).type == "customer.created"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(second, one, fresh)


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"endpoint": "we_unknown"}, "endpoint"),
        ({"old_expires_in": 5}, "endpoint"),
        ({"endpoint": "we_unknown", "old_expires_in": 86_401}, "old_expires_in"),
        ({"endpoint": "we_unknown", "soon": True}, "soon"),
    ],
)
def test_a_wrong_rotation_is_refused_by_the_name_of_its_field(sandbox, asked, param):
    assert rotate(sandbox, **asked)["error"]["param"] == param


def test_an_endpoint_is_refused_a_version_that_is_not_spoken_here(sandbox_client, receiver):
    asked = {"url": receiver.url, "enabled_events": ["*"], "api_version": "2025-03-31.basil"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.webhook_endpoints.create(asked)
    assert refused.value.param == "api_version"


def test_a_destination_is_changed_stopped_pinged_and_started_again(sandbox_client, receiver):
    destinations = sandbox_client.v2.core.event_destinations
    made = make_thin(sandbox_client, receiver, ["v1.product.created"], metadata={"team": "a"})

    changed = destinations.update(
        made.id, {"name": "renamed", "metadata": {"team": None, "on": "call"}}
    )
    stopped = destinations.disable(made.id)
    make_plan(sandbox_client)
    started = destinations.enable(made.id)
    ping = destinations.ping(made.id)
    wait_for(lambda: receiver.seen, "the ping")
    [told] = receiver.told()
    fetched = sandbox_client.v2.core.events.retrieve(ping.id)
    destinations.delete(made.id)

    assert (changed.name, changed.metadata.to_dict()) == ("renamed", {"on": "call"})
    assert (stopped.status, stopped.status_details.disabled.reason) == ("disabled", "user")
    assert (started.status, started.status_details) == ("enabled", None)
    assert told["type"] == fetched.type == "v2.core.event_destination.ping"
    assert told["related_object"]["id"] == fetched.related_object.id == made.id


def test_every_kind_of_object_has_its_place_in_a_thin_event(sandbox, sandbox_client, receiver):
    destination = make_thin(sandbox_client, receiver, ["*"])
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)
    sandbox_client.v1.subscriptions.create({"customer": payer.id, "items": [{"price": plan.id}]})

    wanted = {"v1.invoice.paid", "v1.payment_intent.succeeded", "v1.charge.succeeded"}
    wait_for(lambda: wanted <= receiver.types(), "the events")
    sandbox_client.v2.core.event_destinations.delete(destination.id)

    with raw(sandbox) as http:
        for place in [told["related_object"] for told in receiver.told()]:
            assert http.get(place["url"]).json()["id"] == place["id"]


def test_a_destination_gets_thin_events_that_lead_to_the_object(sandbox_client, receiver):
    destination = make_thin(sandbox_client, receiver, ["v1.customer.created"])
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


def make_thin(client, receiver, types, **changes):
    """A destination of thin events, told with its secret."""
    return client.v2.core.event_destinations.create(
        {
            "name": "thin",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": types,
            "webhook_endpoint": {"url": receiver.url},
            "include": ["webhook_endpoint.signing_secret"],
            **changes,
        }
    )


def rotate(sandbox, **asked):
    with raw(sandbox) as http:
        return http.post("/_sandbox/secrets/rotate", json=asked).json()


def pending(client, event):
    return client.v1.events.retrieve(event).pending_webhooks
