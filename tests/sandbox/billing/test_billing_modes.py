"""Where flexible and classic billing mode differ when a subscription changes.

https://docs.stripe.com/billing/subscriptions/billing-mode/compare
"""

from decimal import Decimal
from typing import Any

import pytest

from portal.sandbox.refusals import NotSupported
from portal.sandbox.resources.coupons import create_coupon
from portal.sandbox.resources.subscription_items import delete_subscription_item
from tests.sandbox.billing.changes import (
    billed,
    change,
    classic,
    item_of,
    latest,
    pending,
    started,
)
from tests.sandbox.billing.company import Company, at

JANUARY, FIFTH, FIFTEENTH, TWENTIETH, FEBRUARY = (
    at(2026, 1, 1),
    at(2026, 1, 5),
    at(2026, 1, 15),
    at(2026, 1, 20),
    at(2026, 2, 1),
)
GRACE = 3600
PER_100 = {"divide_by": 100, "round": "up"}
MODES: list[Any] = [pytest.param({}, id="flexible"), pytest.param(classic(), id="classic")]


@pytest.fixture
def company() -> Company:
    return started(JANUARY)


def per_100(company: Company, meter: Any, cents: int, name: str) -> str:
    return company.metered(meter, name, unit_amount=cents, transform_quantity=PER_100)


@pytest.mark.parametrize(
    ("mode", "charged"),
    [
        ({}, [("1000 request × A (at $0.10 per 100 units / month)", 100),
              ("500 request × B (at $0.15 per 100 units / month)", 75)]),
        (classic(), [("500 request × B (at $0.15 per 100 units / month)", 75)]),
    ],
)  # fmt: skip
def test_usage_is_billed_at_the_price_of_its_time_or_only_since_the_change(
    company: Company, mode: Any, charged: Any
) -> None:
    meter, customer = company.meter(), company.customer()
    cheap, dear = per_100(company, meter, 10, "A"), per_100(company, meter, 15, "B")
    subscription = company.subscribe(customer, cheap, **mode)
    company.run_to(FIFTH)
    company.use(customer, 1_000)
    item = item_of(company, subscription)["id"]
    change(company, subscription, FIFTEENTH, items=[{"id": item, "price": dear}])
    company.run_to(TWENTIETH)
    company.use(customer, 500)

    company.run_to(FEBRUARY)

    assert pending(company, subscription) == []
    assert billed(company, latest(company, subscription)) == charged


def test_each_price_is_billed_for_its_own_span_also_when_usage_comes_late(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    cheap, dear = per_100(company, meter, 10, "A"), per_100(company, meter, 15, "B")
    subscription = company.subscribe(customer, cheap)
    item = item_of(company, subscription)["id"]
    change(company, subscription, FIFTEENTH, items=[{"id": item, "price": dear}])
    company.run_to(FEBRUARY + 60)
    company.use(customer, 100, FIFTEENTH - 1)
    company.use(customer, 200, FIFTEENTH)

    company.run_to(FEBRUARY + GRACE)

    lines = company.lines(latest(company, subscription))
    spans = [(line["amount"], line["period"]["start"], line["period"]["end"]) for line in lines]
    assert spans == [(10, JANUARY, FIFTEENTH), (30, FIFTEENTH, FEBRUARY)]
    assert item_of(company, subscription)["current_period_start"] == FEBRUARY


@pytest.mark.parametrize(
    ("mode", "behavior", "waiting", "at_once"),
    [
        ({}, "create_prorations", [50], []),
        ({}, "always_invoice", [], [50]),
        ({}, "none", [], []),
        (classic(), "create_prorations", [], []),
        (classic(), "always_invoice", [], []),
    ],
)
def test_usage_of_a_removed_item_is_billed_in_flexible_mode_only(
    company: Company, mode: Any, behavior: str, waiting: list[int], at_once: list[int]
) -> None:
    customer = company.customer()
    metered = company.metered(company.meter())
    subscription = company.subscribe(customer, company.licensed(), metered, **mode)
    first = latest(company, subscription)["id"]
    company.run_to(FIFTEENTH)
    company.use(customer, 100)
    item = item_of(company, subscription, 1)["id"]

    delete_subscription_item(company.call(proration_behavior=behavior), item)

    invoice = latest(company, subscription)
    assert [amount for _, amount in pending(company, subscription)] == waiting
    made = [] if invoice["id"] == first else [line["amount"] for line in company.lines(invoice)]
    assert made == at_once
    company.run_to(FEBRUARY)
    renewal = [line["amount"] for line in company.lines(latest(company, subscription))]
    assert renewal == [*waiting, 49_900]


@pytest.mark.parametrize(("mode", "lines"), [({}, []), (classic(), [0])])
def test_a_metered_item_that_comes_new_is_named_in_classic_mode(
    company: Company, mode: Any, lines: list[int]
) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(), **mode)
    first = latest(company, subscription)["id"]
    metered = company.metered(company.meter())

    change(
        company,
        subscription,
        FIFTEENTH,
        items=[{"price": metered}],
        proration_behavior="always_invoice",
    )

    invoice = latest(company, subscription)
    made = [] if invoice["id"] == first else [line["amount"] for line in company.lines(invoice)]
    assert made == lines


