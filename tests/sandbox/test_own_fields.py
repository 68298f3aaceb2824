"""The fields and kinds of the sandbox's own are all written down."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_WORDS = re.compile(r'"(_[a-z]\w*|sandbox\.[a-z_]+)"')
# A server's logger, the slot of a class, and the ends of lookup keys.
_NOT_KEPT = {"_bytes", "_granian", "_text", "_eur", "_jpy", "_yearly"}


def used() -> set[str]:
    sources = (ROOT / "portal" / "sandbox").rglob("*.py")
    return {word for path in sources for word in _WORDS.findall(path.read_text())} - _NOT_KEPT


def documented() -> set[str]:
    text = (ROOT / "docs" / "sandbox-store.md").read_text()
    return set(re.findall(r"`(_\w+|sandbox\.[a-z_]+)`", text))


def test_every_field_of_its_own_is_in_the_table_and_no_other() -> None:
    assert documented() == used()
