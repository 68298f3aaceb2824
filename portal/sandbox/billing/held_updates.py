"""Updates that wait for their invoice to be paid: what they change is kept aside until then.

https://docs.stripe.com/billing/subscriptions/pending-updates. The subscription keeps under
`_held` what it and its items are to become, and which invoice that waits for.
"""

from typing import Any

from portal.sandbox.billing.charges import is_metered, price_named
from portal.sandbox.billing.renewal import keep_scheduled
from portal.sandbox.billing.segments import dropped
from portal.sandbox.included import items_of
from portal.sandbox.store import Store
from portal.sandbox.wire import presented

StripeObject = dict[str, Any]
# What an update sets besides a subscription's items, and what a held one sets when it is applied.
_OF_AN_UPDATE = ("billing_cycle_anchor", "cancel_at", "cancel_at_period_end", "canceled_at",
                 "discounts", "metadata", "trial_end", "trial_start")  # fmt: skip


def waits_for(subscription: StripeObject, invoice: StripeObject) -> bool:
    """Whether an update of the subscription is applied once that invoice is paid."""
    held = subscription.get("_held")
    return held is not None and held["invoice"] == invoice["id"]


def begin(store: Store, subscription: StripeObject) -> StripeObject:
    """Note what the subscription is, before an update that may have to be undone."""
    return store.put(subscription | {"_held": {"invoice": None, **_picture(store, subscription)}})


def hold(store: Store, updated: StripeObject, invoice: str, expires_at: int) -> StripeObject:
    """Put everything back as it was and keep aside what the update made of it."""
    before, after = updated["_held"], _picture(store, updated)
    shown = [presented(store, item) for item in after["items"]]
    told = {name: after["subscription"][name] for name in ("billing_cycle_anchor", "trial_end")}
    pending = {
        **told,
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": after["subscription"]["discounts"],
        "expires_at": expires_at,
        "metadata": after["subscription"]["metadata"],
        "subscription_items": shown,
        "trial_from_plan": None,
    }
    _replace_items(store, updated, before["items"])
    held = {"invoice": invoice, **after}
    restored = updated | before["subscription"]
    aside = {"_held": held, "latest_invoice": invoice, "pending_update": pending}
    return store.put(restored | aside)


def settle(store: Store, updated: StripeObject) -> StripeObject:
    """Forget how it was: the update was paid, or had nothing to be paid."""
    return store.put({name: value for name, value in updated.items() if name != "_held"})


def release(store: Store, subscription: StripeObject) -> StripeObject:
    """Apply the update that was held, now that it is paid."""
    before, held = presented(store, subscription), subscription["_held"]
    _replace_items(store, subscription, held["items"])
    applied = settle(store, subscription | {"pending_update": None, **held["subscription"]})
    store.emit("customer.subscription.pending_update_applied", applied)
    return keep_scheduled(store, applied, before)


def abandon(store: Store, subscription: StripeObject, invoice: StripeObject) -> StripeObject:
    """Drop the update that was held; usage that its invoice billed is billed nowhere any more."""
    before = presented(store, subscription)
    for charge in invoice.get("_charges", ()):
        item = store.get("subscription_item", charge["item"]["id"])
        if item is not None and is_metered(price_named(store, charge["price"])):
            store.put(item | dropped(charge["end"]))
    dropped_update = settle(store, subscription | {"pending_update": None})
    store.emit("customer.subscription.pending_update_expired", dropped_update)
    return keep_scheduled(store, dropped_update, before)


def _picture(store: Store, subscription: StripeObject) -> StripeObject:
    fields = {name: subscription[name] for name in _OF_AN_UPDATE}
    return {"subscription": fields, "items": items_of(store, subscription)}


def _replace_items(store: Store, subscription: StripeObject, wanted: list[StripeObject]) -> None:
    """Let the subscription have these items, in their order."""
    for item in items_of(store, subscription):
        store.delete("subscription_item", item["id"])
    for item in wanted:
        store.put(item)
