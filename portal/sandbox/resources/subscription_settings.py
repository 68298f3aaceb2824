"""What a request says of a subscription besides its items, its periods and its end.

https://docs.stripe.com/api/subscriptions/update
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.redemption import Purchase, apply_discounts
from portal.sandbox.billing.renewal import with_pending_interval
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.customers import check_payment_method
from portal.sandbox.resources.subscription_item_shape import tax_rates
from portal.sandbox.resources.subscription_terms import set_trial_settings
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
SETTINGS = (
    "automatic_tax.enabled collection_method days_until_due default_payment_method "
    "default_tax_rates description discounts invoice_settings.custom_fields "
    "invoice_settings.description invoice_settings.footer invoice_settings.issuer.type metadata "
    "off_session payment_settings pending_invoice_item_interval trial_settings"
)
# Of a subscription that is there already.
LATER_SETTINGS = "cancellation_details.comment cancellation_details.feedback pause_collection"
# Our own bound; Stripe's is not documented.
_MOST_DAYS_UNTIL_DUE = 3650
_PAYMENT_SETTINGS = (
    "payment_method_options",
    "payment_method_types",
    "save_default_payment_method",
)
_OF_ITS_INVOICES = ("custom_fields", "description", "footer")


def apply_settings(store: Store, subscription: StripeObject, params: StripeObject) -> None:
    """Take over what the request names."""
    subscription.update(given(params, ("default_payment_method", "description")))
    wanted = params.get("default_payment_method")
    if wanted:
        owner = subscription["customer"]
        check_payment_method(store, owner, wanted, "default_payment_method")
    if "metadata" in params:
        known = subscription["metadata"]
        subscription["metadata"] = merged_metadata(known, params["metadata"])
    details = params.get("cancellation_details", {})
    subscription["cancellation_details"].update(given(details, ("comment", "feedback")))
    _set_collection(subscription, params)
    _set_money(store, subscription, params)
    set_trial_settings(subscription, params)
    subscription["payment_settings"] |= given(params.get("payment_settings", {}), _PAYMENT_SETTINGS)
    subscription["invoice_settings"] |= given(params.get("invoice_settings", {}), _OF_ITS_INVOICES)
    if "pause_collection" in params:
        now = store.now(subscription["customer"])
        subscription["pause_collection"] = _pause_collection(params["pause_collection"], now)
    if "pending_invoice_item_interval" in params:
        _set_pending_interval(store, subscription, params["pending_invoice_item_interval"])


def _set_collection(subscription: StripeObject, params: StripeObject) -> None:
    """Whether invoices are charged or sent; what is sent has a number of days to be paid in."""
    subscription.update(given(params, ("collection_method", "days_until_due")))
    days, sends = params.get("days_until_due"), subscription["collection_method"] == "send_invoice"
    if not sends and "days_until_due" not in params:
        subscription["days_until_due"] = None
    if sends != (subscription["days_until_due"] is not None):
        raise Refused(
            "`days_until_due` goes with `collection_method` send_invoice, and only with that.",
            param="days_until_due",
        )
    if days is not None and not 0 <= days <= _MOST_DAYS_UNTIL_DUE:
        raise Refused(
            f"`days_until_due` must be between 0 and {_MOST_DAYS_UNTIL_DUE}.",
            param="days_until_due",
        )


def _set_money(store: Store, subscription: StripeObject, params: StripeObject) -> None:
    """Tax rates and discounts; taxes that work themselves out do not exist here."""
    if params.get("automatic_tax", {}).get("enabled"):
        raise NotSupported(
            "This sandbox does not calculate taxes by itself.", param="automatic_tax[enabled]"
        )
    if "default_tax_rates" in params:
        asked = params["default_tax_rates"]
        subscription["default_tax_rates"] = tax_rates(store, asked, "default_tax_rates")
    if "discounts" in params:
        customer = lookup.get(store, "customer", subscription["customer"])
        purchase = Purchase(customer, subscription["currency"])
        subscription |= apply_discounts(store, subscription, params["discounts"], purchase)


def _set_pending_interval(store: Store, subscription: StripeObject, asked: Any) -> None:
    """How often what is pending is invoiced, besides at the ends of periods."""
    interval = None
    if asked:
        interval = {"interval": asked["interval"], "interval_count": asked.get("interval_count", 1)}
        if interval["interval_count"] < 1:
            raise Refused(
                "This value must be greater than or equal to 1.",
                param="pending_invoice_item_interval[interval_count]",
            )
    subscription["pending_invoice_item_interval"] = interval
    subscription |= with_pending_interval(subscription, store.now(subscription["customer"]))


def _pause_collection(asked: Any, now: int) -> StripeObject | None:
    """How invoices are not collected; None collects them again. The subscription itself goes on.

    https://docs.stripe.com/billing/subscriptions/pause-payment
    """
    if not asked:
        return None
    resumes_at = asked.get("resumes_at")
    if resumes_at is not None and resumes_at <= now:
        raise Refused(
            "Invalid timestamp: must be an integer Unix timestamp in the future.",
            param="pause_collection[resumes_at]",
        )
    return {"behavior": asked["behavior"], "resumes_at": resumes_at}
