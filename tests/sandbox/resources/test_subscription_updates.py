"""Changing a subscription over HTTP: what is charged at once, and what follows when that fails."""

import pytest
import stripe

from tests.sandbox.objects import make_payer, make_plan

DECLINED = "pm_card_chargeCustomerFail"


@pytest.fixture
def subscription(sandbox_client):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)
    return sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "items": [{"price": plan.id}]}
    )


def give_card(client, customer, card):
    attached = client.v1.payment_methods.attach(card, {"customer": customer})
    default = {"invoice_settings": {"default_payment_method": attached.id}}
    client.v1.customers.update(customer, default)


def more(subscription, **params):
    """Ten of what it has one of, to be paid at once."""
    item = subscription["items"].data[0].id
    items = [{"id": item, "quantity": 10}]
    return {"items": items, "proration_behavior": "always_invoice", **params}


def read(client, subscription):
    return client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


def test_a_change_stands_and_is_past_due_when_its_payment_fails(sandbox_client, subscription):
    give_card(sandbox_client, subscription.customer, DECLINED)

    changed = sandbox_client.v1.subscriptions.update(subscription.id, more(subscription))

    assert changed.status == "past_due"
    assert changed["items"].data[0].quantity == 10
    assert read(sandbox_client, subscription).latest_invoice.status == "open"


def test_nothing_changes_when_the_payment_must_not_fail(sandbox_client, subscription):
    give_card(sandbox_client, subscription.customer, DECLINED)

    with pytest.raises(stripe.CardError) as declined:
        sandbox_client.v1.subscriptions.update(
            subscription.id, more(subscription, payment_behavior="error_if_incomplete")
        )

    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    now = read(sandbox_client, subscription)
    assert (now.status, now["items"].data[0].quantity) == ("active", 1)
    assert now.latest_invoice.id == subscription.latest_invoice
    waiting = sandbox_client.v1.invoice_items.list({"customer": subscription.customer})
    assert waiting.data == []


def test_a_payment_that_is_to_be_confirmed_waits_for_that(sandbox_client, subscription):
    changed = sandbox_client.v1.subscriptions.update(
        subscription.id,
        more(
            subscription,
            payment_behavior="default_incomplete",
            expand=["latest_invoice.confirmation_secret"],
        ),
    )

    assert changed.status == "past_due"
    invoice = changed.latest_invoice
    assert (invoice.status, invoice.attempted) == ("open", False)
    intent = invoice.confirmation_secret.client_secret.partition("_secret_")[0]
    sandbox_client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert read(sandbox_client, subscription).status == "active"


def test_an_update_may_wait_until_its_invoice_is_paid(sandbox_client, subscription):
    give_card(sandbox_client, subscription.customer, DECLINED)

    held = sandbox_client.v1.subscriptions.update(
        subscription.id, more(subscription, payment_behavior="pending_if_incomplete")
    )

    assert (held.status, held["items"].data[0].quantity) == ("active", 1)
    assert held.pending_update.subscription_items[0].quantity == 10
    give_card(sandbox_client, subscription.customer, "pm_card_visa")
    sandbox_client.v1.invoices.pay(held.latest_invoice)
    now = read(sandbox_client, subscription)
    assert (now.pending_update, now["items"].data[0].quantity) == (None, 10)


def test_nothing_is_charged_when_the_credit_outweighs(sandbox_client, subscription):
    give_card(sandbox_client, subscription.customer, DECLINED)
    smaller = make_plan(sandbox_client, 100)
    item = subscription["items"].data[0].id

    changed = sandbox_client.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item, "price": smaller.id}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "error_if_incomplete",
        },
    )

    assert changed.status == "active"
    customer = sandbox_client.v1.customers.retrieve(subscription.customer)
    assert customer.balance in range(-2_400, -2_390)


def test_a_canceled_subscription_changes_only_in_its_texts(sandbox_client, subscription):
    sandbox_client.v1.subscriptions.cancel(subscription.id)

    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        sandbox_client.v1.subscriptions.update(subscription.id, more(subscription))

    changed = sandbox_client.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}})
    assert changed.metadata.to_dict() == {"a": "b"}


def test_items_have_endpoints_of_their_own(sandbox_client, subscription):
    extra = make_plan(sandbox_client, 700)
    items = sandbox_client.v1.subscription_items

    added = items.create({"subscription": subscription.id, "price": extra.id, "quantity": 2})
    changed = items.update(added.id, {"quantity": 3, "metadata": {"a": "b"}})
    gone = items.delete(added.id, {"proration_behavior": "none"})

    assert (added.quantity, changed.quantity, gone.deleted) == (2, 3, True)
    listed = items.list({"subscription": subscription.id})
    assert [item.id for item in listed.data] == [subscription["items"].data[0].id]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        items.delete(subscription["items"].data[0].id)
    assert "at least one active item" in str(refused.value)
