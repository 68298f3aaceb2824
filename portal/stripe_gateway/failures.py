"""What went wrong at Stripe: one table from the SDK's errors to the portal's, closed by default.

Messages are Stripe's own words without anything that looks like a key
(https://docs.stripe.com/api/errors).
"""

import random
import re

import stripe

from portal.errors import Misconfigured, NotFound, PortalError, StripeRefused, StripeUnavailable

# Whoever waits for a read has older figures to show and asks again by himself; a change is asked
# for once.
READ_ATTEMPTS = 3
WRITE_ATTEMPTS = 5
_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 8.0
_SECRET = re.compile(r"\b(?:sk|rk|pk|whsec|ek)_[\w*.]+")
_PERMISSION = re.compile(r"\brak_\w+")
_CONFLICT = 409
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def portal_error(error: stripe.StripeError) -> PortalError:
    """The portal's error for an SDK error; what is not in the table counts as refused."""
    match error:
        case stripe.AuthenticationError():
            return Misconfigured(
                "Stripe does not accept the API key.",
                next_step="Check STRIPE_API_KEY; a rolled key stops working.",
            )
        case stripe.PermissionError():
            return _missing_permission(error)
        case stripe.APIConnectionError() | stripe.APIError() | stripe.RateLimitError():
            return _unavailable(error)
        case _ if is_worth_retrying(error):
            return _unavailable(error)
        case _ if is_gone(error):
            return NotFound(_words(error))
        case _:
            return _refused(error)


def is_gone(error: stripe.StripeError) -> bool:
    """Whether Stripe says that the object asked for does not exist (any more).

    A 404 without this code is a wrong address, not a missing object.
    """
    return error.http_status == 404 and error.code == "resource_missing"


def is_worth_retrying(error: stripe.StripeError) -> bool:
    """Whether the same request may succeed when it is sent again.

    Stripe's own advice in the header wins (https://docs.stripe.com/error-low-level); the SDK
    would leave rate limits and lock time-outs (429) to us.
    """
    if isinstance(error, stripe.APIConnectionError):
        return error.should_retry
    advice = _header(error, "stripe-should-retry")
    if advice in ("true", "false"):
        return advice == "true"
    status = error.http_status or 0
    return status in (_CONFLICT, _TOO_MANY_REQUESTS) or status >= _SERVER_ERROR


def is_too_fast(error: stripe.StripeError) -> bool:
    """Whether the rate was the trouble, rather than a lock on one object.

    https://docs.stripe.com/rate-limits
    """
    return error.http_status == _TOO_MANY_REQUESTS and error.code != "lock_timeout"


def delay_seconds(attempt: int) -> float:
    """How long to wait after the given attempt (from 1): doubling, bounded, with jitter."""
    longest = min(_FIRST_DELAY_SECONDS * 2.0 ** (attempt - 1), _LONGEST_DELAY_SECONDS)
    return longest * random.uniform(0.5, 1)


def _missing_permission(error: stripe.StripeError) -> Misconfigured:
    found = _PERMISSION.search(error.user_message or "")
    what = f"the permission {found.group()}" if found else "a permission"
    return Misconfigured(
        f"The Stripe API key lacks {what}.",
        next_step="Add it to the restricted key in Stripe's dashboard (Developers, API keys).",
    )


def _unavailable(error: stripe.StripeError) -> StripeUnavailable:
    status = f" (HTTP {error.http_status})" if error.http_status else ""
    return StripeUnavailable(
        f"Stripe did not answer usefully{status}: {_words(error)}", next_step="Try again shortly."
    )


def _refused(error: stripe.StripeError) -> StripeRefused:
    return StripeRefused(
        _words(error),
        code=error.code or (error.error.type if error.error else None),
        param=getattr(error, "param", None),
        request_id=_header(error, "request-id"),
    )


def _words(error: stripe.StripeError) -> str:
    return _SECRET.sub("(key)", error.user_message or type(error).__name__)


def _header(error: stripe.StripeError, name: str) -> str | None:
    headers = error.headers or {}
    return next((value for key, value in headers.items() if key.lower() == name), None)
