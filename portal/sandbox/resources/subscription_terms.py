"""When a new subscription starts, how long it is free and what its billing cycle is anchored to.

https://docs.stripe.com/api/subscriptions/create
"""

from collections.abc import Iterable
from typing import Any

from portal.sandbox.billing.anchors import AnchorConfig, next_occurrence
from portal.sandbox.billing.periods import next_boundary
from portal.sandbox.fields import given
from portal.sandbox.refusals import NotSupported, Refused

StripeObject = dict[str, Any]
TERMS = (
    "backdate_start_date billing_cycle_anchor billing_cycle_anchor_config billing_mode "
    "proration_behavior trial_end trial_from_plan trial_period_days trial_settings"
)
_DAY = 24 * 3600
_MOST_TRIAL_DAYS = 730
_CONFIG = ("day_of_month", "hour", "minute", "month", "second")
_RANGES = {
    "day_of_month": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "month": (1, 12),
    "second": (0, 59),
}


def set_terms(
    subscription: StripeObject, prices: Iterable[StripeObject], params: StripeObject
) -> None:
    """Set the times of a subscription that is not kept yet; `prices` are those of its items."""
    recurring = [price["recurring"] for price in prices]
    _set_start(subscription, params)
    set_trial_settings(subscription, params)
    _set_trial(subscription, recurring, params)
    _set_anchor(subscription, recurring, params)
    if params.get("proration_behavior") == "none":
        subscription["_free_until"] = max(
            subscription["billing_cycle_anchor"], subscription["created"]
        )


def set_trial_settings(subscription: StripeObject, params: StripeObject) -> None:
    """Say what follows when a trial ends without a payment method, and what its anchor is then."""
    asked = params.get("trial_settings", {}).get("end_behavior", {})
    names = ("billing_cycle_anchor", "missing_payment_method")
    subscription["trial_settings"]["end_behavior"].update(given(asked, names))


def check_trial_end(moment: int, now: int) -> None:
    """Refuse a trial that is over before it begins, or that lasts longer than two years."""
    if moment <= now:
        raise _not_in_the_future("trial_end")
    if moment > now + _MOST_TRIAL_DAYS * _DAY:
        raise Refused(
            "Invalid timestamp: can be no more than two years in the future.", param="trial_end"
        )


def set_billing_mode(subscription: StripeObject, asked: StripeObject) -> None:
    """Say by which of Stripe's two sets of rules the subscription is billed."""
    mode = subscription["billing_mode"]
    mode["type"] = asked.get("type", "flexible")
    if mode["type"] == "classic":
        if "flexible" in asked:
            raise Refused(
                "`billing_mode[flexible]` goes with `billing_mode[type]` flexible only.",
                param="billing_mode[flexible]",
            )
        # What has never been another mode has no date at which it became this one.
        mode |= {"flexible": None, "updated_at": None}
    else:
        mode["flexible"] = flexible_mode(asked)


def flexible_mode(asked: StripeObject) -> StripeObject:
    """What a request for a billing mode says of the flexible one.

    Prorations are always net of their discounts here; none names the discounts beside them.
    """
    settings: StripeObject = {"proration_discounts": "included"} | asked.get("flexible", {})
    if settings["proration_discounts"] != "included":
        raise NotSupported(
            "This sandbox does not itemize the discounts of prorations.",
            param="billing_mode[flexible][proration_discounts]",
        )
    return settings


def _set_start(subscription: StripeObject, params: StripeObject) -> None:
    start = params.get("backdate_start_date")
    if start is None:
        return
    if start >= subscription["created"]:
        raise Refused(
            "Invalid timestamp: must be an integer Unix timestamp in the past.",
            param="backdate_start_date",
        )
    subscription["start_date"] = start


def _set_trial(
    subscription: StripeObject, recurring: list[StripeObject], params: StripeObject
) -> None:
    now, trial_end = subscription["created"], _trial_end(subscription, recurring, params)
    if trial_end is not None:
        check_trial_end(trial_end, now)
        start = subscription["start_date"]
        subscription |= {"status": "trialing", "trial_start": start, "trial_end": trial_end}


def _trial_end(
    subscription: StripeObject, recurring: list[StripeObject], params: StripeObject
) -> int | None:
    """When the trial that is asked for ends; None when there is none."""
    asked: list[str] = [name for name in ("trial_end", "trial_period_days") if name in params]
    if params.get("trial_from_plan"):
        asked.append("trial_from_plan")
    if len(asked) > 1:
        raise Refused(
            f"You may only specify one of these parameters: {', '.join(asked)}.", param=asked[-1]
        )
    if "trial_end" in params:
        return None if params["trial_end"] == "now" else int(params["trial_end"])
    days = params.get("trial_period_days", 0)
    if params.get("trial_from_plan"):
        days = max(one["trial_period_days"] or 0 for one in recurring)
    if not 0 <= days <= _MOST_TRIAL_DAYS:
        raise Refused(
            f"The maximum number of trial period days is {_MOST_TRIAL_DAYS} (2 years).",
            param="trial_period_days",
        )
    return int(subscription["created"]) + days * _DAY if days else None


def _set_anchor(
    subscription: StripeObject, recurring: list[StripeObject], params: StripeObject
) -> None:
    """Anchor the cycle to what is asked for, or to the end of the trial, or to now."""
    now, trial_end = subscription["created"], subscription["trial_end"]
    free_until = now if trial_end is None else trial_end
    config = params.get("billing_cycle_anchor_config")
    if config is not None:
        subscription["billing_cycle_anchor_config"] = {name: config.get(name) for name in _CONFIG}
        anchor = _configured(config, recurring, free_until, params)
        subscription |= {"billing_cycle_anchor": anchor, "_configured_anchor": anchor}
    elif "billing_cycle_anchor" in params:
        _check_anchor(params["billing_cycle_anchor"], now, recurring, free_until)
        subscription["billing_cycle_anchor"] = params["billing_cycle_anchor"]
    elif subscription["trial_settings"]["end_behavior"]["billing_cycle_anchor"] != "unchanged":
        subscription["billing_cycle_anchor"] = free_until


def _check_anchor(anchor: int, now: int, recurring: list[StripeObject], free_until: int) -> None:
    if anchor < now:
        raise _not_in_the_future("billing_cycle_anchor")
    natural = min(next_boundary(free_until, one, free_until) for one in recurring)
    if anchor > natural:
        raise Refused(
            f"billing_cycle_anchor cannot be later than next natural billing date ({natural}).",
            param="billing_cycle_anchor",
        )


def _configured(
    config: StripeObject, recurring: list[StripeObject], after: int, params: StripeObject
) -> int:
    where = "billing_cycle_anchor_config"
    if "billing_cycle_anchor" in params:
        raise Refused(
            f"You may only specify one of these parameters: billing_cycle_anchor, {where}.",
            param=where,
        )
    if any(one["interval"] not in ("month", "year") for one in recurring):
        raise Refused(f"`{where}` goes with monthly and yearly prices only.", param=where)
    for name, (least, most) in _RANGES.items():
        if name in config and not least <= config[name] <= most:
            raise Refused(f"`{name}` must be between {least} and {most}.", param=f"{where}[{name}]")
    return next_occurrence(AnchorConfig(**config), after)


def _not_in_the_future(param: str) -> Refused:
    return Refused(
        "Invalid timestamp: must be an integer Unix timestamp in the future.", param=param
    )
