"""Previews of invoices over HTTP, with every kind of parameter."""

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

HALF_PERCENT = 50


@pytest.fixture
def payer(sandbox_client):
    return make_payer(sandbox_client)


@pytest.fixture
def plan(sandbox_client):
    return make_plan(sandbox_client)


@pytest.fixture
def subscription(sandbox_client, payer, plan):
    return sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "items": [{"price": plan.id, "quantity": 2}]}
    )


def preview(client, subscription=None, **params):
    named = {"subscription": subscription.id} if subscription else {}
    return client.v1.invoices.create_preview({**named, **params})


def only_item(subscription):
    return subscription["items"].data[0].id


def told(lines):
    return [(line.description, line.amount, line.period.to_dict()) for line in lines]


def test_a_change_at_once_is_previewed_and_then_made_as_previewed(sandbox_client, subscription):
    dearer = make_plan(sandbox_client, 9900)
    change = {
        "items": [{"id": only_item(subscription), "price": dearer.id, "quantity": 3}],
        "proration_behavior": "always_invoice",
        "proration_date": subscription["items"].data[0].current_period_start + 1,
    }

    seen = preview(sandbox_client, subscription, subscription_details=change)
    changed = sandbox_client.v1.subscriptions.update(
        subscription.id, {**change, "expand": ["latest_invoice"]}
    )

    assert seen.id.startswith("upcoming_in_")
    assert (seen.status, seen.billing_reason, seen.number) == ("draft", "upcoming", None)
    details = seen.parent.subscription_details
    assert details.subscription_proration_date == change["proration_date"]
    made = changed.latest_invoice
    assert made.billing_reason == "subscription_update"
    assert told(seen.lines.data) == told(made.lines.data)
    assert (seen.total, seen.amount_due) == (made.total, made.amount_paid)
    credit = seen.lines.data[0].parent.subscription_item_details
    assert credit.proration
    assert credit.proration_details.credited_items.invoice == subscription.latest_invoice


def test_a_change_that_waits_is_previewed_with_the_renewal(sandbox_client, subscription):
    change = {"items": [{"id": only_item(subscription), "quantity": 5}]}

    seen = preview(sandbox_client, subscription, subscription_details=change)

    assert [line.quantity for line in seen.lines.data] == [2, 5, 5]
    assert seen.created == subscription["items"].data[0].current_period_end
    assert seen.lines.data[2].amount == 12_500


def test_nothing_of_a_preview_is_kept(sandbox_client, subscription):
    change = {"items": [{"id": only_item(subscription), "deleted": True}]}
    added = make_plan(sandbox_client)
    change["items"].append({"price": added.id})

    preview(sandbox_client, subscription, subscription_details=change)

    now = sandbox_client.v1.subscriptions.retrieve(subscription.id)
    assert now["items"].data[0].id == only_item(subscription)
    assert now.latest_invoice == subscription.latest_invoice
    listed = sandbox_client.v1.invoice_items.list({"customer": subscription.customer})
    assert listed.data == []


def test_ten_lines_are_embedded_and_all_are_paged(sandbox_client, subscription):
    extras = [{"amount": 100 + place, "currency": "usd"} for place in range(12)]

    seen = preview(sandbox_client, subscription, invoice_items=extras)

    assert (len(seen.lines.data), seen.lines.has_more) == (10, True)
    assert seen.lines.total_count == 13
    lines = sandbox_client.v1.invoices.line_items.list(seen.id, {"limit": 100})
    assert len(lines.data) == 13
    assert sum(line.amount for line in lines.data) == seen.total
    first = sandbox_client.v1.invoices.line_items.list(seen.id, {"limit": 5})
    assert [line.id for line in first.auto_paging_iter()] == [line.id for line in lines.data]


def test_what_recurs_leaves_out_what_is_billed_once(sandbox_client, subscription):
    change = {"items": [{"id": only_item(subscription), "quantity": 3}]}

    seen = preview(
        sandbox_client,
        subscription,
        subscription_details=change,
        invoice_items=[{"amount": 700, "currency": "usd"}],
        preview_mode="recurring",
    )

    assert [(line.quantity, line.amount) for line in seen.lines.data] == [(3, 7_500)]


def test_cancelling_now_is_previewed_with_usage_and_unused_time(sandbox_client, payer, plan):
    meter = make_meter(sandbox_client)
    price = make_metered_price(sandbox_client, meter)
    subscription = sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "items": [{"price": plan.id}, {"price": price.id}]}
    )
    send_usage(sandbox_client, meter, payer, 200)

    def billed():
        seen = preview(sandbox_client, subscription, subscription_details={"cancel_now": True})
        return [line.amount for line in seen.lines.data]

    wait_for(lambda: 250 in billed(), "the usage")
    assert billed()[0] in range(-2_500, -2_490)
    without = {"cancel_now": True, "proration_behavior": "none"}
    seen = preview(sandbox_client, subscription, subscription_details=without)
    assert [line.amount for line in seen.lines.data] == [250]


def test_a_new_anchor_is_previewed(sandbox_client, subscription):
    change = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "always_invoice"}

    seen = preview(sandbox_client, subscription, subscription_details=change)

    flags = [line.parent.subscription_item_details.proration for line in seen.lines.data]
    assert flags == [True, False]
    assert seen.lines.data[1].period.start == seen.created


def test_a_trial_is_previewed(sandbox_client, subscription):
    end = subscription["items"].data[0].current_period_end + 3600

    seen = preview(sandbox_client, subscription, subscription_details={"trial_end": end})

    assert seen.status == "draft"
    assert seen.total == 0


