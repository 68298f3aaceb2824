"""What an object looks like in an answer: embedded lists put together, references expanded.

https://docs.stripe.com/expand says what `expand[]` does. What is stored stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from portal.sandbox.included import ALWAYS, DERIVED, INCLUDABLE, WHOLE, Embedded, plan_of
from portal.sandbox.refusals import Refused

if TYPE_CHECKING:
    from portal.sandbox.store import Store

StripeObject = dict[str, Any]
Tree = dict[str, Any]
_DEEPEST = 4
_EMBEDDED_AT_MOST = 10
# Which kind of object an id stands for, by the name of its field. The kinds that the sandbox has
# none of are here too, because asking to expand their null is no mistake.
_REFERENCES = {
    "account": "account",
    "account_tax_ids": "tax_id",
    "application": "application",
    "application_fee": "application_fee",
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "configuration": "billing_portal.configuration",
    "coupon": "coupon",
    "credit_balance_transaction": "billing.credit_balance_transaction",
    "credit_grant": "billing.credit_grant",
    "credit_note": "credit_note",
    "customer": "customer",
    "customer_balance_transaction": "customer_balance_transaction",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "default_source": "source",
    "default_tax_rates": "tax_rate",
    "discount": "discount",
    "discounts": "discount",
    "dispute": "dispute",
    "failure_balance_transaction": "balance_transaction",
    "invoice": "invoice",
    "meter": "billing.meter",
    "latest_attempt": "setup_attempt",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "latest_revision": "invoice",
    "mandate": "mandate",
    "on_behalf_of": "account",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "pending_setup_intent": "setup_intent",
    "price": "price",
    "product": "product",
    "promotion_code": "promotion_code",
    "refund": "refund",
    "review": "review",
    "schedule": "subscription_schedule",
    "setup_intent": "setup_intent",
    "single_use_mandate": "mandate",
    "source_transfer": "transfer",
    "subscription": "subscription",
    "tax_code": "tax_code",
    "tax_rate": "tax_rate",
    "tax_rates": "tax_rate",
    "test_clock": "test_helpers.test_clock",
    "transfer": "transfer",
}
# A balance's movement may come of either.
_OF_SEVERAL_KINDS = {"source": ("charge", "refund")}
# Stored in the object, but in an answer only when asked for.
_HIDDEN = {
    "coupon": ("applies_to", "currency_options"),
    "price": ("currency_options", "tiers"),
}


def tree(paths: Iterable[str]) -> Tree:
    """The `expand` parameter as nested dicts: `items.data.price` becomes items > data > price."""
    root: Tree = {}
    for path in paths:
        names = path.split(".")
        if len(names) > _DEEPEST:
            raise Refused(
                f"You cannot expand more than {_DEEPEST} levels of a property. Property: {path}",
                param="expand",
            )
        node = root
        for name in names:
            node = node.setdefault(name, {})
    return root


def presented(store: Store, obj: StripeObject, expand: Tree | None = None) -> StripeObject:
    """The object as it goes out, with the asked-for references replaced by their objects."""
    kind, asked = str(obj.get("object")), dict(expand or {})
    shown = _own_fields(store, obj, kind)
    for (owner, name), source in ALWAYS.items():
        if owner == kind and not obj.get("deleted"):
            shown[name] = _below(store, source(store, obj), asked.pop(name, {}), name)
    for name in WHOLE.get(kind, ()):
        if obj.get(name):
            asked.setdefault(name, {})
    if kind == "subscription_item" and not obj.get("deleted"):
        _show_plan(store, shown)
    for name, below in asked.items():
        includable = INCLUDABLE.get((kind, name))
        if includable is None and name not in shown:
            raise _not_expandable(name)
        value = shown[name] if includable is None else includable(store, obj)
        if (kind, name) == ("price", "currency_options"):
            value = _without_tiers(value, below)
        shown[name] = _below(store, value, below, name)
    if kind == "subscription":
        _show_only_plan(shown)
    return shown


def _own_fields(store: Store, obj: StripeObject, kind: str) -> StripeObject:
    """What is stored of the object to be shown, and what is worked out from it."""
    left_out = _HIDDEN.get(kind, ())
    shown = {name: value for name, value in obj.items() if name[0] != "_" and name not in left_out}
    for name, worked_out in DERIVED.get(kind, {}).items():
        shown[name] = worked_out(store, obj)
    return shown


def _without_tiers(options: StripeObject, below: Tree) -> StripeObject:
    """A price's currencies; the tiers of one are hidden until they are asked for as well."""
    return {
        currency: {
            name: value
            for name, value in option.items()
            if name != "tiers" or "tiers" in below.get(currency, {})
        }
        for currency, option in options.items()
    }


def _show_plan(store: Store, item: StripeObject) -> None:
    price = store.look("price", item["price"])
    item["plan"] = None if price is None else plan_of(dict(price))


def _show_only_plan(subscription: StripeObject) -> None:
    items = subscription.get("items", {}).get("data", [])
    only = items[0] if len(items) == 1 else {}
    subscription |= {"plan": only.get("plan"), "quantity": only.get("quantity")}


def _below(store: Store, value: Any, below: Tree, name: str) -> Any:
    """The value with what lies below it expanded; itself too when it is the id of something."""
    if isinstance(value, Embedded):
        return _object_list(store, value, below, name)
    kinds = _kinds(name)
    if isinstance(value, str) and kinds:
        found = next(filter(None, (store.look(kind, value) for kind in kinds)), None)
        return value if found is None else presented(store, dict(found), below)
    if isinstance(value, list):
        return [_below(store, part, below, name) for part in value]
    if isinstance(value, dict):
        unknown = next((part for part in below if part not in value), None)
        if unknown is not None:
            raise _not_expandable(f"{name}.{unknown}")
        inner = {part: _below(store, value[part], below[part], part) for part in below}
        return {**value, **inner}
    if value is None:
        return None
    raise _not_expandable(name)


def _kinds(name: str) -> tuple[str, ...]:
    """Of which kinds an object may be whose id stands in this field."""
    known = _REFERENCES.get(name)
    return _OF_SEVERAL_KINDS.get(name, () if known is None else (known,))


def _object_list(store: Store, embedded: Embedded, below: Tree, name: str) -> StripeObject:
    wrong = next((part for part in below if part != "data"), None)
    if wrong is not None:
        raise _not_expandable(f"{name}.{wrong}")
    first = embedded.objects[:_EMBEDDED_AT_MOST]
    return {
        "object": "list",
        "data": [presented(store, obj, below.get("data")) for obj in first],
        "has_more": len(embedded.objects) > len(first),
        "total_count": len(embedded.objects),
        "url": embedded.url,
    }


def _not_expandable(name: str) -> Refused:
    return Refused(f"This property cannot be expanded ({name}).", param="expand")
