"""How the sandbox says no: one exception that carries Stripe's error envelope.

https://docs.stripe.com/api/errors lists the fields.
"""

from typing import Any

from portal.errors import PortalError

_DOCUMENTED = "https://stripe.com/docs/error-codes/"


class Refused(PortalError):
    """A request that Stripe would answer with an error; the HTTP status and the error's fields."""

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
        # A refusal by the parameters' shape carries no Stripe-Should-Retry, a decided one does.
        self.decided = bool(more.pop("decided", False))
        fields = {"code": code, "message": message, "param": param, "type": type, **more}
        self.fields = {name: value for name, value in fields.items() if value is not None}
        if code is not None:
            self.fields["doc_url"] = _DOCUMENTED + code.replace("_", "-")


def no_such(kind: str, id: str, *, param: str | None = None) -> Refused:
    """Nothing has this id: 404 when it stood in the path, 400 with `param` when in the body.

    `kind` is the word Stripe uses in the text: customer, price, "billing meter", ...
    """
    return Refused(
        f"No such {kind}: '{id}'",
        status=404 if param is None or param == "id" else 400,
        code="resource_missing",
        param=param or "id",
    )