def test_a_new_subscription_is_previewed_for_a_customer_or_for_nobody(sandbox_client, payer, plan):
    details = {"items": [{"price": plan.id, "quantity": 4}]}

    known = preview(sandbox_client, customer=payer.id, subscription_details=details)
    unknown = preview(sandbox_client, subscription_details=details)

    assert known.total == unknown.total == 10_000
    assert known.customer == payer.id
    assert sandbox_client.v1.subscriptions.list({"customer": payer.id}).data == []


def test_a_metered_subscription_to_come_is_previewed_at_its_first_renewal(sandbox_client):
    price = make_metered_price(sandbox_client, make_meter(sandbox_client))

    seen = preview(sandbox_client, subscription_details={"items": [{"price": price.id}]})

    assert [line.amount for line in seen.lines.data] == [0]


def test_a_subscription_that_starts_later_is_previewed_then(sandbox_client, payer, plan):
    now = sandbox_client.v1.customers.retrieve(payer.id).created
    details = {"items": [{"price": plan.id}], "start_date": now + 86_400}

    seen = preview(sandbox_client, customer=payer.id, subscription_details=details)

    assert seen.lines.data[0].period.start == now + 86_400
    assert seen.test_clock is None


def test_discounts_and_taxes_are_previewed(sandbox_client, subscription):
    coupon = sandbox_client.v1.coupons.create({"percent_off": HALF_PERCENT, "duration": "forever"})
    rate = sandbox_client.v1.tax_rates.create(
        {"display_name": "VAT", "inclusive": False, "percentage": "20"}
    )

    seen = preview(
        sandbox_client,
        subscription,
        discounts=[{"coupon": coupon.id}],
        subscription_details={"default_tax_rates": [rate.id]},
    )
    exempt = preview(
        sandbox_client,
        subscription,
        customer_details={"tax_exempt": "exempt"},
        subscription_details={"default_tax_rates": [rate.id]},
    )

    assert (seen.subtotal, seen.total_excluding_tax, seen.total) == (5_000, 2_500, 3_000)
    assert exempt.total == 5_000


def test_a_schedule_to_come_is_previewed(sandbox_client, payer, plan):
    now = sandbox_client.v1.customers.retrieve(payer.id).created
    phases = [{"items": [{"price": plan.id}], "start_date": now + 86_400}]

    seen = preview(sandbox_client, customer=payer.id, schedule_details={"phases": phases})

    assert [line.amount for line in seen.lines.data] == [2_500]


def test_a_pause_is_previewed_if_it_makes_an_invoice(sandbox_client, subscription):
    pause = {"type": "subscription", "invoicing_behavior": "invoice"}

    seen = preview(sandbox_client, subscription, subscription_details={"pause": pause})

    assert seen.total < 0
    waits = {"pause": {"type": "subscription"}}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(sandbox_client, subscription, subscription_details=waits)
    assert refused.value.code == "invoice_upcoming_none"


@pytest.mark.parametrize(
    ("params", "param", "code"),
    [
        ({}, "subscription", "parameter_missing"),
        ({"subscription": "sub_none"}, "subscription", "resource_missing"),
        ({"schedule": "sub_sched_none"}, "schedule", "resource_missing"),
        (
            {"subscription_details": {"items": [{"price": "price_none"}]}},
            "subscription_details[items][0][price]",
            "resource_missing",
        ),
    ],
)
def test_what_is_not_there_is_refused(sandbox_client, params, param, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.invoices.create_preview(params)

    assert (refused.value.param, refused.value.code) == (param, code)


@pytest.mark.parametrize(
    ("details", "name"),
    [
        ({"start_date": 1_700_000_000}, "start_date"),
        ({"billing_mode": {"type": "classic"}}, "billing_mode"),
        ({"billing_cycle_anchor": {"type": "timestamp", "timestamp": 5}}, "billing_cycle_anchor"),
        ({"resume_at": "now"}, "resume_at"),
        ({"cancel_now": True, "cancel_at_period_end": True}, "cancel_at_period_end"),
        ({"proration_date": 5, "proration_behavior": "none"}, "proration_date"),
    ],
)
def test_what_a_known_subscription_cannot_do_is_refused(
    sandbox_client, subscription, details, name
):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(sandbox_client, subscription, subscription_details=details)

    assert refused.value.param == f"subscription_details[{name}]"


def test_an_anchor_for_a_new_subscription_says_when(sandbox_client):
    items = [{"price": make_plan(sandbox_client).id}]
    details = {"items": items, "billing_cycle_anchor": {"type": "timestamp"}}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.invoices.create_preview(
            {"customer": make_payer(sandbox_client).id, "subscription_details": details}
        )

    assert refused.value.param == "subscription_details[billing_cycle_anchor][timestamp]"


def test_unknown_items_of_a_change_are_named_where_they_stand(sandbox_client, subscription):
    change = {"items": [{"id": "si_none", "quantity": 2}]}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(sandbox_client, subscription, subscription_details=change)

    assert refused.value.param == "subscription_details[items][0][id]"


def test_a_canceled_subscription_has_no_next_invoice(sandbox_client, subscription):
    sandbox_client.v1.subscriptions.cancel(subscription.id)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(sandbox_client, subscription)

    assert (refused.value.http_status, refused.value.code) == (404, "invoice_upcoming_none")


def test_a_customer_sees_only_their_own(sandbox_client, subscription):
    other = make_customer(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        preview(sandbox_client, subscription, customer=other.id)
