"""Starting a subscription schedule: its subscription is created as the first phase describes it.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from typing import Any

from portal.sandbox.billing import schedule_states
from portal.sandbox.billing.cycles import WHEN_DUE
from portal.sandbox.billing.phases import phase_changes
from portal.sandbox.billing.schedules import ends_at, span_of, tell_expiring, when_expiring
from portal.sandbox.billing.starting import start_subscription
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.resources.subscriptions import begin_subscription
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def start_when_due(store: Store, ledger: UsageLedger, schedule: StripeObject) -> StripeObject:
    """Create the subscription of a schedule that begins, or tell that one ends soon."""
    if schedule["status"] != "not_started":
        tell_expiring(store, schedule)
        return schedule
    customer = store.get("customer", schedule["customer"])
    if customer is None or customer.get("deleted"):
        return schedule_states.cancel(store, schedule, schedule["_due_at"])
    phase, at = schedule["phases"][0], store.now(customer)
    begun = {"status": "active", "current_phase": span_of(phase)}
    schedule = store.put(schedule | begun | {"_due_at": when_expiring(schedule, at)})
    subscription = begin_subscription(
        store,
        _creation(schedule, phase, at),
        lambda made: [one.after for one in phase_changes(store, made, phase, at) if one.after],
    )
    schedule = store.put(schedule | {"subscription": subscription["id"]})
    managed = store.put(subscription | {"schedule": schedule["id"]})
    start_subscription(store, ledger, managed, in_request=False)
    store.emit("subscription_schedule.updated", schedule, {"status": "not_started"})
    return schedule


def _creation(schedule: StripeObject, phase: StripeObject, at: int) -> StripeObject:
    """The request that creates a subscription as the first phase describes it."""
    settings = schedule["default_settings"]
    method = phase["default_payment_method"] or settings["default_payment_method"]
    collection = phase["collection_method"] or settings["collection_method"]
    days = (phase["invoice_settings"] or settings["invoice_settings"])["days_until_due"]
    end, start = ends_at(schedule, phase), phase["start_date"]
    asked = {
        "add_invoice_items": [
            {name: extra[name] for name in ("metadata", "price", "quantity", "tax_rates")}
            for extra in phase["add_invoice_items"]
        ],
        "backdate_start_date": start if start < at else None,
        "billing_mode": {"type": schedule["billing_mode"]["type"]},
        "billing_thresholds": phase["billing_thresholds"] or settings["billing_thresholds"],
        "cancel_at": end,
        "collection_method": collection,
        "currency": phase["currency"],
        "customer": schedule["customer"],
        "days_until_due": days if collection == "send_invoice" else None,
        "default_payment_method": method,
        "default_tax_rates": phase["default_tax_rates"],
        "description": phase["description"] or settings["description"],
        "discounts": [given_discount(one) for one in phase["discounts"]] or None,
        "metadata": phase["metadata"],
        "trial_end": phase["trial_end"],
    }
    return {name: value for name, value in asked.items() if value is not None}


def given_discount(discount: StripeObject) -> StripeObject:
    """A phase's discount as a request names it."""
    return {name: value for name, value in discount.items() if value}


WHEN_DUE["subscription_schedule"] = start_when_due
