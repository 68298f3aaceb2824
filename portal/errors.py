"""Every error that the portal raises on purpose, the whole tree in one place.

PortalError
├── InvalidInput        the person can mend it
├── NotFound            nothing here for this customer; also "not yours", which looks the same
├── NotAllowed          a right is missing
├── Conflict            the thing changed meanwhile
├── Misconfigured       a setting is missing or unsafe; the start stops
├── StripeRefused       Stripe said no
└── StripeUnavailable   time-out, 5xx or rate limit: trying again is right
"""


class PortalError(Exception):
    """What is wrong, in one sentence, and what to do next, in another."""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class InvalidInput(PortalError):
    """A value that the person gave cannot be used; `field` names it."""

    def __init__(self, message: str, *, field: str = "", next_step: str = "") -> None:
        super().__init__(message, next_step=next_step)
        self.field = field


class NotFound(PortalError):
    """There is no such thing for this customer; whether it exists for another is never told."""


class NotAllowed(PortalError):
    """Who is acting lacks the right, or nobody is signed in."""


class Conflict(PortalError):
    """The thing changed between looking and acting."""


class Misconfigured(PortalError):
    """A setting is missing, contradicts another or is unsafe; the next step names the mend."""


class StripeRefused(PortalError):
    """Stripe answered with a refusal; `code`, `param` and `request_id` are Stripe's own."""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        next_step: str = "",
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.code = code
        self.param = param
        self.request_id = request_id


class StripeUnavailable(PortalError):
    """Stripe did not answer usefully: time-out, broken connection, 5xx or rate limit."""
