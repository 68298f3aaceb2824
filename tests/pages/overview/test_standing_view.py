"""What is said of a subscription that is not simply active."""

import pytest

from portal.money import Money
from portal.pages.overview.standing_view import standing_view
from portal.services.reports import NO_SUBSCRIPTION, Standing
from tests.make import NOVEMBER, NOW

END = NOVEMBER.end


def test_of_an_active_subscription_nothing_is_said():
    assert standing_view(Standing("active"), now=NOW).strong == ""
    assert standing_view(Standing("a status that Stripe adds"), now=NOW).strong == ""


@pytest.mark.parametrize(
    ("standing", "strong", "rest"),
    [
        (Standing("trialing", END), "Trial until 1 Dec, 8 days left.", "Usage until then is free"),
        (Standing("trialing", NOW), "Trial until 22 Nov, today.", "Usage until then is free"),
        (
            Standing("trialing", END, ends_with_trial=True),
            "Trial until 1 Dec.",
            "The subscription ends with it",
        ),
        (
            Standing("past_due", owed=Money(11_791, "usd"), next_attempt=END),
            "The last payment failed.",
            "$117.91 is open. Stripe charges the payment method again on 1 Dec.",
        ),
        (Standing("past_due"), "The last payment failed.", "No further attempt is planned."),
        (Standing("unpaid"), "Payment is overdue.", "An invoice is open."),
        (Standing("paused"), "The subscription is paused.", "Nothing is billed until it resumes."),
        (
            Standing("not collecting", END),
            "Payments are paused until 1 Dec.",
            "Invoices are still made, and not charged meanwhile.",
        ),
        (Standing("ending", END), "The subscription ends on 1 Dec.", "The upcoming invoice is the"),
        (Standing("canceled", END), "The subscription ended on 1 Dec 2026", "Nothing is measured"),
        (Standing("incomplete"), "The first payment is not complete", "The subscription starts"),
        (NO_SUBSCRIPTION, "No active subscription", "There is no plan"),
    ],
    ids=lambda value: getattr(value, "state", None),
)
def test_each_standing_has_its_words(standing, strong, rest):
    view = standing_view(standing, now=NOW)

    assert view.strong == strong
    assert view.rest.startswith(rest)


def test_only_what_needs_care_warns():
    warning = {
        state
        for state in ("trialing", "past_due", "unpaid", "paused", "not collecting", "ending")
        if standing_view(Standing(state), now=NOW).warns
    }

    assert warning == {"past_due", "unpaid"}


def test_a_paused_or_ending_subscription_says_why_no_invoice_comes():
    paused = standing_view(Standing("paused"), now=NOW)
    ending = standing_view(Standing("ending", END), now=NOW)

    assert paused.no_invoice == "No invoice while paused"
    assert "1 Dec" in ending.no_invoice_reason
