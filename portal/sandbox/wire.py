"""What an object looks like in an answer: embedded lists put together, private keys left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.sandbox.store import Store


def presented(store: Store, obj: dict[str, Any]) -> dict[str, Any]:
    """The object as it goes out."""
    return {name: value for name, value in obj.items() if not name.startswith("_")}
