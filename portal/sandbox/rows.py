"""The form in which the store keeps an object: as it is, or packed into bytes."""

import marshal
from typing import Any

StripeObject = dict[str, Any]
_NESTED = (dict, list)
# There are many of these, and few of them are ever looked at.
_PACKED = frozenset(("event",))


class Row:
    """One object and its place in the order of creation."""

    __slots__ = ("obj", "position")

    def __init__(self, obj: StripeObject, position: int) -> None:
        self.obj = obj
        self.position = position


class PackedRow:
    """The same as bytes: made faster than a copy, half as large, read anew whenever wanted."""

    __slots__ = ("_bytes", "position")

    def __init__(self, obj: StripeObject, position: int) -> None:
        self._bytes = marshal.dumps(obj)
        self.position = position

    @property
    def obj(self) -> StripeObject:
        """The object as it was put."""
        found: StripeObject = marshal.loads(self._bytes)  # noqa: S302 - they were never elsewhere
        return found


def row_of(obj: StripeObject, position: int) -> Row | PackedRow:
    """A row that nobody else can change by what they do to the object."""
    if obj["object"] in _PACKED:
        return PackedRow(obj, position)
    return Row(copied(obj), position)


def copied(value: Any) -> Any:
    """A deep copy of what JSON can hold."""
    # Most parts are plain, and a call for each of them would cost more than the copying.
    if isinstance(value, dict):
        return {
            name: copied(part) if part.__class__ in _NESTED else part
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [copied(part) if part.__class__ in _NESTED else part for part in value]
    return value
