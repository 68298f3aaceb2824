"""A request as it came over HTTP: who is asking, and with what parameters."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.sandbox.http.form import decode
from portal.sandbox.refusals import Refused

_TEST_KEY = re.compile(r"(sk|rk)_test_\w+")
_LIVE_KEY = re.compile(r"(sk|rk)_live_\w+")
# Far more than any request of Stripe's API needs; our own bound.
LARGEST_BODY = 1 << 20
_HELP = "we can help at https://support.stripe.com/."


@dataclass(frozen=True, slots=True)
class Request:
    """Method, path, query string, headers in lower case, body."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_v2(self) -> bool:
        """Whether it speaks JSON both ways, as everything under /v2/ does."""
        return self.path.startswith("/v2/")

    @property
    def idempotency_key(self) -> str | None:
        """The key, where Stripe heeds one: https://docs.stripe.com/api/idempotent_requests."""
        heeds = self.method == "POST" or (self.is_v2 and self.method == "DELETE")
        return (self.headers.get("idempotency-key") or None) if heeds else None

    @property
    def content(self) -> bytes:
        """Everything that says what is wanted, besides the method and the path."""
        return self.query.encode() + b"\n" + self.body

    @property
    def api_key(self) -> str:
        """The key or token that the request carries; empty without one."""
        return _api_key(self.headers.get("authorization", ""))

    def authenticate(self) -> None:
        """Refuse a request without a key of a sandbox, or one made for a connected account."""
        key = self.api_key
        if not key:
            raise Refused(
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, "
                f"or {_HELP}",
                status=401,
            )
        if _LIVE_KEY.fullmatch(key):
            raise Refused("A live key was sent to a sandbox. It takes test keys only.", status=401)
        if not _TEST_KEY.fullmatch(key):
            raise Refused(f"Invalid API Key provided: {_masked(key)}", status=401)
        account = self.headers.get("stripe-account")
        if account:
            raise Refused(
                f"The provided key '{_masked(key)}' does not have access to account '{account}' "
                "(or that account does not exist). Application access may have been revoked.",
                status=403,
                code="account_invalid",
            )

    def check_size(self) -> None:
        """Refuse a body that would keep the sandbox from answering anyone else."""
        if len(self.body) > LARGEST_BODY:
            raise Refused(
                f"The request body may have at most {LARGEST_BODY} bytes here.", status=413
            )

    def params(self) -> dict[str, Any]:
        """The parameters from the query and the body, as texts in v1 and as JSON in v2."""
        if self.is_v2:
            return {**decode(self.query), **self._json()}
        is_form = "json" not in self.headers.get("content-type", "")
        if self.body and not is_form:
            raise Refused(
                "Invalid request (check that your POST content type is "
                f"application/x-www-form-urlencoded). If you have any questions, {_HELP}"
            )
        try:
            body = self.body.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("Invalid request: the body is not valid UTF-8.") from None
        return decode("&".join(part for part in (self.query, body) if part))

    def _json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body or b"{}")
            if b"\\u" in self.body:
                # Half of a surrogate pair is JSON, but no text: nothing could write it down.
                json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Refused("Invalid request: the body must be a JSON object.")
        return found


def _api_key(authorization: str) -> str:
    """The key of Bearer auth, or the user name of Basic auth."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return credentials.strip() if scheme.lower() == "bearer" else ""
    try:
        return b64decode(credentials).decode().partition(":")[0]
    except ValueError:
        # No base64, or no text in it.
        return ""


def _masked(key: str) -> str:
    """The key with its middle made unreadable, as Stripe repeats it."""
    return f"{key[:8]}{'*' * max(len(key) - 12, 3)}{key[-4:]}"
