"""The ways by which usage comes in over HTTP, with Stripe's own client."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import stripe

from tests.fixtures.sandbox import KEY
from tests.sandbox.objects import fresh, make_customer, make_meter, raw, send_usage, wait_for

HOUR, DAY = 3600, 86400


@pytest.fixture
def noon() -> datetime:
    """Noon of yesterday in UTC."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1)


def total(client, meter, customer, noon):
    start = int(noon.timestamp())
    asked = {"customer": customer.id, "start_time": start, "end_time": start + DAY}
    return client.v1.billing.meters.event_summaries.list(meter.id, asked).data[0].aggregated_value


def written(meter, customer, value, noon, **more):
    """An event as v2 writes it."""
    return {
        "event_name": meter.event_name,
        "payload": {"stripe_customer_id": customer.id, "value": value},
        "timestamp": noon.isoformat(),
        **more,
    }


def open_stream(client, sandbox):
    session = client.v2.billing.meter_event_session.create()
    return stripe.StripeClient(
        session.authentication_token,
        base_addresses={"api": sandbox.url, "meter_events": sandbox.url},
    )


def reported(client, type, meter_id=None):
    """The data of the newest error report of a type, once there is one."""
    for event in client.v2.core.events.list({"types": [type]}).data:
        related = getattr(event, "related_object", None)
        if meter_id is None or (related and related.id == meter_id):
            return client.v2.core.events.retrieve(event.id)
    return None


def test_the_three_ways_in_come_to_the_same(sandbox_client, sandbox, noon):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    send_usage(sandbox_client, meter, customer, "1.25", timestamp=int(noon.timestamp()))
    event = sandbox_client.v2.billing.meter_events.create(written(meter, customer, "1.25", noon))
    open_stream(sandbox_client, sandbox).v2.billing.meter_event_stream.create(
        {"events": [written(meter, customer, "1", noon), written(meter, customer, ".25", noon)]}
    )

    assert event.object == "v2.billing.meter_event"
    assert datetime.fromisoformat(event.timestamp) == noon
    wait_for(lambda: total(sandbox_client, meter, customer, noon) == 3.75, "the usage")


def test_a_known_identifier_counts_once_by_whatever_way_it_comes(sandbox_client, sandbox, noon):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    event = written(meter, customer, "5", noon, identifier=fresh("once"))
    sandbox_client.v2.billing.meter_events.create(event)

    with pytest.raises(stripe.InvalidRequestError, match="An event already exists"):
        sandbox_client.v2.billing.meter_events.create(event)
    other = written(meter, customer, "1", noon)
    stream = open_stream(sandbox_client, sandbox).v2.billing.meter_event_stream
    stream.create({"events": [event, event, other]})

    wait_for(lambda: total(sandbox_client, meter, customer, noon) == 6, "the usage")


@pytest.mark.parametrize("count", [0, 101])
def test_a_stream_call_holds_one_to_a_hundred_events(sandbox_client, sandbox, noon, count):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    events = [written(meter, customer, "1", noon)] * count

    with pytest.raises(stripe.InvalidRequestError, match="between 1 and 100"):
        open_stream(sandbox_client, sandbox).v2.billing.meter_event_stream.create(
            {"events": events}
        )


def test_the_stream_wants_a_session_and_nothing_else_takes_one(sandbox_client, sandbox):
    stream = open_stream(sandbox_client, sandbox)

    with pytest.raises(stripe.AuthenticationError):
        stream.v1.customers.list()
    with pytest.raises(stripe.AuthenticationError):
        sandbox_client.v2.billing.meter_event_stream.create({"events": []})


def test_usage_of_an_unknown_customer_is_taken_and_told_of_afterwards(sandbox_client):
    meter = make_meter(sandbox_client)
    event = sandbox_client.v1.billing.meter_events.create(
        {
            "event_name": meter.event_name,
            "payload": {"stripe_customer_id": "cus_nobody", "value": "1"},
            "identifier": fresh("lost"),
        }
    )

    type = "v1.billing.meter.error_report_triggered"
    report = wait_for(lambda: reported(sandbox_client, type, meter.id), "the report")

    [kind] = report.data.reason.error_types
    [sample] = kind.sample_errors
    assert report.data.developer_message_summary == "There is 1 invalid event"
    assert report.data.reason.error_count == kind.error_count == 1
    assert kind.code == "meter_event_customer_not_found"
    assert sample.request.identifier == event.identifier
    window = [
        datetime.fromisoformat(getattr(report.data, f"validation_{n}")) for n in ("start", "end")
    ]
    assert window[0] < window[1] <= datetime.fromisoformat(report.created)
    assert report.fetch_related_object().id == meter.id


