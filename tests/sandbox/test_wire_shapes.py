"""Objects have every field that Stripe's client knows, and nothing of the sandbox itself."""

import json

import pytest
import stripe

from tests.sandbox.objects import (
    fresh,
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
)

# Stripe sends these only when they are asked for, or when the object is deleted.
ONLY_WHEN_ASKED = {
    "customer": {"cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax",
                 "tax_ids"},
    "invoice": {"confirmation_secret", "payments"},
    "price": {"currency_options", "tiers"},
    "webhook_endpoint": {"secret"},
    "event": {"account", "context"},
}  # fmt: skip
# A payment method has only the field of its own type, and a card only what a card check told.
OF_OTHER_TYPES = {"customer_balance", "radar_options"}


@pytest.fixture(scope="module")
def objects(sandbox_client):
    """One object of each kind, as JSON has it."""
    meter = make_meter(sandbox_client)
    customer = make_payer(sandbox_client)
    items = [
        {"price": make_plan(sandbox_client).id},
        {"price": make_metered_price(sandbox_client, meter).id},
    ]
    subscription = sandbox_client.v1.subscriptions.create(
        {"customer": customer.id, "items": items, "expand": ["latest_invoice"]}
    )
    endpoint = sandbox_client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/unused", "enabled_events": ["invoice.voided"]}
    )
    clock = sandbox_client.v1.test_helpers.test_clocks.create({"frozen_time": 1_790_000_000})
    event = sandbox_client.v1.events.list({"limit": 1}).data[0]
    found = [
        meter, customer, subscription, subscription["items"].data[0], endpoint, clock, event,
        subscription.latest_invoice, subscription.latest_invoice.lines.data[0],
        subscription["items"].data[0].price,
        sandbox_client.v1.products.retrieve(subscription["items"].data[0].price.product),
    ]  # fmt: skip
    yield {one.object: json.loads(str(one)) for one in found}
    sandbox_client.v1.webhook_endpoints.delete(endpoint.id)
    sandbox_client.v1.test_helpers.test_clocks.delete(clock.id)


@pytest.mark.parametrize(
    "known",
    [
        stripe.Customer, stripe.Event, stripe.Invoice, stripe.InvoiceLineItem, stripe.Price,
        stripe.Product, stripe.Subscription, stripe.SubscriptionItem, stripe.WebhookEndpoint,
        stripe.billing.Meter, stripe.test_helpers.TestClock,
    ],
    ids=lambda known: known.OBJECT_NAME,
)  # fmt: skip
def test_an_object_has_every_field_that_the_client_knows(objects, known):
    kind = known.OBJECT_NAME

    fields = {name for name in known.__annotations__ if not name.startswith("_")}

    missing = fields - objects[kind].keys() - ONLY_WHEN_ASKED.get(kind, set())
    assert missing - {"deleted", "OBJECT_NAME"} == set()


def test_nothing_of_the_sandbox_itself_goes_on_the_wire(objects):
    assert [name for one in objects.values() for name in one if name.startswith("_")] == []


def test_a_price_shows_its_tiers_only_when_asked(sandbox_client):
    tiers = [{"up_to": 10, "flat_amount": 500}, {"up_to": "inf", "unit_amount_decimal": "0.5"}]
    price = make_plan_with_tiers(sandbox_client, tiers)

    plain = sandbox_client.v1.prices.retrieve(price.id)
    asked = sandbox_client.v1.prices.retrieve(price.id, {"expand": ["tiers"]})

    assert "tiers" not in plain
    assert json.loads(str(asked))["tiers"] == [
        {"flat_amount": 500, "flat_amount_decimal": "500", "unit_amount": None,
         "unit_amount_decimal": None, "up_to": 10},
        {"flat_amount": None, "flat_amount_decimal": None, "unit_amount": None,
         "unit_amount_decimal": "0.5", "up_to": None},
    ]  # fmt: skip


def make_plan_with_tiers(client, tiers):
    """A tiered price of its own product."""
    return client.v1.prices.create(
        {
            "currency": "usd",
            "recurring": {"interval": "month"},
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": tiers,
            "product_data": {"name": fresh("Seats")},
        }
    )
