"""Which requests there are: how a resource lists its endpoints, and how one of them is found.

An endpoint names the SDK's parameters and those of them that it acts on; a handler gets them
checked, with `expand` and the cursors taken care of.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.http.paging import Listing
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# Answering itself does these for every endpoint that has them.
_FOR_ALL = frozenset(("expand", "limit", "starting_after", "ending_before"))
_PATH_PART = re.compile(r"\{(\w+)\}")


class Previews:
    """The latest invoice previews, whose further lines may be asked for; they are not lasting."""

    _KEPT = 500

    def __init__(self) -> None:
        self._invoices: dict[str, StripeObject] = {}

    def keep(self, invoice: StripeObject) -> None:
        """Keep one more and forget the oldest."""
        self._invoices[invoice["id"]] = invoice
        while len(self._invoices) > self._KEPT:
            del self._invoices[next(iter(self._invoices))]

    def get(self, id: str) -> StripeObject | None:
        """The preview, or None when it was forgotten or never made."""
        return self._invoices.get(id)


@dataclass(slots=True)
class Call:
    """One request as its handler sees it: the checked parameters and what it may touch.

    What is put into `afterwards`, such as a test clock's advance, runs when the answer is on its
    way and the usage that was sent before counts. `enter_alone` lets the call pass if no other one
    that names the same thing is still being answered; it is None while the limits are off.
    """

    store: Store
    ledger: UsageLedger
    params: StripeObject
    previews: Previews
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    enter_alone: Callable[[Hashable], None] | None = None


Handler = Callable[..., StripeObject | Listing]
# A decorated handler keeps its own type, for whoever calls it without HTTP.
Kept = TypeVar("Kept", bound=Handler)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path, and what answers them."""

    method: str
    path: re.Pattern[str]
    handle: Handler
    params: str
    acts_on: frozenset[str]


class Routes:
    """The endpoints of one resource."""

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []

    def get(self, path: str, params: str, acts_on: str = "") -> Callable[[Kept], Kept]:
        """The decorated function answers GET; `{id}` in the path becomes its argument."""
        return self._add("GET", path, params, acts_on)

    def post(self, path: str, params: str, acts_on: str = "") -> Callable[[Kept], Kept]:
        """The decorated function answers POST; `{id}` in the path becomes its argument."""
        return self._add("POST", path, params, acts_on)

    def delete(self, path: str, params: str, acts_on: str = "") -> Callable[[Kept], Kept]:
        """The decorated function answers DELETE; `{id}` in the path becomes its argument."""
        return self._add("DELETE", path, params, acts_on)

    def _add(self, method: str, path: str, params: str, acts_on: str) -> Callable[[Kept], Kept]:
        # `search` is an endpoint of its own, which does not exist here, and never an id.
        pattern = re.compile(_PATH_PART.sub(r"(?P<\1>(?!search(?:/|$))[^/]+)", path))

        def add(handle: Kept) -> Kept:
            names = _FOR_ALL | frozenset(acts_on.split())
            self.endpoints.append(Endpoint(method, pattern, handle, params, names))
            return handle

        return add


class Router:
    """All endpoints; those with a fixed path come before those with an id in it."""

    def __init__(self, resources: Iterable[Routes]) -> None:
        found = [endpoint for routes in resources for endpoint in routes.endpoints]
        self.endpoints = sorted(found, key=lambda one: one.path.groups)
        self._fixed = {(one.method, one.path.pattern): one for one in found if not one.path.groups}

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The endpoint and the ids in the path, or None when there is no such endpoint."""
        if (method, path) in self._fixed:
            return self._fixed[method, path], {}
        for endpoint in self.endpoints:
            matched = endpoint.path.fullmatch(path) if endpoint.method == method else None
            if matched is not None:
                return endpoint, matched.groupdict()
        return None
