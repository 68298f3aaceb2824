"""The table from the SDK's errors to the portal's, and that no key gets through it."""

import pytest
import stripe

from portal.errors import Misconfigured, StripeRefused, StripeUnavailable
from portal.stripe_gateway.failures import delay_seconds, is_too_fast, portal_error

SECRETS = ["sk_test_51Habc", "rk_live_9xyz", "whsec_0123abcd", "sk_test_****1234"]


def test_a_missing_permission_is_named():
    error = stripe.PermissionError(
        "The provided key 'rk_test_****abcd' does not have the required permissions for this "
        "endpoint. Having the 'rak_billing_meter_read' permission would allow this request.",
        http_status=403,
    )

    mapped = portal_error(error)

    assert isinstance(mapped, Misconfigured)
    assert "rak_billing_meter_read" in str(mapped)
    assert "rk_test" not in str(mapped)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("status", [400, 500])
def test_no_key_gets_into_a_message(secret: str, status: int):
    error = stripe.APIError(f"Something about {secret} went wrong", http_status=status)

    assert secret not in str(portal_error(error))


def test_a_declined_card_is_a_refusal_with_its_code():
    error = stripe.CardError(
        "Your card was declined.", param="", code="card_declined", http_status=402
    )

    mapped = portal_error(error)

    assert isinstance(mapped, StripeRefused)
    assert mapped.code == "card_declined"


def test_an_error_that_is_not_known_is_a_refusal():
    class LaterError(stripe.StripeError):
        pass

    assert isinstance(portal_error(LaterError("New.", http_status=400)), StripeRefused)


def test_an_error_that_is_not_known_but_passes_is_unavailable():
    class LaterError(stripe.StripeError):
        pass

    assert isinstance(portal_error(LaterError("New.", http_status=503)), StripeUnavailable)


def test_a_lock_is_no_sign_of_too_many_requests():
    assert is_too_fast(stripe.RateLimitError("Slow down.", http_status=429))
    assert not is_too_fast(stripe.RateLimitError("Locked.", http_status=429, code="lock_timeout"))


def test_delays_double_up_to_a_bound():
    longest = [max(delay_seconds(attempt) for _ in range(200)) for attempt in range(1, 9)]

    assert longest == sorted(longest) or longest[-1] <= 8
    assert 0.4 < longest[0] <= 0.5
    assert longest[-1] <= 8
