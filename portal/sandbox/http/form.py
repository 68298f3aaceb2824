"""Form bodies and query strings in Stripe's bracket notation, as nested dicts and lists of text."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from portal.sandbox.refusals import Refused

# `items[0][price]` has the parts items, 0, price; the empty brackets of `expand[]` are a part too.
_PARTS = re.compile(r"[^\[\]]+|(?<=\[)(?=\])")
_POSITION = re.compile(r"[0-9]{1,6}")
_DEEPEST = 20
_SHOWN = 80
# People choose the keys below these, so a dict whose keys are all digits stays a dict.
_FREE_KEYS = frozenset(("metadata", "payload"))


def decode(text: str) -> dict[str, Any]:
    """The form as a dict; a key that is used both as a value and as a group is refused."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        parts = _PARTS.findall(key)
        if not parts or not parts[0] or len(parts) > _DEEPEST:
            raise Refused(f"Invalid parameter name: {key[:_SHOWN]}", param=key[:_SHOWN])
        _place(root, parts, value, key)
    return {name: _listed(name, node) for name, node in root.items()}


def bracketed(path: tuple[object, ...]) -> str:
    """The path of a parameter as Stripe names it in `param`: items[0][price]."""
    head, *rest = path
    return str(head) + "".join(f"[{part}]" for part in rest)


def _place(root: dict[str, Any], parts: list[str], value: str, key: str) -> None:
    node = root
    for part, inner in pairwise(parts):
        node = node.setdefault(part or _position(node, inner), {})
        if not isinstance(node, dict):
            raise Refused(f"Invalid hash: {key} is used as a value and as a group", param=key)
    last = parts[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise Refused(f"Invalid string: {key} is used as a group and as a value", param=key)
    node[last] = value


def _position(node: dict[str, Any], inner: str) -> str:
    """Where `items[][price]` goes: into the last element, until that has a price already."""
    last = node.get(str(len(node) - 1))
    is_open = bool(inner) and isinstance(last, dict) and inner not in last
    return str(len(node) - 1 if is_open else len(node))


def _listed(name: str, node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if name in _FREE_KEYS:
        return node
    inner = {key: _listed(key, part) for key, part in node.items()}
    if inner and all(_POSITION.fullmatch(key) for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
