"""Meters, the usage that is sent to them, and its summaries."""

from datetime import UTC, datetime

import pytest
import stripe

from tests.sandbox.objects import (
    fresh,
    make_customer,
    make_meter,
    make_metered_price,
    send_usage,
    wait_for,
)

HOUR, DAY = 3600, 86400


@pytest.fixture
def noon() -> int:
    """Noon of the day before yesterday, in UTC: long enough ago for any window to be over."""
    now = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return int(now.timestamp()) - 2 * DAY


def summaries(client, meter, customer, start, end, **more):
    asked = {"customer": customer.id, "start_time": start, "end_time": end, **more}
    return client.v1.billing.meters.event_summaries.list(meter.id, asked)


def usage_counts(client, meter, customer, start, end, value):
    """Whether the whole span adds up to the value by now."""
    return summaries(client, meter, customer, start, end).data[0].aggregated_value == value


@pytest.mark.parametrize(("formula", "value"), [("sum", 12), ("count", 3), ("last", 3)])
def test_usage_adds_up_by_the_meters_formula(sandbox_client, noon, formula, value):
    meter, customer = make_meter(sandbox_client, formula), make_customer(sandbox_client)
    for hours, sent in ((0, "7"), (2, "3"), (1, "2")):
        send_usage(sandbox_client, meter, customer, sent, timestamp=noon + hours * HOUR)

    wait_for(
        lambda: usage_counts(sandbox_client, meter, customer, noon, noon + DAY, value),
        "the usage",
    )

    [whole] = summaries(sandbox_client, meter, customer, noon, noon + DAY).data
    assert isinstance(whole, stripe.billing.MeterEventSummary)
    assert whole.id.startswith("mtrusg_")
    assert (whole.start_time, whole.end_time, whole.meter) == (noon, noon + DAY, meter.id)


def test_summaries_come_by_hour_and_by_day(sandbox_client, noon):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    for at, sent in ((noon, "1"), (noon + 59, "2"), (noon + HOUR, "4"), (noon + 13 * HOUR, "8")):
        send_usage(sandbox_client, meter, customer, sent, timestamp=at)
    midnight = noon - 12 * HOUR
    wait_for(
        lambda: usage_counts(sandbox_client, meter, customer, noon, noon + DAY, 15), "the usage"
    )

    hours = summaries(
        sandbox_client, meter, customer, noon, noon + DAY, value_grouping_window="hour", limit=2
    )
    days = summaries(
        sandbox_client, meter, customer, midnight, midnight + 2 * DAY, value_grouping_window="day"
    )

    told = [(row.start_time - noon, row.aggregated_value) for row in hours.auto_paging_iter()]
    assert told == [(13 * HOUR, 8), (HOUR, 4), (0, 3)]
    assert hours.has_more is True
    assert [(row.start_time, row.aggregated_value) for row in days.data] == [
        (midnight + DAY, 8),
        (midnight, 7),
    ]


@pytest.mark.parametrize(
    ("window", "start", "end", "param"),
    [
        (None, 1, 60, "start_time"),
        (None, 0, 61, "end_time"),
        ("hour", 60, HOUR, "start_time"),
        ("hour", 0, HOUR + 60, "end_time"),
        ("day", HOUR, DAY, "start_time"),
        ("day", 0, DAY + HOUR, "end_time"),
        (None, DAY, DAY, "start_time"),
    ],
)
def test_a_span_that_is_not_aligned_is_refused(sandbox_client, window, start, end, param):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    more = {"value_grouping_window": window} if window else {}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        summaries(sandbox_client, meter, customer, start, end, **more)

    assert refused.value.param == param


def test_an_identifier_counts_once(sandbox_client):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    identifier = fresh("event")
    send_usage(sandbox_client, meter, customer, "5", identifier=identifier)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        send_usage(sandbox_client, meter, customer, "5", identifier=identifier)

    assert refused.value.http_status == 400
    said = f"An event already exists with identifier {identifier}."
    assert refused.value.user_message == said


@pytest.mark.parametrize(
    ("offset", "said"), [(-36 * DAY, "more than 35 days in past"), (400, "in the future")]
)
def test_usage_of_long_ago_or_of_the_future_is_refused(sandbox_client, offset, said):
    meter, customer = make_meter(sandbox_client), make_customer(sandbox_client)
    at = int(datetime.now(UTC).timestamp()) + offset

    with pytest.raises(stripe.InvalidRequestError, match=said):
        send_usage(sandbox_client, meter, customer, "1", timestamp=at)


def test_a_meter_is_renamed_and_stopped_and_started_again(sandbox_client):
    meters, meter = sandbox_client.v1.billing.meters, make_meter(sandbox_client)
    customer = make_customer(sandbox_client)

    renamed = meters.update(meter.id, {"display_name": "Calls"})
    stopped = meters.deactivate(meter.id)
    with pytest.raises(stripe.InvalidRequestError, match="No active meter found"):
        send_usage(sandbox_client, meter, customer, "1")
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        make_metered_price(sandbox_client, meter)
    started = meters.reactivate(meter.id)

    assert renamed.display_name == "Calls"
    assert stopped.status == "inactive"
    assert stopped.status_transitions.deactivated_at is not None
    assert (started.status, started.status_transitions.deactivated_at) == ("active", None)
    assert meter.id in {one.id for one in meters.list({"status": "active"}).auto_paging_iter()}


def test_an_event_name_belongs_to_one_active_meter(sandbox_client):
    meter = make_meter(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError, match="already an active meter") as refused:
        sandbox_client.v1.billing.meters.create(
            {
                "display_name": "Twin",
                "event_name": meter.event_name,
                "default_aggregation": {"formula": "count"},
            }
        )
    assert refused.value.param == "event_name"
