"""From a request to its answer: key, rate, route, parameters, idempotency, errors.

Answering is one piece of work that nothing interrupts, so a request is atomic: its changes are
committed before the answer goes out, or rolled back.
"""

import json
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.events import API_VERSION
from portal.sandbox.faults import Faults, failure
from portal.sandbox.http.paging import Listing, page
from portal.sandbox.http.rate_limit import Limiter
from portal.sandbox.http.request import Request
from portal.sandbox.idempotency import IdempotencyKeys, fingerprint
from portal.sandbox.params import checked, only
from portal.sandbox.refusals import Refused
from portal.sandbox.resources import ROUTES
from portal.sandbox.resources.meter_streams import STREAM, check_session
from portal.sandbox.routes import Call, Endpoint, Previews, Router
from portal.sandbox.store import Store
from portal.sandbox.wire import presented, tree

StripeObject = dict[str, Any]
# Made once: every answer is written with it.
_json = json.JSONEncoder(separators=(",", ":")).encode
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Answer:
    """What goes out, and what is to be done once it is on its way."""

    status: int
    body: str
    headers: dict[str, str]
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    # What no other call may do until this is sent.
    alone_in: list[Hashable] = field(default_factory=list)


class Answering:
    """Stripe's API over a store and a usage ledger."""

    def __init__(self, store: Store, ledger: UsageLedger, limiter: Limiter, faults: Faults) -> None:
        self._store = store
        self._ledger = ledger
        self._limiter = limiter
        self._faults = faults
        self._router = Router(ROUTES)
        self._keys = IdempotencyKeys(store)
        self._previews = Previews()

    def answer(self, request: Request) -> Answer:
        """The answer, its changes committed; a refusal or a bug changes nothing."""
        id = self._store.new_id("req")
        headers = {"Request-Id": id, "Stripe-Version": API_VERSION}
        self._store.request = {"id": id, "idempotency_key": request.idempotency_key}
        answer = self._answer_safely(request, headers)
        answer.alone_in = self._limiter.take_entered()
        return answer

    def sent(self, answer: Answer) -> None:
        """The answer has gone out, or could not: the call is not in flight any more."""
        self._limiter.leave(answer.alone_in)

    def _answer_safely(self, request: Request, headers: dict[str, str]) -> Answer:
        try:
            return self._answer(request, headers)
        except Refused as refusal:
            self._store.rollback()
            return self._refusal(refusal, headers)
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            self._store.rollback()
            return self._refusal(failure(), headers)
        finally:
            self._store.request = {"id": None, "idempotency_key": None}

    def _answer(self, request: Request, headers: dict[str, str]) -> Answer:
        if request.path == STREAM:
            check_session(self._store, request.api_key)
        else:
            request.authenticate()
        request.check_size()
        self._limiter.check(request.path)
        self._faults.check(request.method, request.path)
        found = self._router.find(request.method, request.path)
        if found is None:
            raise Refused(
                f"Unrecognized request URL ({request.method}: {request.path}). Please see "
                "https://stripe.com/docs or we can help at https://support.stripe.com/.",
                status=404,
            )
        key = request.idempotency_key
        if key is None:
            # Stripe names an ignored key all the same.
            sent = request.headers.get("idempotency-key")
            headers |= {"Idempotency-Key": sent} if sent else {}
            answer = self._carry_out(request, *found, headers)
            self._store.commit()
            return answer
        headers |= {"Idempotency-Key": key, "Original-Request": headers["Request-Id"]}
        return self._answer_once(request, key, found, headers)

    def _answer_once(
        self,
        request: Request,
        key: str,
        found: tuple[Endpoint, dict[str, str]],
        headers: dict[str, str],
    ) -> Answer:
        kept = self._keys.begin(key, request.path, request.content)
        if kept is not None:
            replayed = {"Original-Request": kept["request"], "Idempotent-Replayed": "true"}
            again = {**headers, "Stripe-Should-Retry": "false", **replayed}
            return Answer(kept["status"], kept["text"], again)
        try:
            answer = self._carry_out(request, *found, headers)
            self._keys.keep(
                key,
                {
                    "path": request.path,
                    "body": fingerprint(request.content),
                    "request": headers["Request-Id"],
                    "status": answer.status,
                    "text": answer.body,
                },
            )
            self._store.commit()
            return answer
        finally:
            self._keys.end(key)

    def _carry_out(
        self, request: Request, endpoint: Endpoint, ids: dict[str, str], headers: dict[str, str]
    ) -> Answer:
        """Do the work; a decision against it, such as a declined card, is a result too."""
        given = request.params()
        is_v2_list = request.is_v2 and request.method == "GET" and not ids
        cursor = given.pop("page", None) if is_v2_list else None
        params = checked(endpoint.params, given)
        only(endpoint.acts_on, params)
        call = Call(self._store, self._ledger, params, self._previews)
        if self._limiter.is_on:
            call.enter_alone = self._limiter.enter_alone
        if cursor is not None:
            params["starting_after"] = cursor
        try:
            result = endpoint.handle(call, **ids)
            body = _json(self._shown(request, result, params))
        except Refused as refusal:
            if not refusal.decided:
                raise
            if not refusal.lasting:
                self._store.rollback()
            return self._refusal(refusal, headers)
        if self._faults.strike(("500_after",), request.method, request.path):
            failed = self._refusal(failure(), headers)
            return Answer(failed.status, failed.body, failed.headers, call.afterwards)
        if request.method == "POST":
            headers["Stripe-Should-Retry"] = "false"
        return Answer(200, body, headers, call.afterwards)

    def _shown(
        self, request: Request, result: StripeObject | Listing, params: StripeObject
    ) -> StripeObject:
        expand = tree(params.get("expand", ()))
        if not isinstance(result, Listing):
            return presented(self._store, result, expand)
        wrong = next((name for name in expand if name != "data"), None)
        if wrong is not None:
            raise Refused(
                f"This property cannot be expanded ({wrong}). You may want to try expanding "
                f"'data.{wrong}' instead.",
                param="expand",
            )
        found = page(result, params)
        data = [presented(self._store, obj, expand.get("data")) for obj in found.objects]
        if request.is_v2:
            following = f"{request.path}?page={data[-1]['id']}" if found.has_more else None
            return {"data": data, "next_page_url": following, "previous_page_url": None}
        return {"object": "list", "data": data, "has_more": found.has_more, "url": request.path}

    def _refusal(self, refusal: Refused, headers: dict[str, str]) -> Answer:
        log = f"https://dashboard.stripe.com/test/logs/{headers['Request-Id']}"
        fields = {**refusal.fields, "request_log_url": f"{log}?t={self._store.now()}"}
        if refusal.decided:
            headers["Stripe-Should-Retry"] = "false"
        body = _json({"error": dict(sorted(fields.items()))})
        return Answer(refusal.status, body, headers | dict(refusal.headers))
