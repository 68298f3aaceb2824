"""Stripe's resources: each module reads its requests, looks up, calls billing and answers."""

from portal.sandbox.resources import (
    customers,
    event_destinations,
    events,
    invoice_previews,
    invoices,
    meter_events,
    meters,
    payment_methods,
    prices,
    products,
    subscription_items,
    subscription_updates,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)

ROUTES = tuple(
    module.routes
    for module in (
        customers,
        event_destinations,
        events,
        invoice_previews,
        invoices,
        meter_events,
        meters,
        payment_methods,
        prices,
        products,
        subscription_items,
        subscription_updates,
        subscriptions,
        test_clocks,
        webhook_endpoints,
    )
)