@pytest.mark.parametrize(("mode", "credit"), [({}, -417), (classic(), -250)])
def test_a_coupon_of_several_items_is_credited_by_its_share_or_in_full(
    company: Company, mode: Any, credit: int
) -> None:
    company.run_to(FEBRUARY)
    coupon = create_coupon(company.call(amount_off=500, currency="usd", duration="forever"))
    subscription = company.subscribe(
        company.customer(),
        company.licensed(1_000),
        company.licensed(2_000),
        discounts=[{"coupon": coupon["id"]}],
        **mode,
    )
    assert latest(company, subscription)["total"] == 2_500
    company.run_to(at(2026, 2, 15))

    delete_subscription_item(
        company.call(proration_behavior="create_prorations"), item_of(company, subscription)["id"]
    )

    assert [amount for _, amount in pending(company, subscription)] == [credit]


@pytest.mark.parametrize("mode", MODES)
def test_a_change_reckons_with_the_discount_that_it_brings(company: Company, mode: Any) -> None:
    coupon = create_coupon(company.call(percent_off=Decimal(50), duration="forever"))
    subscription = company.subscribe(company.customer(), company.licensed(3_100, "Seat"), **mode)
    item = item_of(company, subscription)["id"]

    change(
        company,
        subscription,
        FIFTEENTH,
        items=[{"id": item, "quantity": 2}],
        discounts=[{"coupon": coupon["id"]}],
    )

    assert [amount for _, amount in pending(company, subscription)] == [-1_700, 1_700]


@pytest.mark.parametrize(("mode", "lines"), [({}, [0]), (classic(), [])])
def test_a_change_during_a_trial_costs_nothing_and_is_invoiced_in_flexible_mode(
    company: Company, mode: Any, lines: list[int]
) -> None:
    customer = company.customer()
    metered = company.metered(company.meter())
    subscription = company.subscribe(
        customer, company.licensed(3_100), metered, trial_end=FEBRUARY, **mode
    )
    first, item = latest(company, subscription)["id"], item_of(company, subscription)["id"]
    company.run_to(FIFTH)
    company.use(customer, 100)

    change(
        company,
        subscription,
        FIFTEENTH,
        items=[
            {"id": item, "quantity": 4},
            {"id": item_of(company, subscription, 1)["id"], "deleted": True},
        ],
        proration_behavior="always_invoice",
    )

    invoice = latest(company, subscription)
    made = [] if invoice["id"] == first else [line["amount"] for line in company.lines(invoice)]
    assert (made, pending(company, subscription)) == (lines, [])
    assert item_of(company, subscription)["current_period_end"] == FEBRUARY
    company.run_to(FEBRUARY + 2 * GRACE)
    assert latest(company, subscription)["total"] == 4 * 3_100


def test_discounts_of_prorations_are_not_itemized(company: Company) -> None:
    flexible = {"proration_discounts": "itemized"}

    with pytest.raises(NotSupported) as refused:
        company.subscribe(
            company.customer(),
            company.licensed(),
            billing_mode={"type": "flexible", "flexible": flexible},
        )

    param = refused.value.fields["param"]
    assert param == "billing_mode[flexible][proration_discounts]"
