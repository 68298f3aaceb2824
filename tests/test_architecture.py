"""The shape of the house: sizes, names and imports; each failure says how to mend it."""

import ast
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "portal").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
NAMELESS = {"utils", "helpers", "common", "base", "manager", "misc", "core", "data"}
EXACT = ("money.py", "rating", "mirror", "records", "services")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_down_the_house() -> None:
    lint = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"move the shared thing to a lower floor:\n{done.stdout[-3000:]}"


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=named)
def test_a_module_can_be_read_in_minutes(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= 400, f"{named(path)} has {lines} lines: split it along what it knows"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for function in functions(ast.parse(path.read_text())):
        size, positional = length(function), len(function.args.args)
        assert size <= 50, f"{named(path)}: {function.name} has {size} lines: name its steps"
        assert positional <= 6, f"{named(path)}: {function.name} takes too much: make a value of it"


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_a_test_tells_one_story(path: Path) -> None:
    for function in functions(ast.parse(path.read_text())):
        if function.name.startswith("test_"):
            size = length(function)
            assert size <= 60, f"{named(path)}: {function.name} has {size} lines: tell two stories"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_says_what_is_in_it(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree), (
        f"{named(path)}: say in a sentence what is here"
    )
    assert path.stem not in NAMELESS, f"{named(path)}: name it after what it knows"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_money_is_never_a_float(path: Path) -> None:
    if path.relative_to(ROOT / "portal").parts[0] not in EXACT:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        is_name = isinstance(node, ast.Name) and node.id == "float"
        assert not (is_float or is_name), f"{named(path)}:{node.lineno}: use int or Decimal"


def test_every_module_can_be_imported_alone() -> None:
    script = (
        "import importlib, pkgutil, portal\n"
        "names = [m.name for m in pkgutil.walk_packages(portal.__path__, 'portal.')]\n"
        "[importlib.import_module(n) for n in names if not n.endswith('__main__')]\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
