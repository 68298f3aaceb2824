"""The way an integration goes, with Stripe's own client: from a meter to the next invoice."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import stripe

from tests.fixtures.sandbox import KEY, SandboxProcess
from tests.sandbox.objects import (
    fresh,
    make_customer,
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
    send_usage,
    wait_for,
)


def test_usage_that_is_sent_shows_in_the_preview_of_the_next_invoice(sandbox_client):
    meter = make_meter(sandbox_client)
    price = make_metered_price(sandbox_client, meter)
    customer = make_customer(sandbox_client)
    subscription = sandbox_client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}]}
    )

    event = send_usage(sandbox_client, meter, customer, "1234")
    preview = wait_for(lambda: preview_with_usage(sandbox_client, subscription), "the usage")

    assert isinstance(meter, stripe.billing.Meter)
    assert isinstance(price, stripe.Price)
    assert price.unit_amount_decimal == Decimal("1.25")
    assert isinstance(event, stripe.billing.MeterEvent)
    assert isinstance(subscription, stripe.Subscription)
    assert isinstance(preview, stripe.Invoice)
    assert isinstance(preview.lines.data[0], stripe.InvoiceLineItem)
    assert preview.lines.data[0].quantity == 1234
    assert preview.total == 1543
    assert preview.period_end == subscription["items"].data[0].current_period_end


def test_a_plan_is_paid_at_once_and_its_usage_comes_with_the_next_invoice(sandbox_client):
    meter = make_meter(sandbox_client)
    plan, metered = make_plan(sandbox_client), make_metered_price(sandbox_client, meter)
    customer = make_payer(sandbox_client)

    subscription = sandbox_client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": plan.id, "quantity": 3}, {"price": metered.id}],
            "expand": ["latest_invoice"],
        }
    )

    assert subscription.status == "active"
    assert subscription.latest_invoice.status == "paid"
    assert subscription.latest_invoice.amount_paid == 7500
    assert subscription.latest_invoice.billing_reason == "subscription_create"
    preview = sandbox_client.v1.invoices.create_preview({"subscription": subscription.id})
    assert {line.amount for line in preview.lines.data} == {7500, 0}


@pytest.fixture
async def async_client(sandbox: SandboxProcess) -> AsyncIterator[stripe.StripeClient]:
    """Stripe's own client over httpx, as the portal uses it."""
    http_client = stripe.HTTPXClient()
    yield stripe.StripeClient(KEY, base_addresses={"api": sandbox.url}, http_client=http_client)
    await http_client.close_async()


# Stripe's client gives httpx its bodies in a way that httpx would rather not see any more.
@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
async def test_the_asynchronous_client_pages_through_a_list(async_client):
    email = f"{fresh('grace')}@example.com"
    for _ in range(3):
        await async_client.v1.customers.create_async({"email": email})

    listed = await async_client.v1.customers.list_async({"email": email, "limit": 2})
    found = [customer async for customer in listed.auto_paging_iter()]

    assert len({customer.id for customer in found}) == 3


def preview_with_usage(client, subscription):
    """The preview, once it bills something."""
    preview = client.v1.invoices.create_preview({"subscription": subscription.id})
    return preview if preview.total else None
