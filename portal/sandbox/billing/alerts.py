"""Billing alerts: news of a customer whose usage of a meter has reached a number, once for ever.

https://docs.stripe.com/billing/subscriptions/usage-based/alerts: they look at usage that comes in
after they were made, and never at customers on a test clock.
"""

from decimal import Decimal
from typing import Any

from portal.sandbox.billing.summaries import as_number
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
KIND = "billing.alert"
_TRIGGERED = "billing.alert_triggered"
_FOR_EVER = 2**40


def trigger_reached(store: Store, ledger: UsageLedger, meter_id: str, customer: str) -> None:
    """Tell of the alerts that a customer's new usage of a meter has set off."""
    if not any(store.look_each(KIND, _meter=meter_id)):
        return
    meter = store.get("billing.meter", meter_id)
    owner = store.look("customer", customer)
    if meter is None or owner is None or owner.get("test_clock") is not None:
        return
    waiting = [one for one in alerts_on(store, meter_id) if _is_waiting(store, one, customer)]
    if waiting:
        value = ledger.total(meter, customer, 0, _FOR_EVER)
        for alert in waiting:
            if value >= alert["usage_threshold"]["gte"]:
                _trigger(store, alert, customer, value)


def alerts_on(store: Store, meter: str) -> list[StripeObject]:
    """The alerts on a meter that are not archived, the oldest first."""
    return [
        alert
        for alert in reversed(store.every(KIND, _meter=meter))
        if alert["status"] != "archived"
    ]


def customer_of(alert: StripeObject) -> str | None:
    """The only customer whom the alert is about, if there is one."""
    filters = alert["usage_threshold"]["filters"]
    return filters[0]["customer"] if filters else None


def _is_waiting(store: Store, alert: StripeObject, customer: str) -> bool:
    return (
        alert["status"] == "active"
        and customer_of(alert) in (None, customer)
        and store.look(_TRIGGERED, _id(alert, customer)) is None
    )


def _trigger(store: Store, alert: StripeObject, customer: str, value: Decimal) -> None:
    """Emit the event and remember that this customer has set the alert off."""
    triggered = {
        "object": _TRIGGERED,
        "alert": presented(store, alert),
        "created": store.now(),
        "customer": customer,
        "livemode": False,
        "value": as_number(value),
    }
    store.put({"object": _TRIGGERED, "id": _id(alert, customer)})
    store.emit("billing.alert.triggered", triggered)


def _id(alert: StripeObject, customer: str) -> str:
    return f"{alert['id']}/{customer}"
