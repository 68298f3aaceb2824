"""Requests at random that are made of what an endpoint takes: the right shapes, any values."""

import importlib
import sys
import types
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, NotRequired, Union, get_args, get_origin

from hypothesis import strategies as st
from typing_extensions import get_type_hints, is_typeddict

from portal.sandbox.routes import Endpoint

Pairs = list[tuple[str, str]]
_PLACES = ("0", "1")


class Asking:
    """Draws the parameters of requests; single values come from `values`."""

    def __init__(self, draw: Any, values: st.SearchStrategy[str]) -> None:
        self._draw, self._values = draw, values

    def form(self, endpoint: Endpoint) -> Pairs:
        """Some of what the endpoint acts on, as the pairs of a form."""
        module, _, name = endpoint.params.rpartition(".")
        package = importlib.import_module(f"stripe.params.{module}".rstrip("."))
        return list(self._group(getattr(package, name), endpoint.acts_on, "", ""))

    def _group(
        self, typed: Any, acts_on: frozenset[str], group: str, path: str
    ) -> Iterator[tuple[str, str]]:
        names = {**vars(sys.modules[typed.__module__]), "StripeContext": str, "Mapping": dict}
        hints = get_type_hints(typed, names, include_extras=True)
        inner = {name: f"{group}.{name}" if group else name for name in hints}
        possible = sorted(name for name in hints if _is_acted_on(acts_on, inner[name]))
        wanted = self._draw(st.sets(st.sampled_from(possible), max_size=6)) if possible else ()
        required = typed.__required_keys__.intersection(possible)
        for name in sorted({*wanted, *required}):
            where = f"{path}[{name}]" if path else name
            yield from self._value(hints[name], acts_on, inner[name], where)

    def _value(
        self, kind: Any, acts_on: frozenset[str], group: str, path: str
    ) -> Iterator[tuple[str, str]]:
        origin, args = get_origin(kind), get_args(kind)
        if origin is NotRequired:
            yield from self._value(args[0], acts_on, group, path)
        elif is_typeddict(kind):
            yield from self._group(kind, acts_on, group, path)
        elif origin in (Union, types.UnionType):
            yield from self._value(self._draw(st.sampled_from(args)), acts_on, group, path)
        elif origin is list:
            for place in _PLACES[: self._draw(st.integers(1, len(_PLACES)))]:
                yield from self._value(args[0], acts_on, group, f"{path}[{place}]")
        elif origin is dict:
            key = self._draw(st.sampled_from(("usd", "eur", "value", "stripe_customer_id", "a")))
            yield from self._value(args[1], acts_on, group, f"{path}[{key}]")
        else:
            yield path, self._draw(_single(kind, self._values))


def _single(kind: Any, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Often a value that fits, sometimes any."""
    if get_origin(kind) is Literal:
        return st.sampled_from([str(word) for word in get_args(kind)])
    fitting = {
        bool: st.sampled_from(("true", "false")),
        int: st.sampled_from(("1", "100", "-5", "0", "1767225600", "1795540000")),
        float: st.sampled_from(("12.5", "0.000000000001")),
        Decimal: st.sampled_from(("12.5", "0.000000000001")),
    }
    return fitting[kind] | values if kind in fitting else values


def _is_acted_on(acts_on: frozenset[str], group: str) -> bool:
    return any(
        name == group or name.startswith(f"{group}.") or group.startswith(f"{name}.")
        for name in acts_on
    )
