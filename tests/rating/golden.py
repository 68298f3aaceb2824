"""The worked amounts of tests/golden, as cases for parametrized tests."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"


def price_examples() -> Iterator[dict[str, Any]]:
    """Quantities at prices."""
    return _examples(GOLDEN)


def bill_examples() -> Iterator[dict[str, Any]]:
    """Whole bills, and prorations."""
    return _examples(GOLDEN / "bills")


def worked_cases() -> list[Any]:
    """A price and one of its cases, for each quantity that was worked out."""
    return [
        pytest.param(example["price"], case, id=f"{example['name']}, {case['quantity']}")
        for example in price_examples()
        for case in example["cases"]
    ]


def _examples(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.toml")):
        yield from tomllib.loads(path.read_text(encoding="utf-8"))["example"]
