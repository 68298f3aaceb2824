"""Subscription schedules as objects: what requests say of their phases, checked and made complete.

https://docs.stripe.com/api/subscription_schedules/object
"""

from collections.abc import Sequence
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.schedules import after_duration
from portal.sandbox.fields import given, merged_metadata
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.customers import check_payment_method
from portal.sandbox.resources.subscription_item_shape import changed_items, tax_rates
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
MOST_PHASES = 10
_SOURCES = ("coupon", "discount", "promotion_code")
_INVOICE_SETTINGS = ("account_tax_ids", "custom_fields", "days_until_due", "description", "footer")
_PLAIN = ("billing_cycle_anchor", "collection_method", "default_payment_method", "description")
_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


def phases_of(
    store: Store, schedule: StripeObject, asked: Sequence[StripeObject], start: int, anchor: int
) -> list[StripeObject]:
    """The phases that the request describes, one after the other from a moment on.

    `anchor` is what the billing cycle is anchored to, or will be.
    """
    if not asked:
        raise Refused("Missing required param: phases.", code="parameter_missing", param="phases")
    if len(asked) > MOST_PHASES:
        raise Refused(f"You can pass in at most {MOST_PHASES} phases.", param="phases")
    phases: list[StripeObject] = []
    now = store.now(schedule["customer"])
    for position, one in enumerate(asked):
        param = f"phases[{position}]"
        _check_start(one, start, position, param)
        if one.get("billing_cycle_anchor") == "phase_start":
            anchor = start
        phase = _phase(store, schedule, one, param)
        end = _end(store, one, phase, (start, anchor, now), param)
        phase |= {
            "start_date": start,
            "end_date": end,
            "trial_end": _trial_end(one, start, end, param),
        }
        phases.append(phase)
        anchor = phase["trial_end"] or anchor
        start = end
    return phases


def new_settings(params: StripeObject) -> StripeObject:
    """`default_settings` of a schedule, with everything that the request leaves out."""
    asked = params.get("default_settings", {})
    return {
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": asked.get("billing_cycle_anchor", "automatic"),
        "billing_thresholds": asked.get("billing_thresholds") or None,
        "collection_method": asked.get("collection_method", "charge_automatically"),
        "default_payment_method": asked.get("default_payment_method") or None,
        "description": asked.get("description") or None,
        "invoice_settings": _invoice_settings(asked.get("invoice_settings") or {}),
        "on_behalf_of": None,
        "transfer_data": None,
    }


def phase_from(store: Store, subscription: StripeObject, items: list[StripeObject]) -> StripeObject:
    """What a subscription is at present, as the first phase of a schedule made from it."""
    start = max(item["current_period_start"] for item in items)
    end = subscription["cancel_at"] or min(item["current_period_end"] for item in items)
    phase = _blank(subscription["currency"]) | {
        "billing_thresholds": subscription["billing_thresholds"],
        "collection_method": subscription["collection_method"],
        "default_payment_method": subscription["default_payment_method"],
        "default_tax_rates": list(subscription["default_tax_rates"]),
        "description": subscription["description"],
        "discounts": [_named_discount(store, id) for id in subscription["discounts"]],
        "end_date": end,
        "items": [_item_from(store, item) for item in items],
        "metadata": {},
        "start_date": start,
        "trial_end": subscription["trial_end"] if subscription["status"] == "trialing" else None,
    }
    settings = {"days_until_due": subscription["days_until_due"]}
    return phase | {"invoice_settings": _invoice_settings(settings)}


def _phase(store: Store, schedule: StripeObject, asked: StripeObject, param: str) -> StripeObject:
    """A phase without its times."""
    pseudo = {
        "id": "",
        "billing_mode": schedule["billing_mode"],
        "currency": asked.get("currency") or schedule["_currency"],
        "customer": schedule["customer"],
    }
    without = [{k: v for k, v in one.items() if k != "discounts"} for one in asked["items"]]
    changes = changed_items(store, pseudo, without, store.now(), f"{param}[items][{{}}]")
    items = [
        _item(change.after or {}, _discounts(store, one.get("discounts"), f"{param}[items]"))
        for change, one in zip(changes, asked["items"], strict=True)
    ]
    schedule["_currency"] = pseudo["currency"]
    wanted = asked.get("default_payment_method")
    if wanted:
        check_payment_method(
            store, schedule["customer"], wanted, f"{param}[default_payment_method]"
        )
    settings = asked.get("invoice_settings")
    rates = asked.get("default_tax_rates")
    return (
        _blank(pseudo["currency"])
        | given(asked, _PLAIN)
        | {
            "add_invoice_items": [
                _extra(store, one, f"{param}[add_invoice_items][{position}]")
                for position, one in enumerate(asked.get("add_invoice_items", ()))
            ],
            "billing_thresholds": asked.get("billing_thresholds") or None,
            "default_tax_rates": tax_rates(store, rates, f"{param}[default_tax_rates]"),
            "discounts": _discounts(store, asked.get("discounts"), f"{param}[discounts]"),
            "invoice_settings": _invoice_settings(settings) if settings else None,
            "items": items,
            "metadata": merged_metadata({}, asked.get("metadata")),
            "proration_behavior": asked.get("proration_behavior", "create_prorations"),
        }
    )


