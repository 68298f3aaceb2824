"""The classes of Stripe's client as types that a JSON value can be held against."""

import ast
import importlib
import inspect
import sys
from functools import cache
from typing import Any, get_type_hints

import stripe
from stripe._object_classes import OBJECT_CLASSES, V2_OBJECT_CLASSES

# Lists have a shape of their own, whatever they hold.
_LISTS = ("list", "search_result", "v2.search_result")


@cache
def class_of(kind: str) -> type | None:
    """The class of the objects with this `object` word; None for lists and for unknown words."""
    known = V2_OBJECT_CLASSES if kind.startswith("v2.") else OBJECT_CLASSES
    if kind in _LISTS or kind not in known:
        return None
    module, name = known[kind]
    found: type = getattr(importlib.import_module(module), name)
    return found


@cache
def fields_of(cls: type) -> dict[str, Any]:
    """The attributes that a class declares for its objects, with their types."""
    declared = {
        name: hint
        for name, hint in inspect.get_annotations(cls).items()
        if "ClassVar" not in str(hint)
    }
    holder = type(cls.__name__, (), {"__annotations__": declared})
    return get_type_hints(holder, _names(cls.__module__))


@cache
def _names(module: str) -> dict[str, Any]:
    """What the annotations of a module may name, with what it imports for type checkers only."""
    found = {"stripe": stripe, **vars(sys.modules[module])}
    for statement in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if isinstance(statement, ast.If) and _is_type_checking(statement.test):
            for imported in statement.body:
                if isinstance(imported, ast.ImportFrom) and imported.module:
                    source = importlib.import_module(imported.module)
                    for name in imported.names:
                        found[name.asname or name.name] = getattr(source, name.name)
    return found


def _is_type_checking(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
