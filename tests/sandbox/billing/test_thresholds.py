"""Usage that is invoiced when it reaches a threshold, and what is left for the end of the period.

The amounts are those of https://docs.stripe.com/billing/subscriptions/usage-based/thresholds.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import to_epoch
from portal.sandbox.billing.cycles import advance
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_updates import update_subscription
from portal.sandbox.resources.subscriptions import create_subscription
from portal.sandbox.store import Store
from tests.sandbox.billing.company import START, Company, at
from tests.sandbox.billing.deductions import coupon, grant

GRADUATED = {
    "billing_scheme": "tiered",
    "tiers_mode": "graduated",
    "tiers": [{"up_to": 10_000, "unit_amount": 50}, {"up_to": "inf", "unit_amount": 40}],
}
VOLUME = GRADUATED | {"tiers_mode": "volume"}


@pytest.fixture
def company() -> Company:
    return Company()


class Subscribed:
    """A customer with one metered price and thresholds."""

    def __init__(
        self,
        company: Company,
        price: dict[str, Any],
        usage_gte: int | None = None,
        customer: dict[str, Any] | None = None,
        **amount: Any,
    ) -> None:
        self.company = company
        self.meter, self.customer = company.meter(), company.customer(**customer or {})
        metered = {"price": company.metered(self.meter, **price)}
        if usage_gte:
            metered["billing_thresholds"] = {"usage_gte": usage_gte}
        asked = {"items": [metered, {"price": company.licensed(1000)}]}
        if amount:
            asked["billing_thresholds"] = amount
        made = create_subscription(company.call(customer=self.customer["id"], **asked))
        self.id = made["id"]
        items = company.store.every("subscription_item", subscription=self.id)
        self.item = next(item["id"] for item in items if item["price"] == metered["price"])

    def use(self, value: Any) -> None:
        """Use something an hour later, and let it be noticed."""
        self.company.clock.advance(timedelta(hours=1))
        self.company.use(self.customer, value)
        self.company.run_to(to_epoch(self.company.clock.now()))

    @property
    def invoices(self) -> list[dict[str, Any]]:
        """The invoices after the first, the oldest first."""
        return self.company.invoices(self.customer)[1:]

    def lines(self, position: int) -> list[tuple[str, str, int]]:
        lines = self.company.lines(self.invoices[position])
        return [(one["description"], one["quantity_decimal"], one["amount"]) for one in lines]


def test_an_invoice_comes_as_soon_as_the_usage_costs_so_much(company: Company) -> None:
    one = Subscribed(company, {"unit_amount": 50}, amount_gte=10_000)
    one.use(199)
    assert one.invoices == []
    one.use(1)

    (invoice,) = one.invoices
    assert (invoice["billing_reason"], invoice["status"]) == ("subscription_threshold", "paid")
    assert invoice["threshold_reason"] == {"amount_gte": 10_000, "item_reasons": []}
    assert one.lines(0) == [("200 request × API requests (at $0.50 / month)", "200", 10_000)]
    subscription = company.get("subscription", one.id)
    assert subscription["latest_invoice"] == invoice["id"]
    assert subscription["billing_cycle_anchor"] == to_epoch(START)


def test_the_end_of_the_period_bills_what_is_left(company: Company) -> None:
    one = Subscribed(company, {"unit_amount": 50}, amount_gte=10_000)
    for used in (250, 30, 40):
        one.use(used)
    company.run_to(at(2026, 2, 1))
    company.run_to(at(2026, 2, 1, 2))

    assert [invoice["total"] for invoice in one.invoices] == [12_500, 3500 + 1000]
    assert one.invoices[1]["billing_reason"] == "subscription_cycle"
    one.use(199)
    assert len(one.invoices) == 2


def test_graduated_tiers_go_on_over_threshold_invoices(company: Company) -> None:
    one = Subscribed(company, GRADUATED, amount_gte=10_000)
    one.use(9900)
    one.use(100)
    one.use(100)
    one.use(250)

    assert [invoice["total"] for invoice in one.invoices] == [495_000, 50_00 + 40_00 + 100_00]
    assert one.lines(1) == [
        ("100 request × API requests (Tier 1 at $0.50 / month)", "100", 5000),
        ("350 request × API requests (Tier 2 at $0.40 / month)", "350", 14_000),
    ]


def test_a_flat_fee_is_billed_once(company: Company) -> None:
    tiers = [
        {"up_to": 100, "unit_amount": 10, "flat_amount": 500},
        {"up_to": "inf", "unit_amount": 5},
    ]
    one = Subscribed(company, GRADUATED | {"tiers": tiers}, amount_gte=1000)
    one.use(60)
    one.use(240)

    assert [invoice["total"] for invoice in one.invoices] == [600 + 500, 400 + 1000]


def test_a_volume_price_rates_everything_anew(company: Company) -> None:
    one = Subscribed(company, VOLUME, amount_gte=500_000)
    one.use(10_000)
    one.use(1)
    one.use(14_998)
    assert len(one.invoices) == 1
    one.use(1)

    assert [invoice["total"] for invoice in one.invoices] == [500_000, 500_000]
    assert one.lines(1) == [
        ("25000 request × API requests (Tier 2 at $0.40 / month)", "25000", 1_000_000),
        ("Amount previously billed (at $0.50 per unit)", "0", -500_000),
    ]


def test_what_a_volume_price_bills_too_much_is_credited_at_the_end(company: Company) -> None:
    one = Subscribed(company, VOLUME, amount_gte=500_000)
    one.use(10_000)
    one.use(1)
    company.run_to(at(2026, 2, 1))
    company.run_to(at(2026, 2, 1, 2))

    last = one.invoices[-1]
    assert last["total"] == -99_960 + 1000
    assert company.get("customer", one.customer["id"])["balance"] == -98_960


def test_an_amount_is_reached_after_discounts_and_credits(company: Company) -> None:
    one = Subscribed(company, {"unit_amount": 50}, amount_gte=10_000)
    half = [{"coupon": coupon(company, percent_off="50", duration="forever")}]
    update_subscription(company.call(discounts=half), one.id)
    grant(company, one.customer, 1000)
    one.use(439)
    assert one.invoices == []
    one.use(1)

    (invoice,) = one.invoices
    assert invoice["total"] == 440 * 25 - 1000


def test_what_is_billed_early_outlives_a_restart(tmp_path: Path) -> None:
    company = Company()
    company.store = Store(company.clock, file=tmp_path / "sandbox.db", seed=1)
    company.ledger = UsageLedger(company.store)
    one = Subscribed(company, {"unit_amount": 50}, amount_gte=10_000)
    unused = company.metered(company.meter("tokens"), unit_amount=1)
    update_subscription(company.call(items=[{"price": unused}]), one.id)
    one.use(250)
    company.clock.move_to(START + timedelta(days=31))
    company.run_to(at(2026, 2, 1))
    company.store.commit()
    company.store.close()

    company.store = Store(company.clock, file=tmp_path / "sandbox.db")
    company.ledger = UsageLedger(company.store)
    company.run_to(at(2026, 2, 1, 2))

    assert [invoice["total"] for invoice in one.invoices] == [12_500, 1000]
    company.store.close()


def test_an_item_is_billed_when_it_has_so_many_units(company: Company) -> None:
    one = Subscribed(company, {"unit_amount_decimal": "0.1"}, usage_gte=2000)
    one.use(1999)
    assert one.invoices == []
    one.use(1)
    one.use(1999)
    one.use(1)

    first, second = one.invoices
    (line,) = company.lines(first)
    reason = {"line_item_ids": [line["id"]], "usage_gte": 2000}
    assert first["threshold_reason"] == {"amount_gte": None, "item_reasons": [reason]}
    assert (first["total"], second["total"]) == (200, 200)


def test_a_reset_anchor_ends_the_period(company: Company) -> None:
    one = Subscribed(company, GRADUATED, amount_gte=10_000, reset_billing_cycle_anchor=True)
    company.run_to(at(2026, 1, 10))
    one.use(10_100)
    one.use(50)

    (invoice,) = one.invoices
    assert invoice["total"] == 500_000 + 4000 + 1000
    subscription = company.get("subscription", one.id)
    item = company.get("subscription_item", one.item)
    anchor = at(2026, 1, 10, 1)
    assert subscription["billing_cycle_anchor"] == item["current_period_start"] == anchor
    assert item["current_period_end"] == at(2026, 2, 10, 1)

    company.run_to(at(2026, 2, 10, 1))
    company.run_to(at(2026, 2, 10, 3))
    assert one.invoices[-1]["total"] == 50 * 50 + 1000


def test_no_invoice_comes_in_the_last_day_of_a_period(company: Company) -> None:
    one = Subscribed(company, {"unit_amount": 50}, amount_gte=10_000)
    company.run_to(at(2026, 1, 30, 23))
    one.use(1000)

    assert one.invoices == []


def test_a_test_clock_leaves_when_usage_sent_before_has_been_heeded(company: Company) -> None:
    clock = {"id": "clock_1", "object": "test_helpers.test_clock", "frozen_time": to_epoch(START)}
    company.store.put(clock)
    one = Subscribed(
        company, {"unit_amount": 50}, customer={"test_clock": "clock_1"}, amount_gte=10_000
    )
    company.use(one.customer, 200)
    advance(company.store, company.ledger, clock, at(2026, 1, 31, 12))

    (invoice,) = one.invoices
    assert (invoice["billing_reason"], invoice["total"]) == ("subscription_threshold", 10_000)
    assert invoice["created"] == to_epoch(START)


def test_a_trial_has_no_threshold(company: Company) -> None:
    one = Subscribed(company, {"unit_amount": 50}, amount_gte=10_000)
    trialing = company.get("subscription", one.id) | {"status": "trialing"}
    company.store.put(trialing)
    one.use(1000)

    assert one.invoices == []


PACKAGED = {"unit_amount": 50, "transform_quantity": {"divide_by": 10, "round": "up"}}
WITH_FEE = GRADUATED | {"tiers": [{"up_to": "inf", "unit_amount": 1, "flat_amount": 500}]}


@pytest.mark.parametrize(
    ("price", "thresholds", "said"),
    [
        ({"unit_amount": 50}, {"amount_gte": 49}, "greater than or equal to 50"),
        (PACKAGED, {"amount_gte": 1000}, "package pricing"),
        (WITH_FEE, {"amount_gte": 500}, "greater than the sum of the flat fees"),
    ],
)
def test_an_amount_that_cannot_be_a_threshold(
    company: Company, price: dict[str, Any], thresholds: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        Subscribed(company, price, **thresholds)

    assert refused.value.fields["param"] == "billing_thresholds[amount_gte]"


@pytest.mark.parametrize(
    ("price", "usage", "said"),
    [({"unit_amount": 50}, -1, "greater than or equal to 1"), (PACKAGED, 5, "package pricing")],
)
def test_a_number_of_units_that_cannot_be_a_threshold(
    company: Company, price: dict[str, Any], usage: int, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        Subscribed(company, price, usage_gte=usage)


def test_thresholds_are_set_and_taken_away_by_an_update(company: Company) -> None:
    one = Subscribed(company, {"unit_amount": 50})

    def update(thresholds: Any, item: Any) -> tuple[Any, Any]:
        items = [{"id": one.item, "billing_thresholds": item}]
        call = company.call(billing_thresholds=thresholds, items=items)
        subscription = update_subscription(call, one.id)
        kept = company.get("subscription_item", one.item)
        return subscription["billing_thresholds"], kept["billing_thresholds"]

    wanted = {"amount_gte": 10_000, "reset_billing_cycle_anchor": False}
    assert update(wanted, {"usage_gte": 500}) == (wanted, {"usage_gte": 500})
    assert update("", "") == (None, None)
    one.use(1000)
    assert one.invoices == []


amounts = st.lists(st.integers(min_value=0, max_value=5000), min_size=1, max_size=12)


@given(amounts, st.sampled_from([{"unit_amount": 50}, GRADUATED, VOLUME]))
def test_the_invoices_of_a_period_come_to_the_same_with_a_threshold_as_without(
    used: list[int], price: dict[str, Any]
) -> None:
    totals = []
    for thresholds in ({"amount_gte": 30_000}, {}):
        company = Company()
        one = Subscribed(company, price, **thresholds)
        for value in used:
            one.use(value)
        company.run_to(at(2026, 2, 1))
        company.run_to(at(2026, 2, 1, 2))
        totals.append(sum(invoice["total"] for invoice in one.invoices))

    assert totals[0] == totals[1]
