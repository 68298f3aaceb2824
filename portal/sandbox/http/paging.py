"""Stripe's cursor pagination: newest first, `limit`, `starting_after`, `ending_before`.

https://docs.stripe.com/api/pagination
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, runtime_checkable

from portal.sandbox.lookup import check_filter, no_such
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_LARGEST = 100
_USUAL = 10


@runtime_checkable
class Seekable(Protocol):
    """Objects that need not be gone through one by one to get to what follows a cursor."""

    def after(self, id: str) -> Iterator[StripeObject] | None:
        """The objects that come after the one with this id; None when there is no such one."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list endpoint found: all of it, lazily, newest first, and of which kind it is."""

    objects: Iterable[StripeObject]
    kind: str


def listing_of(store: Store, kind: str, params: StripeObject, *owners: str) -> Listing:
    """The objects of a kind by the filters `created` and `owners`, whose names are kinds too."""
    for owner in owners:
        check_filter(store, owner, params)
    exact = {owner: params[owner] for owner in owners if owner in params}
    asked = params.get("created")
    found = (obj for obj in store.each(kind, **exact) if within(asked, obj["created"]))
    return Listing(found, kind)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    objects: list[StripeObject]
    has_more: bool


def page(listing: Listing, params: StripeObject) -> Page:
    """The page that the parameters ask for; an unknown cursor is refused by name."""
    limit = _limit(params)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise Refused(
            "You may only specify one of these parameters: ending_before, starting_after.",
            param="ending_before",
        )
    if before is not None:
        return _page_before(iter(listing.objects), before, limit, listing.kind)
    objects = iter(listing.objects) if after is None else _after(listing, after)
    found = list(islice(objects, limit + 1))
    return Page(found[:limit], len(found) > limit)


def within(asked: Any, value: int) -> bool:
    """Whether a time matches a filter such as `created`: an exact second or gt, gte, lt, lte."""
    if asked is None:
        return True
    if not isinstance(asked, dict):
        return value == int(asked)
    bounds: dict[str, int] = asked
    return (
        bounds.get("gt", value - 1) < value < bounds.get("lt", value + 1)
        and bounds.get("gte", value) <= value <= bounds.get("lte", value)
    )  # fmt: skip


def _limit(params: StripeObject) -> int:
    limit = int(params.get("limit", _USUAL))
    bound = "less than or equal to 100" if limit > _LARGEST else "greater than or equal to 1"
    if not 1 <= limit <= _LARGEST:
        raise Refused(
            f"This value must be {bound} (it currently is '{limit}').",
            code="parameter_invalid_integer",
            param="limit",
        )
    return limit


def _after(listing: Listing, id: str) -> Iterator[StripeObject]:
    if isinstance(listing.objects, Seekable):
        following = listing.objects.after(id)
    else:
        following = iter(listing.objects)
        if all(obj["id"] != id for obj in following):
            following = None
    if following is None:
        raise no_such(listing.kind, id, param="starting_after")
    return following


def _page_before(objects: Iterator[StripeObject], id: str, limit: int, kind: str) -> Page:
    seen: deque[StripeObject] = deque(maxlen=limit + 1)
    for obj in objects:
        if obj["id"] == id:
            newer = list(seen)
            return Page(newer[-limit:], len(newer) > limit)
        seen.append(obj)
    raise no_such(kind, id, param="ending_before")
