"""What usage sets off by itself, over HTTP: invoices at a threshold, alerts at a number."""

import stripe

from tests.sandbox.objects import (
    make_meter,
    make_metered_price,
    make_payer,
    send_usage,
    wait_for,
)


def test_usage_is_invoiced_when_it_reaches_the_threshold(sandbox_client):
    meter, payer = make_meter(sandbox_client), make_payer(sandbox_client)
    price = make_metered_price(sandbox_client, meter)
    subscription = sandbox_client.v1.subscriptions.create(
        {
            "customer": payer.id,
            "items": [{"price": price.id, "billing_thresholds": {"usage_gte": 8000}}],
            "billing_thresholds": {"amount_gte": 5000, "reset_billing_cycle_anchor": False},
        }
    )
    assert subscription.billing_thresholds.amount_gte == 5000
    assert subscription["items"].data[0].billing_thresholds.usage_gte == 8000

    send_usage(sandbox_client, meter, payer, "4000")

    invoices = sandbox_client.v1.invoices
    [invoice] = wait_for(lambda: invoices.list({"customer": payer.id}).data, "the invoice")
    assert (invoice.billing_reason, invoice.status) == ("subscription_threshold", "paid")
    assert invoice.amount_paid == 5000
    assert invoice.threshold_reason.amount_gte == 5000
    preview = invoices.create_preview({"subscription": subscription.id})
    assert [line.amount for line in preview.lines.data] == [0]


def test_an_alert_is_made_set_off_and_put_away(sandbox_client):
    meter, customer = make_meter(sandbox_client), make_payer(sandbox_client)
    alerts = sandbox_client.v1.billing.alerts
    alert = alerts.create(
        {
            "title": "A hundred calls",
            "alert_type": "usage_threshold",
            "usage_threshold": {
                "gte": 100,
                "meter": meter.id,
                "recurrence": "one_time",
                "filters": [{"type": "customer", "customer": customer.id}],
            },
        }
    )
    assert isinstance(alert, stripe.billing.Alert)
    assert alerts.retrieve(alert.id).status == "active"
    assert [one.id for one in alerts.list({"meter": meter.id}).data] == [alert.id]

    send_usage(sandbox_client, meter, customer, "120")

    def triggered():
        told = sandbox_client.v1.events.list({"type": "billing.alert.triggered"}).data
        return [event for event in told if event.data.object.alert.id == alert.id]

    [event] = wait_for(triggered, "the alert")
    assert (event.data.object.customer, event.data.object.value) == (customer.id, 120)
    thin = sandbox_client.v2.core.events.list({"object_id": alert.id}).data
    assert [one.type for one in thin] == ["v1.billing.alert.triggered"]
    assert alerts.deactivate(alert.id).status == "inactive"
    assert alerts.activate(alert.id).status == "active"
    assert alerts.archive(alert.id).status == "archived"
    assert alerts.list({"meter": meter.id}).data == []
