"""What every hosted page is made of: its frame, its forms and small pieces, and how it goes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.hosted.markup import NOTHING, Html, html, joined
from portal.sandbox.routes import Call, Previews
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# What a page may load: its own style and font, and nothing else; no script at all.
_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_IN_A_URL = "%/:=&?~#+!$,;'@()*[]"
_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="/hosted/style.css">
</head>
<body>
<aside class="stand-in" aria-label="About this page"><strong>Test page.</strong> A local stand-in \
of Stripe: no money moves, no card is real.</aside>
<main class="{width}">{body}</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a browser."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: dict(_HEADERS))


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page: where it is, what came with the address, and what it may touch."""

    store: Store
    ledger: UsageLedger
    path: str
    names: tuple[str, ...]
    query: Mapping[str, Any]
    token: str

    def call(self, **params: Any) -> Call:
        """A request to Stripe's API, for the handlers that answer those."""
        asked = {name: value for name, value in params.items() if value is not None}
        return Call(self.store, self.ledger, asked, Previews())


def document(title: str, *body: str, status: int = 200, width: str = "narrow") -> Page:
    """A whole page; `width` is narrow for one column and wide for two."""
    text = html(_FRAME, title=title, body=joined(body), width=width)
    return Page(status, text.encode())


def redirect(address: str) -> Page:
    """Send the browser on; it asks for the new address with GET."""
    headers = dict(_HEADERS) | {"Location": quote(address, safe=_IN_A_URL)}
    return Page(303, b"", headers)


def refusal(status: int, heading: str, text: str, *, back: str | None = None) -> Page:
    """A page that says why there is nothing to see or nothing was done."""
    link = html('<p><a class="button" href="{back}">Open the page again</a></p>', back=back or "")
    return document(
        heading,
        html('<section class="card"><h1>{heading}</h1><p>{text}</p>', heading=heading, text=text),
        link if back else NOTHING,
        Html("</section>"),
        status=status,
    )


def form(visit: Visit, action: str, *body: str) -> Html:
    """A form that posts to its own page; `action` says what is to be done."""
    return html(
        '<form method="post" action="{path}"><input type="hidden" name="token" value="{token}">'
        '<input type="hidden" name="action" value="{action}">{body}</form>',
        path=visit.path,
        token=visit.token,
        action=action,
        body=joined(body),
    )


def button(text: str, *, kind: str = "primary", wide: bool = False) -> Html:
    """A button that sends its form; kinds are primary, plain and danger."""
    width = " is-wide" if wide else ""
    return html('<button class="button is-{kind}{width}">{text}</button>',
                kind=kind, width=width, text=text)  # fmt: skip


def text_field(label: str, name: str, value: str | None, *, kind: str = "text") -> Html:
    """A labelled field for one line of text."""
    return html(
        '<label class="field"><span>{label}</span><input type="{kind}" name="{name}" '
        'value="{value}" maxlength="500"></label>',
        label=label,
        name=name,
        value=value or "",
        kind=kind,
    )


def message(text: str | None, *, kind: str = "problem") -> Html:
    """A sentence about what has just happened, or nothing; kinds are problem and done."""
    if text is None:
        return NOTHING
    role = "alert" if kind == "problem" else "status"
    return html('<p class="message is-{kind}" role="{role}">{text}</p>',
                kind=kind, role=role, text=text)  # fmt: skip


def facts(rows: list[tuple[str, str]]) -> Html:
    """Names and what they stand for, one below the other."""
    cells = [html("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value)
             for name, value in rows]  # fmt: skip
    return html('<dl class="facts">{cells}</dl>', cells=cells)
