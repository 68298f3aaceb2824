"""What a preview's parameters must be to go together; what would be ignored is refused.

https://docs.stripe.com/api/invoices/create_preview
"""

from typing import Any

from portal.sandbox.refusals import NotSupported, Refused

StripeObject = dict[str, Any]
DETAILS = "subscription_details"
# What goes with a detail that is no change of the subscription, but its end or its pause.
_ALONE = {
    "cancel_now": frozenset(("billing_mode", "proration_behavior")),
    "pause": frozenset(("billing_mode",)),
    "resume_at": frozenset(
        ("billing_cycle_anchor", "billing_mode", "proration_behavior", "proration_date")
    ),
}


def check_parameters(params: StripeObject) -> None:
    """Refuse what contradicts itself, whatever it is about."""
    if params.get("automatic_tax", {}).get("enabled"):
        raise NotSupported(
            "This sandbox does not calculate taxes by itself.", param="automatic_tax[enabled]"
        )
    for name in ("schedule", "schedule_details"):
        for other in ("subscription", DETAILS):
            if name in params and other in params:
                raise Refused(
                    f"You may only specify one of these parameters: {name}, {other}.", param=name
                )
    details = params.get(DETAILS, {})
    if "proration_date" in details and details.get("proration_behavior") == "none":
        raise _refused("`proration_date` cannot be used with `proration_behavior` none.",
                       "proration_date")  # fmt: skip
    if "schedule" in params and "billing_mode" in params.get("schedule_details", {}):
        raise Refused(
            "A known schedule has its billing mode already.", param="schedule_details[billing_mode]"
        )


def check_change(subscription: StripeObject, params: StripeObject) -> None:
    """Refuse what cannot be asked of a subscription that is there already."""
    details = params.get(DETAILS, {})
    if "currency" in params and params["currency"].lower() != subscription["currency"]:
        raise Refused(
            f"The subscription is in `{subscription['currency']}`, so its invoices are too.",
            param="currency",
        )
    if "start_date" in details:
        raise _refused("`start_date` can only be given for a new subscription.", "start_date")
    mode = details.get("billing_mode", subscription["billing_mode"])["type"]
    if mode != subscription["billing_mode"]["type"]:
        raise _refused(
            "The billing mode of a subscription is changed by migrating it.", "billing_mode"
        )
    if details.get("billing_cycle_anchor", {}).get("type") == "timestamp":
        raise _refused(
            "For existing subscriptions, the value can only be `now` or `unchanged`.",
            "billing_cycle_anchor",
        )
    if "resume_at" in details and subscription["status"] != "paused":
        raise _refused("Only a paused subscription can be resumed.", "resume_at")
    for name, others in _ALONE.items():
        surplus = sorted(details.keys() - others - {name})
        if details.get(name) and surplus:
            raise _refused(f"`{surplus[0]}` cannot be combined with `{name}`.", surplus[0])


def check_new(details: StripeObject) -> None:
    """Refuse what only a subscription that is there already can do."""
    if not details.get("items"):
        raise Refused(
            "Missing required param: subscription.", code="parameter_missing", param="subscription"
        )
    for name in (*_ALONE, "proration_date"):
        if name in details:
            raise _refused(f"`{name}` goes with `subscription` only.", name)
    anchor = details.get("billing_cycle_anchor", {})
    if anchor.get("type") == "timestamp" and "timestamp" not in anchor:
        where = f"{DETAILS}[billing_cycle_anchor][timestamp]"
        raise Refused(f"Missing required param: {where}.", code="parameter_missing", param=where)


def _refused(message: str, name: str) -> Refused:
    return Refused(message, param=f"{DETAILS}[{name}]")
