"""Subscription schedules, trials and pauses over HTTP, as Stripe's client sees them."""

import pytest
import stripe

from tests.sandbox.objects import make_payer, make_plan, wait_for

DAY = 24 * 3600


@pytest.fixture
def clock(sandbox_client):
    """A test clock that stands at the start of 2026."""
    return sandbox_client.v1.test_helpers.test_clocks.create({"frozen_time": 1767225600})


def advance(client, clock, moment):
    clocks = client.v1.test_helpers.test_clocks
    clocks.advance(clock.id, {"frozen_time": moment})
    wait_for(lambda: clocks.retrieve(clock.id).status == "ready", "the clock to arrive")


def subscribe(client, clock, **params):
    payer, plan = make_payer(client, test_clock=clock.id), make_plan(client)
    asked = {"customer": payer.id, "items": [{"price": plan.id}]}
    return client.v1.subscriptions.create(asked | params), plan


def test_a_downgrade_is_scheduled_for_the_end_of_the_period(sandbox_client, clock):
    schedules = sandbox_client.v1.subscription_schedules
    subscription, plan = subscribe(sandbox_client, clock)
    cheaper = make_plan(sandbox_client, unit_amount=100)

    made = schedules.create({"from_subscription": subscription.id})
    changed = schedules.update(
        made.id,
        {
            "end_behavior": "release",
            "phases": [
                {
                    "start_date": made.phases[0].start_date,
                    "end_date": made.phases[0].end_date,
                    "items": [{"price": plan.id, "quantity": 1}],
                },
                {
                    "items": [{"price": cheaper.id}],
                    "duration": {"interval": "month"},
                    "proration_behavior": "none",
                },
            ],
        },
    )

    assert [phase["items"][0].price for phase in changed.phases] == [plan.id, cheaper.id]
    read = sandbox_client.v1.subscriptions.retrieve(subscription.id, {"expand": ["schedule"]})
    assert read.schedule.id == made.id
    advance(sandbox_client, clock, made.phases[0].end_date + 3700)
    [latest, _] = sandbox_client.v1.invoices.list({"subscription": subscription.id}).data
    assert (latest.total, latest.status) == (100, "paid")
    released = schedules.release(made.id)
    assert (released.status, released.released_subscription) == ("released", subscription.id)
    assert [one.id for one in schedules.list({"customer": subscription.customer}).data] == [made.id]


def test_a_schedule_refuses_that_its_subscription_is_cancelled_directly(sandbox_client, clock):
    subscription, _ = subscribe(sandbox_client, clock)
    sandbox_client.v1.subscription_schedules.create({"from_subscription": subscription.id})

    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        sandbox_client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})


def test_an_unknown_schedule_is_missing(sandbox_client):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.subscription_schedules.retrieve("sub_sched_x")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert "No such subscription_schedule: 'sub_sched_x'" in str(refused.value)


def test_a_subscription_is_paused_and_resumed(sandbox_client, clock):
    subscription, _ = subscribe(sandbox_client, clock)

    paused = sandbox_client.v1.subscriptions.pause(
        subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}}
    )
    assert (paused.status, paused.status_details.paused.type) == ("paused", "subscription")
    resumed = sandbox_client.v1.subscriptions.resume(
        subscription.id, {"billing_cycle_anchor": {"type": "unchanged"}}
    )
    assert resumed.status == "active"


def test_a_trial_ends_by_the_clock(sandbox_client, clock):
    subscription, plan = subscribe(
        sandbox_client, clock, trial_period_days=10, expand=["latest_invoice"]
    )

    assert (subscription.status, subscription.latest_invoice.total) == ("trialing", 0)
    advance(sandbox_client, clock, subscription.trial_end + 3700)
    read = sandbox_client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (read.status, read.latest_invoice.total) == ("active", plan.unit_amount)


def test_everything_that_a_subscription_can_be_created_with_is_taken(sandbox_client, clock):
    coupon = sandbox_client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    rate = sandbox_client.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 20, "inclusive": False}
    )
    extra = sandbox_client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Set-up"}}
    )

    made, plan = subscribe(
        sandbox_client,
        clock,
        add_invoice_items=[{"price": extra.id}],
        default_tax_rates=[rate.id],
        description="Everything",
        discounts=[{"coupon": coupon.id}],
        metadata={"plan": "all"},
        off_session=True,
        payment_settings={"save_default_payment_method": "on_subscription"},
        pending_invoice_item_interval={"interval": "week"},
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
        expand=["latest_invoice"],
    )

    assert made.status == "active"
    assert made.latest_invoice.subtotal == plan.unit_amount + 1000
    halved = (plan.unit_amount + 1000) // 2
    assert made.latest_invoice.total == halved + halved // 5
    assert made.trial_settings.end_behavior.missing_payment_method == "pause"
    assert made.next_pending_invoice_item_invoice == made.created + 7 * DAY


def test_a_first_payment_is_confirmed_by_its_customer(sandbox_client, clock):
    made, _ = subscribe(
        sandbox_client,
        clock,
        payment_behavior="default_incomplete",
        expand=["latest_invoice.confirmation_secret", "latest_invoice.payments"],
    )

    assert made.status == "incomplete"
    [payment] = made.latest_invoice.payments.data
    intent = payment.payment.payment_intent
    assert made.latest_invoice.confirmation_secret.client_secret.startswith(intent)
    sandbox_client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert sandbox_client.v1.subscriptions.retrieve(made.id).status == "active"


def test_scheduled_subscriptions_count_on_a_test_clock_too(sandbox_client, clock):
    payer, plan = make_payer(sandbox_client, test_clock=clock.id), make_plan(sandbox_client)
    asked = {
        "customer": payer.id,
        "start_date": clock.frozen_time + DAY,
        "phases": [{"items": [{"price": plan.id}], "duration": {"interval": "month"}}],
    }
    for _ in range(3):
        sandbox_client.v1.subscription_schedules.create(asked)

    with pytest.raises(stripe.InvalidRequestError, match="at most 3 subscriptions"):
        sandbox_client.v1.subscription_schedules.create(asked)
    advance(sandbox_client, clock, clock.frozen_time + DAY)
    found = sandbox_client.v1.subscriptions.list({"customer": payer.id}).data
    assert [one.status for one in found] == ["active"] * 3
