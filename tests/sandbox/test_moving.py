"""The sandbox's own clock is moved forward, and everything due until then happens."""

import pytest

from tests.sandbox.objects import (
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
    raw,
    send_usage,
    wait_for,
)
from tests.sandbox.test_test_clocks import advance, is_ready, make_clock

DAY = 86_400


@pytest.fixture
def future(sandboxes):
    """A sandbox of one's own, whose time may be moved."""
    return sandboxes("--empty", "--webhook-backoff", "0.05")


def move(sandbox, **asked):
    with raw(sandbox) as http:
        return http.post("/_sandbox/clock", json=asked).json()


def subscribe(client, **changes):
    payer = make_payer(client, **changes)
    items = [{"price": make_plan(client).id}]
    return client.v1.subscriptions.create({"customer": payer.id, "items": items})


def test_months_of_bills_are_made_each_at_its_own_moment(future):
    client = future.client()
    made = subscribe(client)

    now = move(future, advance=75 * DAY)["now"]

    invoices = client.v1.invoices.list({"customer": made.customer}).data[::-1]
    assert [one.status for one in invoices] == ["paid"] * 3
    anchor = made.billing_cycle_anchor
    assert anchor + 75 * DAY <= now <= anchor + 75 * DAY + 30
    for invoice in invoices[1:]:
        paid_at = invoice.status_transitions.paid_at
        assert (invoice.created, paid_at) == (invoice.period_end, invoice.created + 3600)
    [paid] = client.v1.events.list({"type": "invoice.paid"}).data
    assert paid.data.object.id == invoices[-1].id
    assert 0 <= paid.created - invoices[-1].status_transitions.paid_at <= 1


def test_the_clock_only_moves_forward_and_by_either_way_of_asking(future):
    start = move(future, advance=100)
    to = move(future, to=start["now"] + 500)

    assert 100 <= start["ahead"] <= 101
    assert 0 <= to["now"] - start["now"] - 500 <= 1
    for wrong, param in [
        ({"to": 5}, "to"), ({"advance": -1}, "advance"), ({}, "advance"), ({"to": 1.5}, "to"),
        ({"to": 5, "advance": 5}, "advance"), ({"by": 5}, "by"), ([], "body"),
    ]:  # fmt: skip
        with raw(future) as http:
            refused = http.post("/_sandbox/clock", json=wrong)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)


def test_usage_that_was_sent_before_reaches_its_threshold_before_the_clock_moves(future):
    client = future.client()
    meter, payer = make_meter(client), make_payer(client)
    items = [{"price": make_metered_price(client, meter).id}]
    asked = {"customer": payer.id, "items": items, "billing_thresholds": {"amount_gte": 5000}}
    made = client.v1.subscriptions.create(asked)
    send_usage(client, meter, payer, "10000")

    move(future, to=made.billing_cycle_anchor + 30 * DAY)

    reasons = [one.billing_reason for one in client.v1.invoices.list({"customer": payer.id}).data]
    assert reasons[-1] == "subscription_threshold"


def test_it_stays_ahead_after_a_restart(sandboxes, tmp_path):
    options = ("--empty", "--data", str(tmp_path / "sandbox.db"))
    first = sandboxes(*options)
    made = subscribe(first.client())
    moved = move(first, advance=40 * DAY)
    first.kill()

    second = sandboxes(*options)

    with raw(second) as http:
        now = http.get("/_sandbox/clock").json()
    assert moved["ahead"] == now["ahead"]
    assert len(second.client().v1.invoices.list({"customer": made.customer}).data) == 2


def test_it_waits_for_the_answers_that_invoices_wait_for(future, receiver):
    client = future.client()
    asked = {"url": receiver.url, "enabled_events": ["invoice.created"]}
    client.v1.webhook_endpoints.create(asked)
    made = subscribe(client)

    move(future, advance=32 * DAY)

    [cycle, _] = client.v1.invoices.list({"customer": made.customer}).data
    assert (cycle.status, cycle.webhooks_delivered_at) == ("paid", cycle.created)
    assert cycle.status_transitions.finalized_at == cycle.created + 3600


def test_a_test_clock_waits_for_them_too(future, receiver):
    client, asked = future.client(), {"url": receiver.url, "enabled_events": ["invoice.created"]}
    client.v1.webhook_endpoints.create(asked)
    clock = make_clock(client, 2026, 1, 1)
    made = subscribe(client, test_clock=clock.id)

    advance(client, clock, 2026, 2, 1, 1)

    [cycle, _] = client.v1.invoices.list({"customer": made.customer}).data
    assert (cycle.status, cycle.webhooks_delivered_at) == ("paid", cycle.created)


def test_a_refused_question_holds_the_invoice_back_on_a_test_clock(future, receiver):
    client, asked = future.client(), {"url": receiver.url, "enabled_events": ["invoice.created"]}
    endpoint = client.v1.webhook_endpoints.create(asked)
    clock = make_clock(client, 2026, 1, 1)
    made = subscribe(client, test_clock=clock.id)
    receiver.refusals = 10_000

    advance(client, clock, 2026, 2, 2)
    [held, _] = client.v1.invoices.list({"customer": made.customer}).data
    advance(client, clock, 2026, 2, 4)
    [final, _] = client.v1.invoices.list({"customer": made.customer}).data

    client.v1.webhook_endpoints.delete(endpoint.id)
    assert (held.status, held.webhooks_delivered_at) == ("draft", None)
    assert (final.status, final.webhooks_delivered_at) == ("paid", None)


def test_a_test_clock_is_deleted_when_its_thirty_days_are_over(future):
    client = future.client()
    clock = make_clock(client, 2026, 1, 1)
    made = subscribe(client, test_clock=clock.id)

    move(future, to=clock.deletes_after - 60)
    assert is_ready(client, clock)
    move(future, to=clock.deletes_after)

    assert client.v1.customers.retrieve(made.customer).deleted is True
    types = [event.type for event in client.v1.events.list({"limit": 100}).data]
    wait_for(lambda: "test_helpers.test_clock.deleted" in types, "the event")
