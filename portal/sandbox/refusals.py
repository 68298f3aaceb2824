"""How the sandbox says no: one exception that carries Stripe's error envelope.

https://docs.stripe.com/api/errors lists the fields.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from portal.errors import PortalError

_DOCUMENTED = "https://stripe.com/docs/error-codes/"


def documented(code: str) -> str:
    """Where Stripe explains an error's code."""
    return _DOCUMENTED + code.replace("_", "-")


class Refused(PortalError):
    """A request that Stripe would answer with an error; the HTTP status and the error's fields.

    `more` are further fields of the error, such as `decline_code`; and `decided`, which tells a
    refusal that came of doing the work (a declined card) from one that came of reading the
    request: only the former is kept under an idempotency key. `lasting`: what was done up to the
    refusal stays, as the failed charge of a declined card does.
    """

    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.lasting = bool(more.pop("lasting", False))
        self.decided = self.lasting or bool(more.pop("decided", False))
        fields = {"code": code, "message": message, "param": param, "type": type, **more}
        self.fields = {name: value for name, value in fields.items() if value is not None}
        if code is not None:
            self.fields["doc_url"] = documented(code)


class NotSupported(Refused):
    """Something that Stripe knows and this sandbox does not act on; ignoring it would be a lie."""

    def __init__(self, message: str, *, param: str) -> None:
        super().__init__(message, code="sandbox_parameter_not_supported", param=param)


class RateLimited(Refused):
    """Too many requests in too short a time; Stripe says in a header which limit it was."""

    def __init__(self, message: str, *, reason: str = "global-rate") -> None:
        super().__init__(message, status=429, code="rate_limit")
        self.headers = MappingProxyType({"Stripe-Rate-Limited-Reason": reason})
