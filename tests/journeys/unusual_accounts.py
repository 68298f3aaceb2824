"""Accounts of every kind that Stripe bills, each made through its own client on a test clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.stripe_account import StripeAccount

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
MIDDLE = OCTOBER + timedelta(days=14)
PLAN = 49_900
TIERS = [{"up_to": 1000, "unit_amount": 0}, {"up_to": "inf", "unit_amount_decimal": "0.4"}]
TIERED = {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": TIERS}
YEARLY = {"unit_amount": 120_000, "recurring": {"interval": "year"}}


class Unusual:
    """One customer with $499.00 a month in advance and metered requests, 1,000 of them free."""

    def __init__(self, account: StripeAccount) -> None:
        self.account, self.v1 = account, account.client.v1
        self.clock = account.clock(OCTOBER)
        self.customer = account.customer(test_clock=self.clock)
        self.meter = account.meter()
        self.plan = account.price(unit_amount=PLAN, product_data={"name": "Scale plan"})
        self.metered = account.price(self.meter, **TIERED)
        self.subscription = ""

    def subscribe(self, *prices: str, **params: Any) -> None:
        chosen = prices or (self.plan, self.metered)
        self.subscription = self.account.subscribe(self.customer, chosen, **params)
        self.account.report(self.meter, self.customer, 4_321, at=int(OCTOBER.timestamp()))

    def update(self, **params: Any) -> None:
        self.v1.subscriptions.update(self.subscription, params)

    def item(self, price: str) -> str:
        items = self.v1.subscription_items.list({"subscription": self.subscription}).data
        return next(one.id for one in items if one.price.id == price)

    def coupon(self, **params: Any) -> str:
        return self.v1.coupons.create({"duration": "forever", **params}).id

    def advance(self, moment: datetime) -> None:
        self.account.advance(self.clock, moment)


def discounted(made: Unusual) -> None:
    percent = made.coupon(percent_off=12.5, name="Partner")
    fixed = made.coupon(amount_off=1_000, currency="usd", name="Welcome")
    made.subscribe(discounts=[{"coupon": percent}, {"coupon": fixed}])


def item_discounted(made: Unusual) -> None:
    made.subscribe(discounts=[{"coupon": made.coupon(percent_off=10)}])
    own = [{"coupon": made.coupon(percent_off=33, name="On the plan")}]
    made.v1.subscription_items.update(made.item(made.plan), {"discounts": own})


def taxed(made: Unusual) -> None:
    rates = [
        made.v1.tax_rates.create({"display_name": name, "percentage": percentage, "inclusive": own})
        for name, percentage, own in (("State tax", 8.875, False), ("City tax", 1, False))
    ]
    made.subscribe(default_tax_rates=[rate.id for rate in rates])


def taxed_within(made: Unusual) -> None:
    rate = made.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    made.subscribe(default_tax_rates=[rate.id])


def credited(made: Unusual) -> None:
    made.subscribe()
    made.v1.billing.credit_grants.create(
        {
            "customer": made.customer,
            "category": "paid",
            "amount": {"type": "monetary", "monetary": {"currency": "usd", "value": 777}},
            "applicability_config": {"scope": {"price_type": "metered"}},
        }
    )


def owing(made: Unusual) -> None:
    made.subscribe()
    made.v1.customers.balance_transactions.create(
        made.customer, {"amount": 2_500, "currency": "usd"}
    )


def in_credit(made: Unusual) -> None:
    made.subscribe()
    made.v1.customers.balance_transactions.create(
        made.customer, {"amount": -1_000_000, "currency": "usd"}
    )


def changed_within_the_period(made: Unusual) -> None:
    made.subscribe()
    made.advance(MIDDLE)
    dearer = made.account.price(unit_amount=99_900, product_data={"name": "Volume plan"})
    made.update(
        items=[{"id": made.item(made.plan), "price": dearer}],
        proration_behavior="create_prorations",
    )


def downgraded_below_zero(made: Unusual) -> None:
    made.subscribe(made.account.price(**YEARLY), made.metered)
    made.advance(MIDDLE)
    [yearly] = [
        item
        for item in made.v1.subscription_items.list({"subscription": made.subscription}).data
        if item.price.id != made.metered
    ]
    made.v1.subscription_items.delete(yearly.id, {"proration_behavior": "create_prorations"})


def charged_once(made: Unusual) -> None:
    made.subscribe()
    for amount in (12_345, -300):
        made.v1.invoice_items.create(
            {
                "customer": made.customer,
                "subscription": made.subscription,
                "amount": amount,
                "currency": "usd",
                "description": "Set-up",
            }
        )


def on_trial(made: Unusual) -> None:
    made.subscribe(trial_period_days=30)


def on_trial_that_ends_it(made: Unusual) -> None:
    made.subscribe(trial_period_days=30)
    made.update(cancel_at_period_end=True)


def ending(made: Unusual) -> None:
    made.subscribe()
    made.update(cancel_at_period_end=True)


def ending_within_the_period(made: Unusual) -> None:
    made.subscribe()
    made.update(cancel_at=int(MIDDLE.timestamp()))


def not_collected(made: Unusual) -> None:
    made.subscribe()
    made.update(pause_collection={"behavior": "keep_as_draft"})


def past_due(made: Unusual) -> None:
    made.subscribe()
    failing = made.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": made.customer}
    )
    made.v1.customers.update(
        made.customer, {"invoice_settings": {"default_payment_method": failing.id}}
    )
    made.advance(datetime(2026, 11, 1, 3, tzinfo=UTC))


def of_two_intervals(made: Unusual) -> None:
    made.subscribe(made.account.price(**YEARLY), made.metered)


def in_another_currency(made: Unusual) -> None:
    tiers = [{"up_to": 1000, "unit_amount": 0}, {"up_to": "inf", "unit_amount_decimal": "61.5"}]
    metered = made.account.price(
        made.meter, **TIERED, currency_options={"jpy": {"tiers": tiers}, "eur": {"tiers": TIERS}}
    )
    plan = made.account.price(unit_amount=PLAN, currency_options={"jpy": {"unit_amount": 74_900}})
    made.subscribe(plan, metered, currency="jpy")


def by_a_threshold(made: Unusual) -> None:
    made.subscribe(billing_thresholds={"amount_gte": 1_000})
    made.advance(OCTOBER + timedelta(days=1))


def with_a_schedule(made: Unusual) -> None:
    made.subscribe()
    schedule = made.v1.subscription_schedules.create({"from_subscription": made.subscription})
    phase = schedule.phases[0]
    dearer = made.account.price(unit_amount=99_900, product_data={"name": "Volume plan"})
    kept = [{"price": made.plan, "quantity": 1}, {"price": made.metered}]
    later = [{"price": dearer, "quantity": 3}, {"price": made.metered}]
    made.v1.subscription_schedules.update(
        schedule.id,
        {
            "phases": [
                {"items": kept, "start_date": phase.start_date, "end_date": phase.end_date},
                {"items": later},
            ]
        },
    )


ACCOUNTS: dict[str, Callable[[Unusual], None]] = {
    make.__name__: make
    for make in (
        discounted,
        item_discounted,
        taxed,
        taxed_within,
        credited,
        owing,
        in_credit,
        changed_within_the_period,
        downgraded_below_zero,
        charged_once,
        on_trial,
        on_trial_that_ends_it,
        ending,
        ending_within_the_period,
        not_collected,
        past_due,
        of_two_intervals,
        in_another_currency,
        by_a_threshold,
        with_a_schedule,
    )
}
