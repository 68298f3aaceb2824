"""Making HTML so that nothing a vendor or a customer wrote can become markup."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """A text that is markup already."""

    __slots__ = ()


NOTHING = Html("")
Part = str | Iterable[str]


def html(template: str, **parts: Part) -> Html:
    """The template with its `{parts}` filled in, each escaped unless it is markup itself."""
    return Html(template.format(**{name: _safe(part) for name, part in parts.items()}))


def joined(parts: Iterable[str]) -> Html:
    """Several pieces one after the other."""
    return Html("".join(_safe(part) for part in parts))


def _safe(part: Part) -> str:
    if isinstance(part, Html):
        return part
    return escape(part) if isinstance(part, str) else joined(part)
