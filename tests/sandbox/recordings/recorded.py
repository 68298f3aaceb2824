"""Real requests and Stripe's answers to them, read from where they lie; never copied here."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "STRIPE_RECORDINGS"
Pairs = tuple[tuple[str, str], ...]
# Published examples of every resource: shapes, not a sequence.
_NO_SEQUENCE = "fixtures3.json"
_FIXED_IDS = ("billing_cycle_anchor",)


@dataclass(frozen=True)
class Step:
    """One recorded request, when it was made (`at`), and what Stripe answered."""

    at: int
    method: str
    path: str
    query: Pairs
    form: Pairs
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """Objects that were there before, by kind and id, and the requests that then were made."""

    name: str
    preamble: dict[str, dict[str, dict[str, Any]]]
    steps: tuple[Step, ...]


def recordings() -> list[Recording]:
    """All recorded sequences of the folder; none when no folder is named."""
    folder = os.environ.get(FOLDER)
    found = sorted(Path(folder).glob("*.json")) if folder else []
    return [_read(path) for path in found if path.name != _NO_SEQUENCE]


def _read(path: Path) -> Recording:
    told = json.loads(path.read_text())
    return Recording(told["name"], told.get("preamble", {}), tuple(map(_step, told["steps"])))


def _step(told: dict[str, Any]) -> Step:
    return Step(
        at=told["at"],
        method=told["method"],
        path=told["path"],
        query=_pairs(told["query"]),
        form=tuple(_renamed(told["form"])),
        status=told["status"],
        headers=told["headers"],
        body=told["body"],
    )


def _pairs(told: list[list[str]]) -> Pairs:
    return tuple((name, value) for name, value in told)


def _renamed(form: list[list[str]]) -> Iterator[tuple[str, str]]:
    """The parameters by the names they have in the current version."""
    for name, value in form:
        if name in _FIXED_IDS and not value.isdigit():
            yield f"{name}[type]", value
        elif name.startswith("items[") and name.endswith("][plan]"):
            yield name.removesuffix("[plan]") + "[price]", value
        else:
            yield name, value
