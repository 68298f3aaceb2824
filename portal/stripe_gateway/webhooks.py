"""What the portal wants to hear from Stripe, and whether an address of ours is told it already.

https://docs.stripe.com/api/events/types; meter errors exist as thin events only
(https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api).
"""

from portal.stripe_gateway.client import Gateway

SNAPSHOT_EVENTS = (
    "billing.alert.triggered",
    "billing.credit_balance_transaction.created",
    "billing.credit_grant.created",
    "billing.credit_grant.updated",
    "billing.meter.created",
    "billing.meter.deactivated",
    "billing.meter.reactivated",
    "billing.meter.updated",
    "checkout.session.completed",
    "customer.created",
    "customer.deleted",
    "customer.discount.created",
    "customer.discount.deleted",
    "customer.discount.updated",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.pending_update_applied",
    "customer.subscription.pending_update_expired",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.created",
    "invoice.deleted",
    "invoice.finalization_failed",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.overdue",
    "invoice.paid",
    "invoice.payment_action_required",
    "invoice.payment_failed",
    "invoice.upcoming",
    "invoice.updated",
    "invoice.voided",
    "invoice.will_be_due",
    "invoice_payment.paid",
    "invoiceitem.created",
    "invoiceitem.deleted",
    "payment_method.attached",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "payment_method.updated",
    "price.created",
    "price.deleted",
    "price.updated",
    "product.created",
    "product.deleted",
    "product.updated",
    "setup_intent.setup_failed",
    "setup_intent.succeeded",
    "subscription_schedule.aborted",
    "subscription_schedule.canceled",
    "subscription_schedule.completed",
    "subscription_schedule.created",
    "subscription_schedule.expiring",
    "subscription_schedule.released",
    "subscription_schedule.updated",
)
# Live accounts have no test clocks.
TEST_CLOCK_EVENTS = ("test_helpers.test_clock.deleted", "test_helpers.test_clock.ready")
THIN_EVENTS = ("v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found")


async def has_webhook_endpoint(gateway: Gateway, url: str) -> bool:
    """Whether snapshot events are sent to the address already."""
    pages = gateway.pages(lambda client, page: client.v1.webhook_endpoints.list_async(page))
    return url in [one["url"] async for page in pages for one in page.stripe_object["data"]]


async def has_event_destination(gateway: Gateway, url: str) -> bool:
    """Whether thin events are sent to the address already.

    An account has few destinations, so that one page holds them all.
    """
    page = await gateway.read(
        lambda client: client.v2.core.event_destinations.list_async(
            {"include": ["webhook_endpoint.url"], "limit": 100}
        )
    )
    return url in [
        one["webhook_endpoint"]["url"]
        for one in page.stripe_object["data"]
        if one["type"] == "webhook_endpoint" and one["event_payload"] == "thin"
    ]
