"""What an invoice, an invoice item or a line comes of, as its `parent` says."""

from collections.abc import Mapping
from typing import Any

StripeObject = dict[str, Any]


def subscription_of(owed: Mapping[str, Any]) -> str | None:
    """The subscription that an invoice or an invoice item is for; by hand it may be for none."""
    details = (owed["parent"] or {}).get("subscription_details") or {}
    id: str | None = details.get("subscription")
    return id


def invoice_item_of(line: StripeObject) -> str | None:
    """The invoice item that a line stands for, if it is for one."""
    parent = line["parent"]
    id: str | None = (parent[parent["type"]] or {}).get("invoice_item")
    return id


def is_proration(line: StripeObject) -> bool:
    """Whether the line credits or charges a part of a period."""
    parent = line["parent"]
    return bool((parent[parent["type"]] or {}).get("proration"))


def subscription_item_of(line: StripeObject) -> str | None:
    """The item of a subscription that a line charges, if it is for one."""
    details = line["parent"]["subscription_item_details"] or {}
    id: str | None = details.get("subscription_item")
    return id
