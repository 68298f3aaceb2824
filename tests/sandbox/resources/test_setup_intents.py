"""Cards that are kept for later, and those that cannot be."""

import pytest
import stripe

from tests.sandbox.objects import make_customer, make_payer, make_plan


def set_up(client: stripe.StripeClient, card: str, customer: str) -> stripe.SetupIntent:
    return client.v1.setup_intents.create(
        {"customer": customer, "payment_method": card, "confirm": True, "usage": "off_session"}
    )


def test_a_setup_waits_for_a_card_and_then_gives_it_to_the_customer(sandbox_client):
    customer = make_customer(sandbox_client)
    intent = sandbox_client.v1.setup_intents.create({"customer": customer.id})
    assert (intent.status, intent.usage) == ("requires_payment_method", "off_session")

    done = sandbox_client.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

    assert done.status == "succeeded"
    kept = sandbox_client.v1.customers.payment_methods.list(customer.id)
    assert [card.id for card in kept] == [done.payment_method]


def test_a_refused_card_fails_the_setup_and_is_nobodys(sandbox_client):
    customer = make_customer(sandbox_client)

    with pytest.raises(stripe.CardError) as caught:
        set_up(sandbox_client, "pm_card_chargeDeclined", customer.id)

    intent = sandbox_client.v1.setup_intents.retrieve(caught.value.error.setup_intent.id)
    assert (intent.status, intent.last_setup_error.code) == (
        "requires_payment_method", "card_declined",
    )  # fmt: skip
    assert sandbox_client.v1.customers.payment_methods.list(customer.id).data == []
    types = [event.type for event in sandbox_client.v1.events.list({"limit": 5})]
    assert "setup_intent.setup_failed" in types


def test_a_card_that_asks_once_is_charged_without_asking_after_its_setup(sandbox_client):
    customer = make_customer(sandbox_client)
    asked = set_up(sandbox_client, "pm_card_authenticationRequiredOnSetup", customer.id)
    assert (asked.status, asked.next_action.type) == ("requires_action", "use_stripe_sdk")

    done = sandbox_client.v1.setup_intents.confirm(asked.id)

    assert done.status == "succeeded"
    subscription = sandbox_client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": make_plan(sandbox_client).id}],
            "default_payment_method": done.payment_method,
        }
    )
    assert subscription.status == "active"


def test_a_card_that_was_not_set_up_asks_when_it_is_charged(sandbox_client):
    customer = make_payer(sandbox_client, "pm_card_authenticationRequiredOnSetup")

    subscription = sandbox_client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": make_plan(sandbox_client).id}]}
    )

    assert subscription.status == "incomplete"


def test_a_setup_is_canceled_once(sandbox_client):
    intent = sandbox_client.v1.setup_intents.create({"customer": make_customer(sandbox_client).id})

    ended = sandbox_client.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

    assert (ended.status, ended.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox_client.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert caught.value.code == "setup_intent_unexpected_state"


def test_a_card_is_made_of_a_test_number_and_of_no_other(sandbox_client):
    expiry = {"exp_month": 4, "exp_year": 2031, "cvc": "123"}
    numbered = {"number": "5555555555554444", **expiry}

    made = sandbox_client.v1.payment_methods.create({"type": "card", "card": numbered})

    assert (made.card.brand, made.card.last4, made.card.exp_year) == ("mastercard", "4444", 2031)
    with pytest.raises(stripe.CardError) as caught:
        unknown = {"number": "4242424242424241", **expiry}
        sandbox_client.v1.payment_methods.create({"type": "card", "card": unknown})
    assert caught.value.code == "incorrect_number"


def test_a_refused_number_cannot_be_attached(sandbox_client):
    card = {"number": "4000000000009995", "exp_month": 4, "exp_year": 2031}
    made = sandbox_client.v1.payment_methods.create({"type": "card", "card": card})

    with pytest.raises(stripe.CardError) as caught:
        customer = make_customer(sandbox_client)
        sandbox_client.v1.payment_methods.attach(made.id, {"customer": customer.id})

    assert caught.value.error.decline_code == "insufficient_funds"
