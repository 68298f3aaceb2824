"""When a subscription is to end by itself: at its period's end, or at a moment that is named.

https://docs.stripe.com/billing/subscriptions/cancel
"""

from typing import Any

from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def schedule_the_end(store: Store, subscription: StripeObject, params: StripeObject) -> None:
    """Set or take back the end that a request asks for.

    Raises Refused for a moment that is not to come, and for two ways of saying it at once.
    """
    if params.get("cancel_at_period_end") and params.get("cancel_at"):
        raise Refused(
            "You may only specify one of these parameters: cancel_at, cancel_at_period_end.",
            param="cancel_at",
        )
    if "cancel_at_period_end" in params:
        _at_period_end(store, subscription, wanted=params["cancel_at_period_end"])
    if "cancel_at" in params:
        _at_moment(store, subscription, params["cancel_at"] or None)


def _at_period_end(store: Store, subscription: StripeObject, *, wanted: bool) -> None:
    if wanted == subscription["cancel_at_period_end"]:
        return
    # The period of a paused one may be over already.
    now = store.now(subscription["customer"])
    end = max(_ends(store, subscription)[-1], now) if wanted else None
    _set_end(store, subscription, end, at_period_end=wanted)


def _at_moment(store: Store, subscription: StripeObject, wanted: int | str | None) -> None:
    """End at a moment, or at the end of the item that ends first or last; None is never."""
    ends = _ends(store, subscription)
    named = {"min_period_end": ends[0], "max_period_end": ends[-1], "max_billed_until": ends[-1]}
    moment = named[wanted] if isinstance(wanted, str) else wanted
    if moment is not None and moment <= store.now(subscription["customer"]):
        raise Refused("The `cancel_at` timestamp must be in the future.", param="cancel_at")
    if moment != subscription["cancel_at"] or subscription["cancel_at_period_end"]:
        _set_end(store, subscription, moment, at_period_end=False)


def _set_end(
    store: Store, subscription: StripeObject, moment: int | None, *, at_period_end: bool
) -> None:
    is_set = moment is not None
    subscription |= {
        "cancel_at": moment,
        "cancel_at_period_end": at_period_end,
        "canceled_at": store.now(subscription["customer"]) if is_set else None,
    }
    reason = "cancellation_requested" if is_set else None
    subscription["cancellation_details"]["reason"] = reason


def _ends(store: Store, subscription: StripeObject) -> list[int]:
    """When the items' periods end, the first one first."""
    return sorted(item["current_period_end"] for item in items_of(store, subscription))
