"""A test clock takes its customers through their billing periods."""

from datetime import UTC, datetime

import pytest
import stripe

from tests.sandbox.objects import (
    make_customer,
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
    send_usage,
    wait_for,
)


def at(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())


def make_clock(client, *date):
    return client.v1.test_helpers.test_clocks.create({"frozen_time": at(*date)})


def advance(client, clock, *date):
    """Move the clock and wait until it stands there."""
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": at(*date)})
    wait_for(lambda: is_ready(client, clock), "the clock")


def is_ready(client, clock):
    return client.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"


def test_advancing_a_month_and_an_hour_bills_the_plan_and_the_usage(sandbox_client):
    client, clock = sandbox_client, make_clock(sandbox_client, 2026, 1, 31, 12)
    meter = make_meter(client)
    payer = make_payer(client, test_clock=clock.id)
    items = [{"price": make_plan(client).id}, {"price": make_metered_price(client, meter).id}]
    made = client.v1.subscriptions.create({"customer": payer.id, "items": items})
    send_usage(client, meter, payer, "1000")

    moving = client.v1.test_helpers.test_clocks.advance(
        clock.id, {"frozen_time": at(2026, 2, 28, 12)}
    )
    wait_for(lambda: is_ready(client, clock), "the clock")
    [draft] = client.v1.invoices.list({"customer": payer.id, "status": "draft"}).data
    advance(client, clock, 2026, 2, 28, 13)
    [cycle, first] = client.v1.invoices.list({"customer": payer.id}).data

    assert (made.created, moving.status) == (at(2026, 1, 31, 12), "advancing")
    assert moving.status_details.advancing.target_frozen_time == at(2026, 2, 28, 12)
    assert (draft.id, draft.number) == (cycle.id, None)
    assert (cycle.status, cycle.billing_reason, cycle.total) == ("paid", "subscription_cycle", 3750)
    assert cycle.number == first.number.replace("0001", "0002")
    item = client.v1.subscriptions.retrieve(made.id)["items"].data[0]
    assert item.current_period_end == at(2026, 3, 31, 12)


def test_the_preview_is_what_is_charged(sandbox_client):
    client, clock = sandbox_client, make_clock(sandbox_client, 2026, 5, 1)
    meter = make_meter(client)
    payer = make_payer(client, test_clock=clock.id)
    tiers = [{"up_to": 100, "flat_amount": 900}, {"up_to": "inf", "unit_amount_decimal": "0.333"}]
    price = make_metered_price(
        client, meter, billing_scheme="tiered", tiers_mode="graduated", tiers=tiers,
        unit_amount_decimal=None,
    )  # fmt: skip
    made = client.v1.subscriptions.create({"customer": payer.id, "items": [{"price": price.id}]})
    send_usage(client, meter, payer, "12345")
    wait_for(lambda: total(client, meter, payer) == 12345, "the usage")
    preview = client.v1.invoices.create_preview({"subscription": made.id})

    advance(client, clock, 2026, 6, 1, 1)

    [charged] = client.v1.invoices.list({"customer": payer.id}).data
    told = [(line.description, line.amount, line.quantity) for line in preview.lines.data]
    assert told == [(line.description, line.amount, line.quantity) for line in charged.lines.data]
    assert charged.total == preview.total == 900 + 4078


def test_a_clock_stops_at_two_intervals_and_never_goes_back(sandbox_client):
    clock = make_clock(sandbox_client, 2026, 1, 1)
    payer = make_payer(sandbox_client, test_clock=clock.id)
    items = [{"price": make_plan(sandbox_client).id}]
    sandbox_client.v1.subscriptions.create({"customer": payer.id, "items": items})

    for date in [(2025, 12, 31), (2026, 1, 1), (2026, 3, 2)]:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            advance(sandbox_client, clock, *date)
        assert refused.value.param == "frozen_time"
    advance(sandbox_client, clock, 2026, 3, 1)

    assert len(sandbox_client.v1.invoices.list({"customer": payer.id}).data) == 3


def test_what_is_on_a_clock_is_listed_only_when_asked_for(sandbox_client):
    clock = make_clock(sandbox_client, 2026, 1, 1)
    payer = make_payer(sandbox_client, test_clock=clock.id)
    items = [{"price": make_plan(sandbox_client).id}]
    made = sandbox_client.v1.subscriptions.create({"customer": payer.id, "items": items})
    customers, subscriptions = sandbox_client.v1.customers, sandbox_client.v1.subscriptions

    assert payer.id not in {one.id for one in customers.list({"limit": 100}).data}
    assert made.id not in {one.id for one in subscriptions.list({"limit": 100}).data}
    assert [one.id for one in customers.list({"test_clock": clock.id}).data] == [payer.id]
    for asked in ({"test_clock": clock.id}, {"customer": payer.id}):
        assert [one.id for one in subscriptions.list(asked).data] == [made.id]


