"""What an object holds or can be asked to hold: embedded lists, older forms, includable fields.

https://docs.stripe.com/expand#includable-properties: those are absent unless asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portal.sandbox.offers import is_active, is_valid

if TYPE_CHECKING:
    from portal.sandbox.store import Store

StripeObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A list inside an object: all its objects in order, and where its pages are."""

    objects: list[StripeObject] = field(default_factory=list)
    url: str = ""


def items_of(store: Store, subscription: StripeObject) -> list[StripeObject]:
    """A subscription's items, in the order in which they were added."""
    return store.every("subscription_item", subscription=subscription["id"])[::-1]


def lines_of(store: Store, invoice: StripeObject) -> list[StripeObject]:
    """An invoice's lines in their order; a preview carries them with it."""
    lines = invoice.get("lines")
    if lines is None:
        return store.every("line_item", invoice=invoice["id"])[::-1]
    return list(lines["data"] if isinstance(lines, dict) else lines)


def credited_lines_of(store: Store, note: StripeObject) -> list[StripeObject]:
    """A credit note's lines in their order; a preview carries them with it."""
    lines = note.get("lines")
    if lines is None:
        return store.every("credit_note_line_item", _credit_note=note["id"])[::-1]
    return list(lines)


def plan_of(price: StripeObject) -> StripeObject:
    """The older form of a recurring price, which Stripe still sends beside it."""
    recurring = price.get("recurring") or {}
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring.get("interval"),
        "interval_count": recurring.get("interval_count"),
        "livemode": False,
        "metadata": price["metadata"],
        "meter": recurring.get("meter"),
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": recurring.get("trial_period_days"),
        "usage_type": recurring.get("usage_type"),
    }


def _items(store: Store, subscription: StripeObject) -> Embedded:
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    return Embedded(_looked_at(store, "subscription_item", subscription=subscription["id"]), url)


def _lines(store: Store, invoice: StripeObject) -> Embedded:
    url = f"/v1/invoices/{invoice['id']}/lines"
    if invoice.get("lines") is not None:
        return Embedded(lines_of(store, invoice), url)
    return Embedded(_looked_at(store, "line_item", invoice=invoice["id"]), url)


def _looked_at(store: Store, kind: str, **equals: str) -> list[StripeObject]:
    """Objects in the order of creation, to be shown and not to be changed."""
    return [dict(one) for one in store.look_each(kind, **equals)][::-1]


def _credited_lines(store: Store, note: StripeObject) -> Embedded:
    return Embedded(credited_lines_of(store, note), f"/v1/credit_notes/{note['id']}/lines")


def _currency_options(_store: Store, price: StripeObject) -> StripeObject:
    """What the price is in each currency, its own first."""
    names = ("custom_unit_amount", "tax_behavior", "tiers", "unit_amount", "unit_amount_decimal")
    own = {price["currency"]: {name: price[name] for name in names}}
    return own | (price.get("currency_options") or {})


def _coupon_currencies(_store: Store, coupon: StripeObject) -> StripeObject | None:
    """What the coupon takes off in each currency, its own first."""
    if coupon["amount_off"] is None:
        return None
    own = {coupon["currency"]: {"amount_off": coupon["amount_off"]}}
    return own | (coupon["currency_options"] or {})


def _balances(_store: Store, customer: StripeObject) -> StripeObject:
    """The customer's balance in each currency in which there is one."""
    return {name: amount for name, amount in customer.get("_balances", {}).items() if amount}


def _tax(_store: Store, _customer: StripeObject) -> StripeObject:
    tax = {"ip_address": None, "location": None, "provider": "stripe"}
    return {"automatic_tax": "unrecognized_location", **tax}


def _subscriptions(store: Store, customer: StripeObject) -> Embedded:
    every = store.every("subscription", customer=customer["id"])
    live = [one for one in every if one["status"] not in ("canceled", "incomplete_expired")]
    return Embedded(live, f"/v1/customers/{customer['id']}/subscriptions")


def _payments(store: Store, invoice: StripeObject) -> Embedded:
    found = store.every("invoice_payment", invoice=invoice["id"])
    return Embedded(found, "/v1/invoices/payments")


def _refunds(store: Store, charge: StripeObject) -> Embedded:
    found = store.every("refund", charge=charge["id"])
    return Embedded(found, f"/v1/charges/{charge['id']}/refunds")


def _line_items(store: Store, session: StripeObject) -> Embedded:
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return Embedded(store.every("item", _session=session["id"])[::-1], url)


def _stored(name: str) -> Source:
    return lambda _store, obj: obj.get(name)


Source = Callable[["Store", StripeObject], Any]
# Worked out anew for every answer.
DERIVED: dict[str, dict[str, Source]] = {
    "coupon": {"valid": is_valid},
    "promotion_code": {"active": is_active},
}
# References that are never left as ids.
WHOLE: dict[str, tuple[str, ...]] = {
    "credit_note_line_item": ("tax_rates",),
    "customer": ("discount",),
    "invoice": ("default_tax_rates",),
    "invoiceitem": ("tax_rates",),
    "item": ("price",),
    "subscription": ("default_tax_rates",),
    "subscription_item": ("price", "tax_rates"),
}
ALWAYS: dict[tuple[str, str], Source] = {
    ("credit_note", "lines"): _credited_lines,
    ("invoice", "lines"): _lines,
    ("subscription", "items"): _items,
}
INCLUDABLE: dict[tuple[str, str], Source] = {
    ("charge", "refunds"): _refunds,
    ("coupon", "applies_to"): _stored("applies_to"),
    ("coupon", "currency_options"): _coupon_currencies,
    ("checkout.session", "line_items"): _line_items,
    ("customer", "cash_balance"): lambda _store, _customer: None,
    ("customer", "invoice_credit_balance"): _balances,
    ("customer", "sources"): lambda _store, _customer: Embedded(),
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "tax"): _tax,
    ("customer", "tax_ids"): lambda _store, _customer: Embedded(),
    ("invoice", "confirmation_secret"): _stored("_confirmation_secret"),
    ("invoice", "payments"): _payments,
    ("price", "currency_options"): _currency_options,
    ("price", "tiers"): _stored("tiers"),
}
