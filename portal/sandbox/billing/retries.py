"""When an invoice that could not be collected is tried again.

https://docs.stripe.com/billing/revenue-recovery/smart-retries: Stripe lets the vendor choose. Here
it is four times within sixteen days. A change of the default card triggers nothing.
"""

from typing import Any

StripeObject = dict[str, Any]
_DAY_SECONDS = 24 * 3600
# Days from one attempt to the next.
RETRY_DAYS = (1, 3, 5, 7)
# https://docs.stripe.com/declines/codes: asking the same card again would be of no use.
_FINAL_REASONS = frozenset(
    ("incorrect_number", "lost_card", "pickup_card", "stolen_card", "revocation_of_authorization",
     "revocation_of_all_authorizations", "authentication_required", "highest_risk_level",
     "transaction_not_allowed")
)  # fmt: skip


def next_attempt(invoice: StripeObject, at: int) -> int | None:
    """When to try again after an attempt at `at`; None when it was the last.

    A subscription's first invoice is not tried again: it waits for its customer. That of a schedule
    was left a draft for nobody, so it is.
    """
    attempts = invoice["attempt_count"]
    waits = invoice["billing_reason"] == "subscription_create" and "_was_draft" not in invoice
    if waits or not invoice["auto_advance"] or attempts > len(RETRY_DAYS):
        return None
    return at + RETRY_DAYS[max(attempts, 1) - 1] * _DAY_SECONDS


def are_over(invoice: StripeObject) -> bool:
    """Whether the invoice is still owed and will not be tried again by itself."""
    tried_all = invoice["attempt_count"] > len(RETRY_DAYS)
    return bool(invoice["status"] == "open" and tried_all)


def is_of_no_use(intent: StripeObject | None, payment_method: StripeObject | None) -> bool:
    """Whether the same card was refused for good, so that asking it again is left out."""
    error = (intent or {}).get("last_payment_error") or {}
    same = (
        payment_method is None
        or (error.get("payment_method") or {}).get("id") == (payment_method["id"])
    )
    return bool(same and error.get("decline_code") in _FINAL_REASONS)