def test_an_error_report_goes_to_thin_destinations_only(sandbox_client, receiver):
    type = "v1.billing.meter.error_report_triggered"
    thin = sandbox_client.v2.core.event_destinations.create(
        {
            "name": "errors",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": [type],
            "webhook_endpoint": {"url": receiver.url},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )
    snapshots = sandbox_client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["*"]}
    )
    meter = make_meter(sandbox_client)
    lost = {"stripe_customer_id": "cus_nobody", "value": "1"}
    sandbox_client.v1.billing.meter_events.create({"event_name": meter.event_name, "payload": lost})

    def reports():
        return [one for one in receiver.seen if type in str(one[1]) and meter.id in str(one[1])]

    [(signature, body, _)] = wait_for(reports, "the report")
    sandbox_client.v1.webhook_endpoints.delete(snapshots.id)
    sandbox_client.v2.core.event_destinations.delete(thin.id)

    secret = thin.webhook_endpoint.signing_secret
    told = sandbox_client.parse_event_notification(body, signature, secret)
    assert "data" not in json.loads(body)
    assert told.related_object.id == meter.id
    assert told.fetch_event().data.reason.error_count == 1


def test_streamed_usage_without_a_meter_is_told_of_too(sandbox_client, sandbox, noon):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    lost = written(meter, customer, "1", noon, event_name=fresh("mystery"))
    open_stream(sandbox_client, sandbox).v2.billing.meter_event_stream.create({"events": [lost]})

    type = "v1.billing.meter.no_meter_found"
    report = wait_for(lambda: reported(sandbox_client, type), "the report")

    assert report.data.reason.error_types[0].code == "no_meter"
    assert lost["event_name"] in report.data.reason.error_types[0].sample_errors[0].error_message


def test_a_reported_event_can_be_taken_back(sandbox_client, noon):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    kept = send_usage(sandbox_client, meter, customer, "5", timestamp=int(noon.timestamp()))
    wrong = send_usage(sandbox_client, meter, customer, "70", timestamp=int(noon.timestamp()))
    cancel = {"event_name": meter.event_name, "type": "cancel"}

    told = sandbox_client.v1.billing.meter_event_adjustments.create(
        {**cancel, "cancel": {"identifier": wrong.identifier}}
    )

    assert (told.object, told.status) == ("billing.meter_event_adjustment", "pending")
    assert told.cancel.identifier == wrong.identifier
    wait_for(lambda: total(sandbox_client, meter, customer, noon) == 5, "the correction")
    again = sandbox_client.v2.billing.meter_event_adjustments.create(
        {**cancel, "cancel": {"identifier": kept.identifier}}
    )
    assert again.object == "v2.billing.meter_event_adjustment"
    wait_for(lambda: total(sandbox_client, meter, customer, noon) == 0, "the correction")


def test_a_v2_call_is_answered_again_under_its_idempotency_key(sandbox_client, noon):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    event, options = written(meter, customer, "5", noon), {"idempotency_key": fresh("key")}

    first = sandbox_client.v2.billing.meter_events.create(event, options)
    again = sandbox_client.v2.billing.meter_events.create(event, options)

    assert first.identifier == again.identifier


def test_only_one_call_is_in_flight_for_a_customer_and_a_meter(sandboxes):
    running = sandboxes("--empty", "--rate-limit", "live")
    client = running.client(max_network_retries=0)
    meter = make_meter(client)
    one, other = make_customer(client), make_customer(client)

    answers = asyncio.run(sent_at_once(running.url, meter.event_name, [one.id] * 4 + [other.id]))

    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers].count(200) == 2
    assert len(refused) == 3
    assert {answer.headers["Stripe-Rate-Limited-Reason"] for answer in refused} == {
        "resource-specific"
    }
    assert send_usage(client, meter, one, "1").identifier


async def sent_at_once(url, event_name, customers):
    async with httpx.AsyncClient(base_url=url, auth=(KEY, ""), trust_env=False) as client:
        calls = [
            client.post(
                "/v1/billing/meter_events",
                data={
                    "event_name": event_name,
                    "payload[stripe_customer_id]": customer,
                    "payload[value]": "1",
                },
            )
            for customer in customers
        ]
        return await asyncio.gather(*calls)


def test_what_was_answered_counts_after_a_kill(sandboxes, tmp_path, noon):
    options = ("--empty", "--data", str(tmp_path / "sandbox.db"))
    running = sandboxes(*options)
    client = running.client()
    meter, customer = make_meter(client), make_customer(client)
    wrong = send_usage(client, meter, customer, "70", timestamp=int(noon.timestamp()))
    client.v1.billing.meter_event_adjustments.create(
        {
            "event_name": meter.event_name,
            "type": "cancel",
            "cancel": {"identifier": wrong.identifier},
        }
    )
    client.v2.billing.meter_events.create(written(meter, customer, "5", noon))
    stream = open_stream(client, running).v2.billing.meter_event_stream
    stream.create({"events": [written(meter, customer, str(value), noon) for value in range(4)]})
    running.kill()

    client = sandboxes(*options).client()

    wait_for(lambda: total(client, meter, customer, noon) == 11, "the usage")
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        send_usage(client, meter, customer, "70", identifier=wrong.identifier)


@pytest.mark.parametrize("timestamp", ["yesterday", "2026-01-01T00:00:00", "1"])
def test_a_v2_time_must_be_one(sandbox, sandbox_client, timestamp):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    event = written(meter, customer, "1", datetime.now(UTC)) | {"timestamp": timestamp}

    with raw(sandbox) as client:
        answer = client.post("/v2/billing/meter_events", json=event)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "timestamp"
