"""Which price counted for a metered item's usage, and since when, within one billing period.

Usage is billed at the price that was in force when it happened
(https://docs.stripe.com/billing/subscriptions/billing-mode/compare). An item keeps the spans that
are over under `_segments` and the start of the present one under `_usage_from`, until it is billed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

StripeObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """A span in which an item's usage counted at one price; `price` is its id."""

    price: str
    start: int
    end: int


def unbilled(item: StripeObject, until: int, *, is_metered: bool) -> Iterator[Segment]:
    """The spans since the item's usage was last billed, the oldest first.

    `is_metered` tells whether the item's present price bills usage too.
    """
    for segment in item.get("_segments", ()):
        yield Segment(**segment)
    start = usage_from(item)
    if is_metered and start <= until:
        yield Segment(item["price"], start, until)


def usage_from(item: StripeObject) -> int:
    """Since when usage counts at the item's present price."""
    return int(item["_usage_from"] if "_usage_from" in item else item["current_period_start"])


def closed(item: StripeObject, at: int) -> StripeObject:
    """The fields of an item whose present span is put aside, to be billed with the period."""
    spans = [_kept(one) for one in unbilled(item, at, is_metered=True) if one.start < one.end]
    return {"_segments": spans, "_usage_from": at}


def dropped(at: int) -> StripeObject:
    """The fields of an item whose usage before that moment is billed nowhere, or elsewhere."""
    return {"_segments": [], "_usage_from": at}


def billed(item: StripeObject) -> StripeObject:
    """The item after all of its usage has been billed, at the start of its period."""
    noted = ("_billed_early", "_segments", "_usage_from")
    return {name: value for name, value in item.items() if name not in noted}


def _kept(segment: Segment) -> StripeObject:
    return {"price": segment.price, "start": segment.start, "end": segment.end}
