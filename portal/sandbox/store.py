"""Everything the sandbox knows: Stripe objects as they look on the wire, in memory.

Conventions for every object: references are ids (wire.py expands them when it answers), times are
epoch seconds, decimals are text. A key that starts with an underscore is the sandbox's own and
never goes on the wire; docs/sandbox-store.md lists all of them, and the kinds of its own. What
Stripe embeds is stored apart and put together by wire.py: a subscription's items
(`subscription_item` with its `subscription`) and an invoice's lines (`line_item` with its
`invoice`), both in the order in which they were put.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from portal.clock import Clock, SystemClock, to_epoch
from portal.sandbox.agenda import Agenda
from portal.sandbox.events import deliveries_of, event_about
from portal.sandbox.ids import Ids
from portal.sandbox.rows import PackedRow, Row, copied, row_of
from portal.sandbox.store_file import StoreFile

StripeObject = dict[str, Any]
Key = tuple[str, str]
AnyRow = Row | PackedRow
# `every` answers from an index when it is asked for one of these.
INDEXED = frozenset(
    ("customer", "subscription", "invoice", "meter", "price", "product", "test_clock", "event",
     "event_name", "lookup_key", "payment_intent", "type", "_customer", "_payment_intent",
     "_session")
)  # fmt: skip


class Store:
    """The objects by kind (Stripe's `object` word) and id; what is handed out to keep is a copy.

    Changes take effect at once and become lasting with `commit`; `rollback` undoes what was done
    since. `request` names the request that is being answered, for the events it causes;
    `address` is where the sandbox can be reached, for the links it hands out.
    """

    def __init__(
        self, clock: Clock | None = None, *, file: Path | None = None, seed: int | None = None
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        # Where the sandbox answers, for links in its objects; the app sets it when it listens.
        self.address = "http://127.0.0.1:8420"
        self.request: StripeObject = {"id": None, "idempotency_key": None}
        self.after_commit: list[Callable[[list[StripeObject]], None]] = []
        self._rows: dict[str, dict[str, AnyRow]] = {}
        self._index: dict[tuple[str, str, Any], set[str]] = {}
        self._before: dict[Key, AnyRow | None] = {}
        self._emitted: list[StripeObject] = []
        self._speculations = 0
        # The kinds in which what had been deleted came back, but not to its place.
        self._unsorted: set[str] = set()
        self._last_position = 0
        self._agenda = Agenda(self.get)
        self._file = StoreFile(file) if file is not None else None
        self.ids = Ids(seed, self._file.ids_made if self._file else 0)
        self._load()

    @property
    def is_empty(self) -> bool:
        """Whether there is no object at all."""
        return not any(self._rows.values())

    def has(self, kind: str) -> bool:
        """Whether there is any object of a kind."""
        return bool(self._rows.get(kind))

    def get(self, kind: str, id: str) -> StripeObject | None:
        """The object, or None; a tombstone (`deleted: true`) is an object too."""
        row = self._rows.get(kind, {}).get(id)
        return None if row is None else copied(row.obj)

    def look(self, kind: str, id: str) -> Mapping[str, Any] | None:
        """Like `get` without the copy: to look at here and now, never to change or to keep."""
        row = self._rows.get(kind, {}).get(id)
        return None if row is None else row.obj

    def put(self, obj: StripeObject) -> StripeObject:
        """Keep the object under its kind and id (a meter event's is its identifier)."""
        key = key_of(obj)
        known = self._rows.get(key[0], {}).get(key[1])
        if known is None:
            self._last_position += 1
        position = self._last_position if known is None else known.position
        self._set(key, row_of(obj, position), obj)
        return obj

    def delete(self, kind: str, id: str) -> None:
        """Forget the object; one that is not there is no error."""
        self._set((kind, id), None, None)

    def every(self, kind: str, **equals: Any) -> list[StripeObject]:
        """The objects whose top-level fields have these values, newest first, no tombstones."""
        return list(self.each(kind, **equals))

    def each(self, kind: str, **equals: Any) -> Iterator[StripeObject]:
        """Like `every`, one at a time, for whoever stops early."""
        for obj in self.look_each(kind, **equals):
            yield copied(obj)

    def look_each(self, kind: str, **equals: Any) -> Iterator[Mapping[str, Any]]:
        """Like `each` without the copies: to look at here and now, never to change or to keep."""
        for row in reversed(self._found(kind, equals)):
            obj = row.obj
            if _matches(obj, equals):
                yield obj

    def look_oldest(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """Objects of a kind, the first to have come first, to look at some and then stop."""
        return (row.obj for row in self._sorted(kind).values())

    def first_due(self, test_clock: str | None) -> StripeObject | None:
        """The object whose `_due_at` comes first on a test clock, or on the store's own (None)."""
        return self._agenda.first(test_clock)

    def now(self, customer: StripeObject | str | None = None) -> int:
        """The present moment: of the customer's test clock when it has one, else of the store."""
        found = self.look("customer", customer) if isinstance(customer, str) else customer
        test_clock = (found or {}).get("test_clock")
        frozen = self.look("test_helpers.test_clock", test_clock) if test_clock else None
        return int(frozen["frozen_time"]) if frozen else to_epoch(self.clock.now())

    def new_id(self, prefix: str) -> str:
        """A fresh id, `prefix_…`, the same row of ids for the same seed."""
        return self.ids.make(prefix)

    def emit(
        self, type: str, obj: StripeObject, previous_attributes: StripeObject | None = None
    ) -> StripeObject:
        """Keep Stripe's event about the object as it is now; it is delivered after the commit.

        While speculating nothing is kept and the event is only an empty form.
        """
        if self._speculations:
            return {"id": "", "object": "event", "type": type}
        return self.announce(event_about(self, type, obj, previous_attributes))

    def announce(self, event: StripeObject) -> StripeObject:
        """Keep the event, which is delivered after the commit."""
        self.put(event)
        for delivery in deliveries_of(self, event):
            self.put(delivery)
        self._emitted.append(event)
        return event

    def commit(self) -> None:
        """Make everything since the last commit lasting, then wake whoever waits for events."""
        if self._speculations:
            raise RuntimeError("what is only tried out cannot be committed")
        emitted, self._emitted = self._emitted, []
        if self._file is not None and self._before:
            self._file.write(self._changes(), ids_made=self.ids.made)
        self._before = {}
        for hear in self.after_commit if emitted else ():
            hear(emitted)

    def rollback(self) -> None:
        """Put back everything as it was at the last commit."""
        before, self._before, self._emitted = self._before, {}, []
        self._put_back(before)

    @contextmanager
    def speculating(self) -> Iterator[None]:
        """Undo, when the block ends, everything that was done inside it, and only that.

        Nothing is emitted inside and nothing may be committed. It takes as long as what was
        touched, however much there is besides.
        """
        before, self._before = self._before, {}
        last_position = self._last_position
        self._speculations += 1
        try:
            yield
        finally:
            self._speculations -= 1
            touched, self._before = self._before, before
            self._put_back(touched)
            self._last_position = last_position

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _load(self) -> None:
        for position, obj in self._file.read() if self._file else ():
            self._replace(key_of(obj), row_of(obj, position), obj)
            self._last_position = position

    def _changes(self) -> Iterator[tuple[Key, int, StripeObject | None]]:
        for kind, id in self._before:
            row = self._rows.get(kind, {}).get(id)
            yield (kind, id), row.position if row else 0, row.obj if row else None

    def _found(self, kind: str, equals: StripeObject) -> list[AnyRow]:
        """The rows that may match, in the order of creation."""
        for name in equals:
            if name in INDEXED and _hashable(equals[name]):
                ids = self._index.get((kind, name, equals[name]), ())
                found = [self._rows[kind][id] for id in ids]
                # Most often there is one.
                return found if len(found) < 2 else sorted(found, key=attrgetter("position"))
        return list(self._sorted(kind).values())

    def _sorted(self, kind: str) -> dict[str, AnyRow]:
        """All rows of a kind in the order of creation, which is theirs but for what came back."""
        rows = self._rows.get(kind, {})
        if kind in self._unsorted:
            self._unsorted.discard(kind)
            rows = dict(sorted(rows.items(), key=lambda row: row[1].position))
            self._rows[kind] = rows
        return rows

    def _put_back(self, before: dict[Key, AnyRow | None]) -> None:
        for (kind, id), row in before.items():
            there = self._rows.get(kind, {}).get(id)
            if row is not None and (there is None or there.position != row.position):
                self._unsorted.add(kind)
            self._replace((kind, id), row, None if row is None else row.obj)

    def _set(self, key: Key, row: AnyRow | None, obj: StripeObject | None) -> None:
        self._before.setdefault(key, self._rows.get(key[0], {}).get(key[1]))
        self._replace(key, row, obj)

    def _replace(self, key: Key, row: AnyRow | None, obj: StripeObject | None) -> None:
        """Let a row, which holds the object, or nothing take the place of what is there."""
        kind, id = key
        rows = self._rows.setdefault(kind, {})
        known = rows.pop(id, None) if row is None else rows.get(id)
        before = _index_entries(kind, known.obj) if known is not None else set()
        after = _index_entries(kind, obj) if obj is not None else set()
        for entry in before - after:
            self._index[entry].discard(id)
        for entry in after - before:
            self._index.setdefault(entry, set()).add(id)
        if row is not None and obj is not None:
            rows[id] = row
            self._agenda.note(kind, id, obj)


def key_of(obj: StripeObject) -> Key:
    """Under which kind and id an object is kept."""
    return str(obj["object"]), str(obj["id"] if "id" in obj else obj["identifier"])


def _index_entries(kind: str, obj: Mapping[str, Any]) -> set[tuple[str, str, Any]]:
    return {
        (kind, name, value) for name in INDEXED.intersection(obj) if _hashable(value := obj[name])
    }


def _matches(obj: Mapping[str, Any], equals: Mapping[str, Any]) -> bool:
    for name, value in equals.items():
        if obj.get(name) != value:
            return False
    return not obj.get("deleted")


def _hashable(value: Any) -> bool:
    return isinstance(value, (str, int))