def test_deleting_a_clock_takes_its_customers_along(sandbox_client):
    clock = make_clock(sandbox_client, 2026, 1, 1)
    customer = make_customer(sandbox_client, test_clock=clock.id)

    sandbox_client.v1.test_helpers.test_clocks.delete(clock.id)

    assert sandbox_client.v1.customers.retrieve(customer.id).deleted is True


def test_a_clock_has_room_for_three_customers(sandbox_client):
    clock = make_clock(sandbox_client, 2026, 1, 1)
    for _ in range(3):
        make_customer(sandbox_client, test_clock=clock.id)

    with pytest.raises(stripe.InvalidRequestError, match="at most 3 customers"):
        make_customer(sandbox_client, test_clock=clock.id)


def test_an_existing_customer_is_put_on_a_clock_for_good(sandbox_client):
    client, customer = sandbox_client, make_customer(sandbox_client)
    clocks = client.v1.test_helpers.test_clocks
    frozen, asked = at(2026, 1, 1), {"name": "Year", "customer": customer.id}

    clock = clocks.create({"frozen_time": frozen, **asked})
    with pytest.raises(stripe.InvalidRequestError) as twice:
        clocks.create({"frozen_time": frozen, **asked})
    with pytest.raises(stripe.InvalidRequestError) as nobody:
        clocks.create({"frozen_time": frozen, "customer": "cus_nobody"})

    assert (clock.name, clock.status) == ("Year", "ready")
    assert client.v1.customers.retrieve(customer.id).test_clock == clock.id
    assert (twice.value.param, nobody.value.param) == ("customer", "customer")


def test_a_customer_takes_their_subscriptions_along_onto_a_clock(sandbox_client):
    client, payer = sandbox_client, make_payer(sandbox_client)
    items = [{"price": make_plan(client).id}]
    made = client.v1.subscriptions.create({"customer": payer.id, "items": items})
    end = made["items"].data[0].current_period_end
    clocks = client.v1.test_helpers.test_clocks

    with pytest.raises(stripe.InvalidRequestError) as refused:
        clocks.create({"frozen_time": at(2026, 1, 1), "customer": payer.id})
    clock = clocks.create({"frozen_time": made.created + 60, "customer": payer.id})
    clocks.advance(clock.id, {"frozen_time": end + 3600})
    wait_for(lambda: is_ready(client, clock), "the clock")

    assert refused.value.param == "frozen_time"
    invoices = client.v1.invoices.list({"customer": payer.id}).data
    assert [one.status for one in invoices] == ["paid", "paid"]


def test_a_clock_tells_of_its_own_life(sandbox_client):
    clock = make_clock(sandbox_client, 2026, 1, 1)
    advance(sandbox_client, clock, 2026, 2, 1)
    sandbox_client.v1.test_helpers.test_clocks.delete(clock.id)

    asked = {"type": "test_helpers.test_clock.*", "limit": 4}
    told = sandbox_client.v1.events.list(asked).data[::-1]

    assert [one.type.rpartition(".")[2] for one in told] == [
        "created", "advancing", "ready", "deleted",
    ]  # fmt: skip
    assert {one.data.object.id for one in told} == {clock.id}


def test_a_subscription_that_is_to_end_with_its_period_does(sandbox_client):
    clock = make_clock(sandbox_client, 2026, 1, 1)
    payer = make_payer(sandbox_client, test_clock=clock.id)
    items = [{"price": make_plan(sandbox_client).id}]
    subscriptions = sandbox_client.v1.subscriptions
    made = subscriptions.create({"customer": payer.id, "items": items})

    ending = subscriptions.update(made.id, {"cancel_at_period_end": True})
    staying = subscriptions.update(made.id, {"cancel_at_period_end": False})
    subscriptions.update(made.id, {"cancel_at_period_end": True})
    advance(sandbox_client, clock, 2026, 2, 1)

    assert ending.cancel_at == at(2026, 2, 1)
    assert ending.canceled_at == at(2026, 1, 1)
    assert ending.cancellation_details.reason == "cancellation_requested"
    assert (ending.status, staying.cancel_at, staying.canceled_at) == ("active", None, None)
    assert subscriptions.retrieve(made.id).status == "canceled"
    assert subscriptions.list({"customer": payer.id}).data == []
    assert len(subscriptions.list({"customer": payer.id, "status": "all"}).data) == 1


def total(client, meter, customer):
    """The customer's usage of May 2026."""
    asked = {
        "customer": customer.id, "start_time": at(2026, 5, 1), "end_time": at(2026, 6, 1),
    }  # fmt: skip
    [whole] = client.v1.billing.meters.event_summaries.list(meter.id, asked).data
    return whole.aggregated_value
