"""What must happen when: the objects that carry a `_due_at`, in time order, clock by clock."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

StripeObject = dict[str, Any]
Find = Callable[[str, str], StripeObject | None]


class Agenda:
    """Entries are only hints: each is checked against the object as it is now before it counts."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._entries: dict[str | None, list[tuple[int, str, str]]] = {}
        self._noted: set[tuple[str | None, tuple[int, str, str]]] = set()

    def note(self, kind: str, id: str, obj: StripeObject) -> None:
        """Write down the object's `_due_at`, unless that has been done already."""
        due_at, clock = _place(obj)
        if due_at is None or (clock, (due_at, kind, id)) in self._noted:
            return
        self._noted.add((clock, (due_at, kind, id)))
        heappush(self._entries.setdefault(clock, []), (due_at, kind, id))

    def first(self, clock: str | None) -> StripeObject | None:
        """The object that is due first on a test clock, or on the store's own when None."""
        entries = self._entries.get(clock, [])
        while entries:
            due_at, kind, id = entries[0]
            obj = self._find(kind, id)
            if obj is not None and _place(obj) == (due_at, clock):
                return obj
            self._noted.discard((clock, heappop(entries)))
        return None


def _place(obj: StripeObject) -> tuple[int | None, str | None]:
    return obj.get("_due_at"), obj.get("test_clock")
