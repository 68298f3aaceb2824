"""A customer's year, lived over HTTP on a test clock that starts on the first of January 2027.

Trial, monthly, up in the middle of a period, down by a schedule, a failed card and its
replacement, annual, canceled; on the way a discount, a tax, usage and a credit grant.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from tests.sandbox.objects import (
    fresh,
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
    send_usage,
    wait_for,
)

VAT = 19
TEAM, BUSINESS, YEARLY = 4_900, 14_900, 49_000


def moment(month: int, day: int, hour: int = 0) -> int:
    """A moment of 2027 as Stripe writes it."""
    return int(datetime(2027, month, day, hour, tzinfo=UTC).timestamp())


@dataclass
class Offer:
    """What the vendor sells: three prices of one product, calls at 1.25 cents, and a tax."""

    team: str
    business: str
    yearly: str
    calls: str
    meter: stripe.billing.Meter
    vat: str


class Life:
    """One customer's doings; each is a request, or lets time pass."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.client = client
        self.offer = _offer(client)
        clocks = client.v1.test_helpers.test_clocks
        self.clock = clocks.create({"frozen_time": moment(1, 1)}).id
        self.customer = make_payer(client, test_clock=self.clock)
        self.subscription = ""

    def wait_until(self, month: int, day: int, hour: int = 0) -> None:
        """Let time pass on the test clock."""
        clocks = self.client.v1.test_helpers.test_clocks
        clocks.advance(self.clock, {"frozen_time": moment(month, day, hour)})
        wait_for(lambda: clocks.retrieve(self.clock).status == "ready", "the test clock")

    def start_a_trial(self) -> None:
        """Two weeks for nothing, then 10 % off for two months counted from today."""
        tenth = {"percent_off": 10, "duration": "repeating", "duration_in_months": 2}
        coupon = self.client.v1.coupons.create(tenth)
        made = self.client.v1.subscriptions.create(
            {
                "customer": self.customer.id,
                "items": [{"price": self.offer.team}, {"price": self.offer.calls}],
                "trial_period_days": 14,
                "discounts": [{"coupon": coupon.id}],
                "default_tax_rates": [self.offer.vat],
            }
        )
        self.subscription = made.id

    def be_granted(self, cents: int) -> None:
        """The vendor gives away an amount that only usage takes."""
        self.client.v1.billing.credit_grants.create(
            {
                "customer": self.customer.id,
                "amount": {"type": "monetary", "monetary": {"currency": "usd", "value": cents}},
                "applicability_config": {"scope": {"price_type": "metered"}},
                "category": "promotional",
                "name": "Welcome",
            }
        )

    def call(self, times: int) -> None:
        """Use what is metered, now."""
        now = self.client.v1.test_helpers.test_clocks.retrieve(self.clock).frozen_time
        send_usage(self.client, self.offer.meter, self.customer, str(times), timestamp=now)

    def switch(self, price: str) -> None:
        """Another price for the seat, settled at once."""
        [seat] = [item for item in self._items() if item.price.id != self.offer.calls]
        self.client.v1.subscriptions.update(
            self.subscription,
            {
                "items": [{"id": seat.id, "price": price}],
                "proration_behavior": "always_invoice",
            },
        )

    def schedule_the_smaller_plan(self) -> None:
        """Team from the end of the period on, arranged today."""
        schedules = self.client.v1.subscription_schedules
        made = schedules.create({"from_subscription": self.subscription})
        now = made.phases[0]
        schedules.update(
            made.id,
            {
                "end_behavior": "release",
                "phases": [
                    {
                        "start_date": now.start_date,
                        "end_date": now.end_date,
                        **self._phase(self.offer.business),
                    },
                    {
                        **self._phase(self.offer.team),
                        "duration": {"interval": "month", "interval_count": 1},
                        "proration_behavior": "none",
                    },
                ],
            },
        )

    def pay_from_now_on_with(self, card: str) -> None:
        """A new default card."""
        attached = self.client.v1.payment_methods.attach(card, {"customer": self.customer.id})
        default = {"invoice_settings": {"default_payment_method": attached.id}}
        self.client.v1.customers.update(self.customer.id, default)

    def pay_what_is_open(self) -> None:
        """Collect the invoice that is still owed."""
        [owed] = [invoice for invoice in self.invoices() if invoice.status == "open"]
        self.client.v1.invoices.pay(owed.id)

    def cancel_now(self) -> None:
        """End today: what was used is billed, what was not is given back."""
        self.client.v1.subscriptions.cancel(
            self.subscription, {"invoice_now": True, "prorate": True}
        )

    def status(self) -> str:
        """The subscription's status."""
        return self.client.v1.subscriptions.retrieve(self.subscription).status

    def invoices(self) -> list[stripe.Invoice]:
        """All invoices, the oldest first."""
        found = self.client.v1.invoices.list({"customer": self.customer.id, "limit": 100})
        return found.data[::-1]

    def _items(self) -> list[Any]:
        return self.client.v1.subscription_items.list({"subscription": self.subscription}).data

    def _phase(self, seat: str) -> dict[str, Any]:
        items = [{"price": seat}, {"price": self.offer.calls}]
        return {"items": items, "default_tax_rates": [self.offer.vat]}


def _offer(client: stripe.StripeClient) -> Offer:
    meter = make_meter(client)
    yearly = {"recurring": {"interval": "year"}}
    vat = client.v1.tax_rates.create(
        {"display_name": fresh("VAT"), "percentage": VAT, "inclusive": False}
    )
    return Offer(
        team=make_plan(client, TEAM).id,
        business=make_plan(client, BUSINESS).id,
        yearly=make_plan(client, YEARLY, **yearly).id,
        calls=make_metered_price(client, meter).id,
        meter=meter,
        vat=vat.id,
    )