def _blank(currency: str | None) -> StripeObject:
    nothing = ("application_fee_percent", "billing_cycle_anchor", "billing_thresholds",
               "collection_method", "default_payment_method", "description", "invoice_settings",
               "on_behalf_of", "transfer_data", "trial_end")  # fmt: skip
    return dict.fromkeys(nothing) | {
        "add_invoice_items": [],
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "currency": currency,
        "default_tax_rates": [],
        "discounts": [],
        "metadata": {},
        "proration_behavior": "create_prorations",
    }


def _item(item: StripeObject, discounts: list[StripeObject]) -> StripeObject:
    names = ("billing_thresholds", "metadata", "price", "quantity", "tax_rates")
    kept = {name: item[name] for name in names if name != "quantity" or item[name] is not None}
    return kept | {"discounts": discounts, "plan": item["price"]}


def _item_from(store: Store, item: StripeObject) -> StripeObject:
    return _item(item, [_named_discount(store, id) for id in item["discounts"]])


def _named_discount(store: Store, id: str) -> StripeObject:
    coupon = ((store.look("discount", id) or {}).get("source") or {}).get("coupon")
    return {"coupon": coupon, "discount": id, "promotion_code": None}


def _discounts(store: Store, asked: Any, param: str) -> list[StripeObject]:
    found = []
    for position, one in enumerate(asked or ()):
        for name in _SOURCES:
            if one.get(name):
                lookup.named(store, name, one[name], f"{param}[{position}][{name}]")
        found.append(dict.fromkeys(_SOURCES) | given(one, _SOURCES))
    return found


def _extra(store: Store, asked: StripeObject, param: str) -> StripeObject:
    if "price" not in asked:
        where = f"{param}[price]"
        raise Refused(f"Missing required param: {where}.", code="parameter_missing", param=where)
    price = lookup.named(store, "price", asked["price"], f"{param}[price]")
    if price["type"] != "one_time":
        raise Refused(
            "The price specified is set to `type=recurring` but this field only accepts prices "
            "with `type=one_time`.",
            param=f"{param}[price]",
        )
    return {
        "discountable": None,
        "discounts": [],
        "metadata": merged_metadata({}, asked.get("metadata")),
        "period": {
            "end": {"timestamp": None, "type": "phase_end"},
            "start": {"timestamp": None, "type": "phase_start"},
        },
        "price": price["id"],
        "quantity": asked.get("quantity", 1),
        "tax_rates": tax_rates(store, asked.get("tax_rates"), f"{param}[tax_rates]"),
    }


def _invoice_settings(asked: StripeObject) -> StripeObject:
    return (
        dict.fromkeys(_INVOICE_SETTINGS)
        | given(asked, _INVOICE_SETTINGS)
        | {"issuer": {"type": "self"}}
    )


def _check_start(asked: StripeObject, start: int, position: int, param: str) -> None:
    """Refuse a phase that does not begin where the one before it ends."""
    wanted = asked.get("start_date", start)
    if position and wanted != start:
        raise Refused(
            "The start date of a phase must be the end date of the phase before it.",
            param=f"{param}[start_date]",
        )


def _end(
    store: Store,
    asked: StripeObject,
    phase: StripeObject,
    times: tuple[int, int, int],
    param: str,
) -> int:
    """When a phase is over: as the request says, else after one interval of its first price.

    `times` are the phase's start, the cycle's anchor and the present moment.
    """
    start, anchor, now = times
    if "end_date" in asked and "duration" in asked:
        raise Refused(
            "You may only specify one of these parameters: end_date, duration.",
            param=f"{param}[duration]",
        )
    if "end_date" not in asked:
        price = lookup.get(store, "price", phase["items"][0]["price"])
        duration = asked.get("duration", price["recurring"])
        count = duration.get("interval_count", 1)
        if not 1 <= count <= _LONGEST[duration["interval"]] * 5:
            raise Refused(
                "This value must be greater than or equal to 1.",
                param=f"{param}[duration][interval_count]",
            )
        lasting = {"interval": duration["interval"], "interval_count": count}
        return after_duration(start, lasting, anchor)
    if asked["end_date"] == "now":
        return max(now, start)
    if asked["end_date"] <= start:
        raise Refused(
            "The end date of a phase must be after its start date.", param=f"{param}[end_date]"
        )
    return int(asked["end_date"])


def _trial_end(asked: StripeObject, start: int, end: int, param: str) -> int | None:
    if asked.get("trial"):
        return end
    trial_end = asked.get("trial_end")
    if trial_end is not None and not start < trial_end <= end:
        raise Refused(
            "The trial of a phase must end within the phase.", param=f"{param}[trial_end]"
        )
    return trial_end
