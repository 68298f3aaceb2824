"""What single customers of the demo have beside a plan: discounts, taxes, trials, credits."""

from typing import Any

from portal.sandbox.demo.buyer import Terms
from portal.sandbox.demo.offer import Ask
from portal.sandbox.resources.coupons import create_coupon
from portal.sandbox.resources.credit_grants import create_credit_grant
from portal.sandbox.resources.subscription_updates import update_subscription
from portal.sandbox.resources.tax_rates import create_tax_rate

_CREDITS = {
    "category": "paid",
    "name": "Prepaid usage",
    "applicability_config": {"scope": {"price_type": "metered"}},
}


class Special:
    """Makes it by Stripe's requests."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def terms(self, terms: Terms) -> dict[str, Any]:
        """The parameters of a subscription that is not like all others."""
        found: dict[str, Any] = {}
        if terms.discount:
            coupon = create_coupon(
                self._ask(percent_off=terms.discount, duration="forever", name="Partner discount")
            )
            found["discounts"] = [{"coupon": coupon["id"]}]
        if terms.tax:
            rate = create_tax_rate(
                self._ask(display_name="VAT", percentage=terms.tax, inclusive=False, country="DE")
            )
            found["default_tax_rates"] = [rate["id"]]
        if terms.trial_days:
            found["trial_period_days"] = terms.trial_days
        return found

    def grant(self, customer: str, terms: Terms) -> None:
        """Credit for usage that was paid for beforehand, if that belongs to the terms."""
        if terms.credits:
            monetary = {"currency": terms.currency, "value": terms.credits}
            amount = {"type": "monetary", "monetary": monetary}
            create_credit_grant(self._ask(customer=customer, amount=amount, **_CREDITS))

    def cancel(self, subscription: str) -> None:
        """End it with its period."""
        update_subscription(self._ask(cancel_at_period_end=True), subscription)
