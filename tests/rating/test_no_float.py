"""No inexact number can occur in the rating: its source has none of the ways to make one."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import portal.rating

INEXACT_MODULES = {"math", "cmath", "statistics", "random"}
SOURCES = sorted(Path(*portal.rating.__path__).rglob("*.py"))


def is_inexact(node: ast.AST) -> bool:
    """Whether it is a float, names one, or imports a module that works with them."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, float | complex)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return "float" in name or name == "complex"
        case ast.Import(names=names):
            return any(one.name in INEXACT_MODULES for one in names)
        case ast.ImportFrom(module=module):
            return module in INEXACT_MODULES
    return False


def divides(node: ast.AST) -> bool:
    """Whether it is a true division, which makes a float out of whole numbers."""
    return isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)


def lines_where(found: Callable[[ast.AST], bool], source: str) -> list[int]:
    return sorted(getattr(node, "lineno", 0) for node in ast.walk(ast.parse(source)) if found(node))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_float_occurs_in_the_rating(source: Path) -> None:
    assert lines_where(is_inexact, source.read_text()) == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_whole_numbers_of_numpy_are_never_divided(source: Path) -> None:
    text = source.read_text()
    assert "import numpy" not in text or lines_where(divides, text) == []


@pytest.mark.parametrize(
    "line", ["1.5", "float(x)", "x.astype(np.float64)", "import math", "from math import floor"]
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert lines_where(is_inexact, line) == [1]
    assert lines_where(divides, "x = a / b\nx /= b") == [1, 2]
