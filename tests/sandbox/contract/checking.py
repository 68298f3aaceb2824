"""Whether a JSON value is what Stripe's client says it is: every difference by its path.

An attribute that the client declares without Optional must be there; a word must be one of those
that are listed, although the client lets others pass for the sake of later versions.
"""

import inspect
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from stripe import ErrorObject, ListObject, StripeObject
from stripe._stripe_object import UntypedStripeObject

from tests.sandbox.contract.sdk_types import class_of, fields_of

_PLAIN = {str: (str,), bool: (bool,), int: (int,), float: (int, float), NoneType: (NoneType,)}


def problems(value: Any, path: str = "") -> Iterator[str]:
    """What is wrong with an answer or any part of it whose type its `object` word tells."""
    if isinstance(value, list):
        for position, part in enumerate(value):
            yield from problems(part, f"{path}[{position}]")
    if not isinstance(value, dict):
        return
    if "error" in value and not path:
        yield from _error_problems(value["error"])
    elif isinstance(value.get("object"), str):
        yield from _object_problems(value, class_of(value["object"]), path)
    else:
        for name, part in value.items():
            yield from problems(part, f"{path}.{name}")


def _object_problems(value: dict[str, Any], cls: type | None, path: str) -> Iterator[str]:
    """An object is held against its class; a list, which has none, against what lists have."""
    if value.get("object") == "list":
        yield from _list_problems(value, (Any,), path)
    elif cls is None:
        yield f"{path or '.'} is of no kind that the client knows: {value['object']!r}"
    elif value.get("deleted"):
        yield from _of_type(value.get("id"), str, f"{path}.id")
    else:
        yield from _field_problems(value, cls, path)


def _field_problems(value: dict[str, Any], cls: type, path: str) -> Iterator[str]:
    kind = cls.__qualname__
    fields = fields_of(cls)
    for name in value:
        if name.startswith("_"):
            yield f"{path}.{name} is the sandbox's own ({kind})"
    for name, hint in fields.items():
        if name in value:
            yield from _of_type(value[name], hint, f"{path}.{name}")
        elif NoneType not in get_args(hint):
            yield f"{path}.{name} is missing ({kind})"
    for name in value.keys() - fields.keys():
        yield from problems(value[name], f"{path}.{name}")


def _list_problems(value: Any, args: tuple[Any, ...], path: str) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("object") != "list":
        yield f"{path} is no list object: {_short(value)}"
        return
    yield from _of_type(value.get("has_more"), bool, f"{path}.has_more")
    yield from _of_type(value.get("url"), str, f"{path}.url")
    yield from _of_type(value.get("data"), list[args[0]], f"{path}.data")


def _error_problems(error: Any) -> Iterator[str]:
    for name, hint in fields_of(ErrorObject).items():
        if name in error:
            yield from _of_type(error[name], hint, f".error.{name}")
    if not isinstance(error.get("message"), str):
        yield ".error.message is missing"


def _of_type(value: Any, hint: Any, path: str) -> Iterator[str]:
    """What keeps a value from being of a type."""
    if hint is Any or isinstance(hint, TypeVar):
        yield from problems(value, path)
    elif hint is Decimal:
        yield from _of_decimal(value, path)
    elif (get_origin(hint) or hint) in _GROUPS:
        yield from _GROUPS[get_origin(hint) or hint](value, get_args(hint) or (Any,), path)
    elif inspect.isclass(hint) and issubclass(hint, StripeObject):
        yield from _of_class(value, hint, path)
    elif type(value) not in _PLAIN.get(hint, (hint,)):
        yield f"{path} is {_short(value)}, not {hint}"


def _of_literal(value: Any, args: tuple[Any, ...], path: str) -> Iterator[str]:
    if not any(value == arg and type(value) is type(arg) for arg in args):
        yield f"{path} is {_short(value)}, not one of {', '.join(map(str, args))}"


def _of_any_type(value: Any, args: tuple[Any, ...], path: str) -> Iterator[str]:
    """The differences from whichever alternative comes closest."""
    if any(get_origin(arg) is Literal for arg in args):
        args = tuple(arg for arg in args if arg is not str)
    kinds = [arg for arg in args if arg is not NoneType or value is None]
    found = [[*_of_type(value, arg, path)] for arg in kinds]
    # One that has the right shape but wrong parts is closer than one of another shape.
    yield from min(
        found, key=lambda one: (any(text.startswith(f"{path} ") for text in one), len(one))
    )


def _of_list(value: Any, args: tuple[Any, ...], path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is {_short(value)}, not a list"
        return
    for position, part in enumerate(value):
        yield from _of_type(part, args[0], f"{path}[{position}]")


def _of_dict(value: Any, args: tuple[Any, ...], path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {_short(value)}, not a group"
        return
    for name, part in value.items():
        yield from _of_type(part, args[-1], f"{path}.{name}")


def _of_decimal(value: Any, path: str) -> Iterator[str]:
    """Decimals go over the wire as text."""
    try:
        is_decimal = isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        is_decimal = False
    if not is_decimal:
        yield f"{path} is {_short(value)}, not a decimal as text"


def _of_class(value: Any, cls: type, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {_short(value)}, not an object ({cls.__qualname__})"
        return
    wanted, kind = getattr(cls, "OBJECT_NAME", None), value.get("object")
    if wanted is not None and kind != wanted:
        yield f"{path} is a {kind!r}, not a {wanted!r}"
    elif wanted is not None:
        yield from _object_problems(value, cls, path)
    else:
        yield from _field_problems(value, cls, path)


_GROUPS: dict[Any, Callable[[Any, tuple[Any, ...], str], Iterator[str]]] = {
    Literal: _of_literal,
    ListObject: _list_problems,
    Union: _of_any_type,
    UnionType: _of_any_type,
    UntypedStripeObject: _of_dict,
    dict: _of_dict,
    list: _of_list,
}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
