"""Which hosted page an address leads to; looking is a GET, doing something is a POSTed form.

What a form asks for is done through the same functions as the API's requests, and is one piece of
work like those: committed as a whole or not at all.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.hosted import (
    authentication_page,
    checkout_page,
    invoice_page,
    portal_entrance,
    portal_page,
    receipt_page,
)
from portal.sandbox.hosted.pages import Page, Visit, refusal
from portal.sandbox.hosted.style import FONT_PATH, font, stylesheet
from portal.sandbox.hosted.tokens import FormTokens
from portal.sandbox.http.request import Request
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_log = logging.getLogger(__name__)
# A form of these pages holds a few short texts.
_LARGEST_FORM = 16 << 10
_FORM = "application/x-www-form-urlencoded"
_FILES = {
    "/hosted/style.css": ("text/css; charset=utf-8", stylesheet),
    FONT_PATH: ("font/woff2", font),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """An address, what is seen there, and what a form that is posted there does."""

    path: re.Pattern[str]
    show: Callable[..., Page]
    act: Callable[[Visit, StripeObject], Page] | None = None


_PLACES = (
    _Place(re.compile(r"/i/(\w+)"), invoice_page.show, invoice_page.act),
    _Place(re.compile(r"/i/(\w+)/pdf"), invoice_page.pdf),
    _Place(re.compile(r"/authenticate/(\w+)"), authentication_page.show, authentication_page.act),
    _Place(re.compile(r"/c/pay/(\w+)"), checkout_page.show, checkout_page.act),
    _Place(re.compile(r"/p/session/(\w+)\.([\w-]+)"), portal_entrance.enter),
    _Place(re.compile(r"/p/(\w+)\.([\w-]+)"), portal_page.show, portal_page.act),
    _Place(re.compile(r"/receipts/(\w+)"), receipt_page.show),
)
_OURS = ("/i/", "/authenticate/", "/c/pay/", "/p/", "/receipts/", "/hosted/")


class HostedSite:
    """The hosted pages over a store and a usage ledger."""

    def __init__(self, store: Store, ledger: UsageLedger) -> None:
        self._store = store
        self._ledger = ledger
        self._tokens = FormTokens()

    def answer(self, request: Request) -> Page | None:
        """The page, its changes committed; None for an address that is not one of these."""
        if not request.path.startswith(_OURS):
            return None
        try:
            page = self._answer(request)
            self._store.commit()
            return page
        except Refused as refused:
            self._store.rollback()
            return refusal(refused.status, "This was refused", str(refused), back=request.path)
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            self._store.rollback()
            return refusal(500, "Something went wrong", "Nothing was changed.", back=request.path)

    def _answer(self, request: Request) -> Page:
        if request.path in _FILES and request.method in ("GET", "HEAD"):
            kind, content = _FILES[request.path]
            return Page(200, content(), {"Content-Type": kind, "Cache-Control": "max-age=3600"})
        for place in _PLACES:
            found = place.path.fullmatch(request.path)
            if found is not None:
                return self._at(place, found.groups(), request)
        return refusal(404, "No such page", "The address is wrong.")

    def _at(self, place: _Place, names: tuple[str, ...], request: Request) -> Page:
        if request.method in ("GET", "HEAD"):
            return place.show(self._visit(names, request))
        if request.method != "POST" or place.act is None:
            return refusal(405, "Not possible here", "This address only shows a page.")
        sent = _sent(request)
        if not self._tokens.take(request.path, sent.get("token", "")):
            return refusal(
                409,
                "This form is no longer good",
                "It was sent before, is too old or did not come from this page. Nothing was "
                "changed by it now.",
                back=request.path,
            )
        return self._done(place, self._visit(names, request), sent)

    def _done(self, place: _Place, visit: Visit, sent: StripeObject) -> Page:
        """Do what the form asks for; a refusal is told on the page that it came from."""
        assert place.act is not None
        try:
            return place.act(visit, sent)
        except Refused as refused:
            if refused.status >= 500:
                raise
            if not refused.lasting:
                self._store.rollback()
            return place.show(visit, str(refused))

    def _visit(self, names: tuple[str, ...], request: Request) -> Visit:
        return Visit(
            store=self._store,
            ledger=self._ledger,
            path=request.path,
            names=names,
            query=dict(parse_qsl(request.query)),
            token=self._tokens.issue(request.path),
        )


def _sent(request: Request) -> dict[str, str]:
    """The form's fields as texts."""
    if len(request.body) > _LARGEST_FORM:
        raise Refused(f"A form may have at most {_LARGEST_FORM} bytes.", status=413)
    if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM:
        raise Refused("This is not a form.", status=415)
    try:
        return dict(parse_qsl(request.body.decode("utf-8"), keep_blank_values=True))
    except UnicodeDecodeError:
        raise Refused("The form is not valid UTF-8.") from None
