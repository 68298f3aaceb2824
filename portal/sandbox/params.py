"""Whether a request's parameters are what Stripe takes: checked against the SDK's own TypedDicts.

The list of what exists is never typed by hand. What the sandbox acts on is; a parameter that Stripe
knows and the sandbox ignores would be a lie, so it is refused by name (`only`).
"""

import importlib
import re
import sys
import types
from collections.abc import Iterator
from decimal import Decimal
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin

from pydantic import BeforeValidator, ConfigDict, Strict, TypeAdapter, ValidationError
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import TypedDict, get_type_hints, is_typeddict

from portal.sandbox.http.form import bracketed
from portal.sandbox.refusals import NotSupported, Refused

# Called with a name only known at run time, which the checker does not grant a TypedDict.
_make_typed_dict: Any = TypedDict
_QUOTED = re.compile(r"'([^']*)'")
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")
_MOST_WHOLE_DIGITS = 19
_LONGEST_ECHO = 200


def checked(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters with form texts understood, or Refused naming the first that is wrong.

    `name` is the TypedDict's inside `stripe.params`, such as `billing.MeterCreateParams`.
    """
    try:
        return dict(adapter(name).validate_python(given))
    except ValidationError as error:
        found = max(error.errors(), key=lambda one: (_is_unknown(one), len(one["loc"])))
        raise _refusal(found, given) from None


def only(acted_on: frozenset[str], given: dict[str, Any]) -> None:
    """Refuse what Stripe knows and the sandbox does not act on.

    `acted_on` holds dotted paths without list positions (`items.price`); naming a group stands for
    everything in it.
    """
    path = next(_not_acted_on(acted_on, given), None)
    if path is not None:
        param = bracketed(path)
        raise NotSupported(
            f"This sandbox does not act on {param} yet and will not ignore it.", param=param
        )


@cache
def adapter(name: str) -> TypeAdapter[Any]:
    """The validator of one set of parameters; built when it is first needed (up to 40 ms)."""
    module, _, params = name.rpartition(".")
    package = importlib.import_module(f"stripe.params.{module}".rstrip("."))
    return TypeAdapter(_closed(getattr(package, params)))


def _boolean(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _integer(value: object) -> object:
    fits = isinstance(value, str) and _INTEGER.fullmatch(value)
    return int(str(value)) if fits else value


def _decimal(value: object) -> object:
    """The number, unless writing out its digits could take all memory: 1e999999 is short."""
    if not isinstance(value, str):
        return value
    number = Decimal(value) if _DECIMAL.fullmatch(value) else None
    if number is None or number.adjusted() >= _MOST_WHOLE_DIGITS:
        raise ValueError("not a decimal of a usual size")
    return number


_PLAIN: dict[Any, Any] = {
    bool: Annotated[bool, Strict(), BeforeValidator(_boolean)],
    int: Annotated[int, Strict(), BeforeValidator(_integer)],
    float: Annotated[Decimal, BeforeValidator(_decimal)],
    Decimal: Annotated[Decimal, BeforeValidator(_decimal)],
}


@cache
def _closed(kind: Any) -> Any:
    """The same type with unknown keys refused, enums closed and form texts understood."""
    origin, args = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        return _closed_dict(kind)
    if origin is NotRequired:
        return NotRequired[_closed(args[0])]
    if origin is list:
        return list[_closed(args[0])]  # type: ignore[misc]
    if origin is dict:
        return dict[str, _closed(args[1])]  # type: ignore[misc]
    if origin in (Union, types.UnionType):
        return reduce(or_, (_closed(arg) for arg in _alternatives(args)))
    return _PLAIN.get(kind, kind)


def _alternatives(args: tuple[Any, ...]) -> list[Any]:
    kept = [arg for arg in args if UntypedStripeObject not in (arg, get_origin(arg))]
    # Stripe types its enums as Literal[...] | str; that str would let every word through. The
    # empty Literal stands for clearing a field and goes well with a str beside it.
    if any(get_origin(arg) is Literal and get_args(arg) != ("",) for arg in kept):
        kept = [arg for arg in kept if arg is not str]
    return kept


def _closed_dict(typed_dict: Any) -> Any:
    names = {**vars(sys.modules[typed_dict.__module__]), "StripeContext": str, "Mapping": dict}
    hints = get_type_hints(typed_dict, names, include_extras=True)
    if RequestOptions in getattr(typed_dict, "__orig_bases__", ()):
        options = RequestOptions.__annotations__
        hints = {name: hint for name, hint in hints.items() if name not in options}
    made = _make_typed_dict(
        typed_dict.__name__, {name: _closed(hint) for name, hint in hints.items()}
    )
    made.__pydantic_config__ = ConfigDict(extra="forbid")
    return made


def _is_unknown(error: Any) -> bool:
    return bool(error["type"] == "extra_forbidden")


def _refusal(error: Any, given: dict[str, Any]) -> Refused:
    param = bracketed(_path(error, given))
    if _is_unknown(error):
        return Refused(
            f"Received unknown parameter: {param}", code="parameter_unknown", param=param
        )
    if error["type"] == "missing":
        return Refused(f"Missing required param: {param}.", code="parameter_missing", param=param)
    return Refused(_complaint(error, param), code=_code(error), param=param)


def _path(error: Any, given: dict[str, Any]) -> tuple[object, ...]:
    """Where the error lies; pydantic also names union branches, which are not in the input."""
    path, node = [], given
    for part in error["loc"]:
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            if error["type"] != "missing" or part != error["loc"][-1]:
                continue
        path.append(part)
    return tuple(path) or tuple(error["loc"][:1]) or ("params",)


def _complaint(error: Any, param: str) -> str:
    given = str(error["input"])[:_LONGEST_ECHO]
    words = [word for word in _QUOTED.findall(str(error.get("ctx", {}).get("expected"))) if word]
    if error["type"] == "literal_error" and words:
        *others, last = words
        return f"Invalid {param}: must be one of {', '.join(others)}{', or ' * any(others)}{last}"
    if error["type"] in ("dict_type", "literal_error", "model_type"):
        return "Invalid object"
    if error["type"].startswith("int"):
        return f"Invalid integer: {given}"
    if error["type"].startswith("bool"):
        return f"Invalid boolean: {given}"
    if error["type"].startswith(("decimal", "finite", "is_instance", "value_error")):
        return f"Invalid decimal: {given}"
    if error["type"].startswith("list"):
        return "Invalid array"
    return f"Invalid {param}: {error['msg']}"


def _code(error: Any) -> str | None:
    return "parameter_invalid_integer" if error["type"].startswith("int") else None


def _not_acted_on(
    acted_on: frozenset[str], node: Any, path: tuple[object, ...] = (), group: str = ""
) -> Iterator[tuple[object, ...]]:
    """The paths of the values that are in none of the groups; `group` is that of the node."""
    for name, part in node.items() if isinstance(node, dict) else enumerate(node):
        inner = group
        if isinstance(node, dict):
            inner = f"{group}.{name}" if group else str(name)
        if inner in acted_on:
            continue
        if part and isinstance(part, (dict, list)):
            yield from _not_acted_on(acted_on, part, (*path, name), inner)
        else:
            yield (*path, name)
