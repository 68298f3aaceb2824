"""Whatever becomes of a subscription, what Stripe previews of it is what we rate, to the cent.

Each life is led in the sandbox over HTTP; our side knows of it only what Stripe's API tells.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.services.billing_drift import check
from portal.stripe_gateway.next_bill.reads import NextBillReader
from portal.stripe_ids import CustomerId
from tests.fixtures.sandbox import SandboxProcess
from tests.fixtures.stripe_account import StripeAccount
from tests.fixtures.stripe_wire import gateway_to

START = datetime(2026, 11, 1, tzinfo=UTC)
NOW = START + timedelta(days=9, hours=9, minutes=30)
TIERS = [{"up_to": 10, "unit_amount": 50}, {"up_to": "inf", "unit_amount": 30}]


class Subscriber:
    """A customer since the first of November, with a plan and usage at 3 cents a unit."""

    def __init__(self, account: StripeAccount) -> None:
        self.account = account
        self.api = account.client.v1
        self.clock = account.clock(START)
        self.customer = account.customer(test_clock=self.clock)
        self.meter = account.meter()
        self.plan = account.price(unit_amount=5_000)
        self.usage = account.price(self.meter, unit_amount=3)
        self.subscription = ""
        self.used = 0

    def subscribe(self, *prices: str, **terms: Any) -> None:
        wanted = prices or (self.plan, self.usage)
        self.subscription = self.account.subscribe(self.customer, wanted, **terms)
        self.account.advance(self.clock, NOW)

    def use(self, value: int, at: datetime = NOW - timedelta(minutes=1)) -> None:
        self.used += value
        self.account.report(self.meter, self.customer, value, int(at.timestamp()))
        self.account.wait_for_usage(self.meter, self.customer, self.used)

    def update(self, **changes: Any) -> None:
        self.api.subscriptions.update(self.subscription, changes)

    def item(self, price: str) -> str:
        items = self.api.subscription_items.list({"subscription": self.subscription}).data
        return next(one.id for one in items if one.price.id == price)

    def coupon(self, **terms: Any) -> dict[str, str]:
        made = self.api.coupons.create({"duration": "forever", **terms})
        return {"coupon": made.id}

    def tax(self, *, inclusive: bool) -> str:
        named = {"display_name": "VAT", "percentage": 19, "inclusive": inclusive}
        return self.api.tax_rates.create(named).id


Life = Callable[[Subscriber], None]
LIVES: dict[str, Life] = {}


def life(story: str) -> Callable[[Life], Life]:
    def kept(lived: Life) -> Life:
        LIVES[story] = lived
        return lived

    return kept


@life("a trial that goes on")
def trial(one: Subscriber) -> None:
    one.subscribe(trial_period_days=14)
    one.use(10)


@life("in euros")
def euros(one: Subscriber) -> None:
    prices = [one.account.price(unit_amount=5_000, currency="eur")]
    one.subscribe(*prices, one.account.price(one.meter, unit_amount=7, currency="eur"))
    one.use(1_234)


@life("in a currency option of prices in dollars")
def yen(one: Subscriber) -> None:
    options = {"jpy": {"tiers": [{**tier, "unit_amount": 5} for tier in TIERS]}}
    tiered = {"billing_scheme": "tiered", "tiers_mode": "volume", "tiers": TIERS}
    plan = one.account.price(unit_amount=50, currency_options={"jpy": {"unit_amount": 7_000}})
    usage = one.account.price(one.meter, currency_options=options, **tiered)
    one.subscribe(plan, usage, currency="jpy")
    one.use(12)


@life("an upgrade in the middle of the month")
def upgrade(one: Subscriber) -> None:
    one.subscribe()
    one.use(100)
    larger = one.account.price(unit_amount=9_000)
    one.update(items=[{"id": one.item(one.plan), "price": larger, "quantity": 2}])


@life("usage at two prices, one after the other")
def two_prices(one: Subscriber) -> None:
    one.subscribe()
    one.use(100)
    dearer = one.account.price(one.meter, unit_amount=7)
    one.update(items=[{"id": one.item(one.usage), "price": dearer}])
    one.account.advance(one.clock, NOW + timedelta(days=1))
    one.use(50, NOW + timedelta(hours=20))


@life("the classic billing mode, with an amount off")
def classic(one: Subscriber) -> None:
    off = one.coupon(amount_off=333, currency="usd")
    one.subscribe(billing_mode={"type": "classic"}, discounts=[off])
    one.use(200)
    larger = one.account.price(unit_amount=9_000)
    one.update(items=[{"id": one.item(one.plan), "price": larger}])


@life("past due")
def past_due(one: Subscriber) -> None:
    one.subscribe()
    bad = one.api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": one.customer})
    settings = {"invoice_settings": {"default_payment_method": bad.id}}
    one.api.customers.update(one.customer, settings)
    one.account.advance(one.clock, datetime(2026, 12, 3, tzinfo=UTC))
    assert one.api.subscriptions.retrieve(one.subscription).status == "past_due"


@life("an end that is near, with usage")
def ending(one: Subscriber) -> None:
    one.subscribe()
    one.use(70)
    one.update(cancel_at_period_end=True)


@life("an end in the middle of the month")
def early_end(one: Subscriber) -> None:
    one.subscribe(one.plan)
    one.update(cancel_at=int((START + timedelta(days=20)).timestamp()))


@life("a yearly plan with monthly usage")
def mixed(one: Subscriber) -> None:
    yearly = one.account.price(unit_amount=50_000, recurring={"interval": "year"})
    one.subscribe(yearly, one.usage)
    one.use(70)


@life("usage that was corrected below zero")
def corrected(one: Subscriber) -> None:
    one.subscribe()
    one.use(-5)


@life("packages")
def packages(one: Subscriber) -> None:
    terms = {"unit_amount": 800, "transform_quantity": {"divide_by": 60, "round": "up"}}
    one.subscribe(one.account.price(one.meter, **terms))
    one.use(185)


@life("tax within the price, and a coupon")
def inclusive(one: Subscriber) -> None:
    terms = {"default_tax_rates": [one.tax(inclusive=True)]}
    one.subscribe(discounts=[one.coupon(percent_off=15)], **terms)
    one.use(11)


@life("tax from which the customer is exempt")
def exempt(one: Subscriber) -> None:
    one.subscribe(default_tax_rates=[one.tax(inclusive=False)])
    one.api.customers.update(one.customer, {"tax_exempt": "exempt"})


@life("a coupon that is over by the next invoice")
def over(one: Subscriber) -> None:
    terms = {"percent_off": 50, "duration": "repeating", "duration_in_months": 1}
    one.subscribe(discounts=[one.coupon(**terms)])


@life("a coupon for the next invoice alone")
def once(one: Subscriber) -> None:
    one.subscribe()
    one.update(discounts=[one.coupon(percent_off=50, duration="once")])


@life("a coupon for one of two products")
def one_product(one: Subscriber) -> None:
    product = one.api.prices.retrieve(one.usage).product
    one.subscribe(discounts=[one.coupon(percent_off=33, applies_to={"products": [product]})])
    one.use(101)


@life("invoice items that wait")
def waiting(one: Subscriber) -> None:
    one.subscribe()
    owed = {"customer": one.customer, "currency": "usd", "amount": 777}
    one.api.invoice_items.create(owed)
    one.api.invoice_items.create({**owed, "subscription": one.subscription, "amount": -200})


@life("usage whose item was removed")
def removed(one: Subscriber) -> None:
    one.subscribe()
    one.use(101)
    one.api.subscription_items.delete(one.item(one.usage))


@life("paused")
def paused(one: Subscriber) -> None:
    one.subscribe()
    one.api.subscriptions.pause(one.subscription, {"type": "subscription"})


@life("grants of every rank")
def grants(one: Subscriber) -> None:
    one.subscribe()
    one.use(1_001)
    amount = {"type": "monetary", "monetary": {"currency": "usd", "value": 333}}
    plain = {"customer": one.customer, "amount": amount, "category": "paid"}
    all_metered = {"applicability_config": {"scope": {"price_type": "metered"}}}
    this_price = {"applicability_config": {"scope": {"prices": [{"id": one.usage}]}}}
    soon = int((NOW + timedelta(days=5)).timestamp())
    for terms in ({"priority": 10}, {"category": "promotional"}, {"expires_at": soon}, this_price):
        one.api.billing.credit_grants.create({**plain, **all_metered, **terms})


@life("too little to charge")
def little(one: Subscriber) -> None:
    one.subscribe(one.usage)
    one.use(5)


@life("usage that reached a threshold, and more")
def threshold(one: Subscriber) -> None:
    one.subscribe(billing_thresholds={"amount_gte": 10_000})
    one.use(4_000)
    one.account.advance(one.clock, NOW + timedelta(hours=1))
    one.use(7, NOW + timedelta(minutes=30))


@life("a smaller plan that is scheduled")
def scheduled(one: Subscriber) -> None:
    one.subscribe()
    one.use(40)
    schedules = one.api.subscription_schedules
    made = schedules.create({"from_subscription": one.subscription})
    (present,) = made.phases
    usage = {"price": one.usage}
    smaller = {"price": one.account.price(unit_amount=1_000), "quantity": 3}
    phases = [
        {
            "start_date": present.start_date,
            "end_date": present.end_date,
            "items": [{"price": one.plan, "quantity": 1}, usage],
        },
        {
            "items": [smaller, usage],
            "duration": {"interval": "month", "interval_count": 1},
            "proration_behavior": "none",
        },
    ]
    schedules.update(made.id, {"phases": phases, "end_behavior": "release"})


@pytest.fixture
def someone(prompt_account: StripeAccount) -> Subscriber:
    return Subscriber(prompt_account)


@pytest.mark.parametrize("story", LIVES)
async def test_the_preview_of_a_life_is_what_we_rate(
    prompt_sandbox: SandboxProcess, someone: Subscriber, story: str
) -> None:
    LIVES[story](someone)
    gateway = gateway_to(prompt_sandbox.url)

    found = await check(NextBillReader(gateway), CustomerId(someone.customer))

    await gateway.close()
    assert found.is_settled
    assert found.drifts == ()
    assert found.invoices == 1
