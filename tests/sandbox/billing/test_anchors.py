"""Billing cycles that change: other intervals and new anchors, in both billing modes.

https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

from typing import Any

import pytest

from portal.sandbox.refusals import Refused
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
YEAR = at(2027, 1, 1)
MODES: list[Any] = [pytest.param({}, id="flexible"), pytest.param(classic(), id="classic")]


@pytest.fixture
def company() -> Company:
    return started(JANUARY)


def test_flexible_mode_keeps_the_anchor_when_a_month_becomes_a_year(company: Company) -> None:
    monthly, annual = (
        company.licensed(2_500, "Seat"),
        company.licensed(25_000, "Seat", interval="year"),
    )
    subscription = company.subscribe(company.customer(), monthly)
    item = item_of(company, subscription)["id"]

    changed = change(
        company,
        subscription,
        JANUARY + 4,
        items=[{"id": item, "price": annual}],
        proration_behavior="always_invoice",
    )

    invoice = latest(company, subscription)
    assert billed(company, invoice) == [
        ("Unused time on Seat after 01 Jan 2026", -2_500),
        ("Remaining time on Seat after 01 Jan 2026", 25_000),
    ]
    assert (invoice["total"], invoice["period_start"]) == (22_500, JANUARY)
    periods = [line["period"] for line in company.lines(invoice)]
    assert periods == [
        {"start": JANUARY + 4, "end": FEBRUARY},
        {"start": JANUARY + 4, "end": YEAR},
    ]
    assert changed["billing_cycle_anchor"] == JANUARY
    now = item_of(company, subscription)
    assert (now["current_period_start"], now["current_period_end"]) == (JANUARY, YEAR)


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice", "none"])
def test_classic_mode_starts_the_year_at_the_change_and_bills_all_of_it(
    company: Company, behavior: str
) -> None:
    monthly, annual = (
        company.licensed(3_100, "Seat"),
        company.licensed(25_000, "Seat", interval="year"),
    )
    subscription = company.subscribe(company.customer(), monthly, **classic())
    item = item_of(company, subscription)["id"]

    changed = change(
        company,
        subscription,
        FIFTEENTH,
        items=[{"id": item, "price": annual}],
        proration_behavior=behavior,
    )

    credit = [("Unused time on Seat after 15 Jan 2026", -1_700)]
    assert billed(company, latest(company, subscription)) == [
        *(credit if behavior != "none" else []),
        ("1 × Seat (at $250.00 / year)", 25_000),
    ]
    assert changed["billing_cycle_anchor"] == FIFTEENTH
    assert item_of(company, subscription)["current_period_end"] == at(2027, 1, 15)


def test_a_year_becomes_a_month_of_the_anchor(company: Company) -> None:
    monthly, annual = (
        company.licensed(3_100, "Seat"),
        company.licensed(36_500, "Seat", interval="year"),
    )
    subscription = company.subscribe(company.customer(), annual)
    item = item_of(company, subscription)["id"]
    tenth_of_march = at(2026, 3, 11)

    change(company, subscription, tenth_of_march, items=[{"id": item, "price": monthly}])

    used, of_march = 31 + 28 + 10, 21
    assert pending(company, subscription) == [
        ("Unused time on Seat after 11 Mar 2026", -100 * (365 - used)),
        ("Remaining time on Seat after 11 Mar 2026", 100 * of_march),
    ]
    now = item_of(company, subscription)
    assert (now["current_period_start"], now["current_period_end"]) == (
        at(2026, 3, 1),
        at(2026, 4, 1),
    )


def test_all_items_recur_alike_in_classic_mode(company: Company) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(), **classic())
    annual = company.licensed(interval="year")

    with pytest.raises(Refused, match=r"same `recurring\.interval`"):
        change(company, subscription, FIFTEENTH, items=[{"price": annual}])


@pytest.mark.parametrize("mode", MODES)
def test_a_new_anchor_bills_a_whole_period_and_the_usage_so_far(
    company: Company, mode: Any
) -> None:
    customer = company.customer()
    metered = company.metered(company.meter())
    subscription = company.subscribe(customer, company.licensed(3_100, "Seat"), metered, **mode)
    company.run_to(FIFTH)
    company.use(customer, 100)

    changed = change(
        company,
        subscription,
        FIFTEENTH,
        billing_cycle_anchor={"type": "now"},
        proration_behavior="always_invoice",
    )

    invoice = latest(company, subscription)
    assert billed(company, invoice) == [
        ("Unused time on Seat after 15 Jan 2026", -1_700),
        ("100 request × API requests (at $0.005 / month)", 50),
        ("1 × Seat (at $31.00 / month)", 3_100),
    ]
    assert [_is_proration(line) for line in company.lines(invoice)] == [True, False, False]
    assert changed["billing_cycle_anchor"] == FIFTEENTH
    for position in (0, 1):
        assert item_of(company, subscription, position)["current_period_end"] == at(2026, 2, 15)
    company.use(customer, 20)
    company.run_to(at(2026, 2, 15))
    assert billed(company, latest(company, subscription))[0][1] == 10


@pytest.mark.parametrize(("mode", "waits"), [({}, True), (classic(), False)])
def test_a_new_anchor_invoices_by_itself_in_classic_mode_only(
    company: Company, mode: Any, waits: bool
) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(3_100, "Seat"), **mode)
    first = latest(company, subscription)["id"]

    change(company, subscription, FIFTEENTH, billing_cycle_anchor={"type": "now"})

    lines = [
        ("Unused time on Seat after 15 Jan 2026", -1_700),
        ("1 × Seat (at $31.00 / month)", 3_100),
    ]
    if waits:
        assert pending(company, subscription) == lines
        assert latest(company, subscription)["id"] == first
    else:
        assert billed(company, latest(company, subscription)) == lines
    change(company, subscription, TWENTIETH, items=[{"price": company.licensed(10, "Other")}])
    item = item_of(company, subscription)["id"]
    change(company, subscription, TWENTIETH, items=[{"id": item, "deleted": True}])
    assert pending(company, subscription)[-1] == (
        "Unused time on Seat after 20 Jan 2026",
        -2_600,
    )


@pytest.mark.parametrize(
    ("mode", "behavior", "takes_along"),
    [
        ({}, "always_invoice", True),
        (classic(), "always_invoice", False),
        (classic(), "create_prorations", True),
    ],
)
def test_what_waited_is_left_out_of_some_invoices_in_classic_mode(
    company: Company, mode: Any, behavior: str, takes_along: bool
) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(3_100), **mode)
    item = item_of(company, subscription)["id"]
    change(company, subscription, FIFTH, items=[{"id": item, "quantity": 2}])
    waiting = pending(company, subscription)

    change(
        company,
        subscription,
        FIFTEENTH,
        billing_cycle_anchor={"type": "now"},
        proration_behavior=behavior,
    )

    assert pending(company, subscription) == ([] if takes_along else waiting)


def test_classic_mode_starts_anew_when_free_becomes_paid(company: Company) -> None:
    free, paid = company.licensed(0, "Free"), company.licensed(3_100, "Paid")
    moments = {}
    for name, mode in (("flexible", {}), ("classic", classic())):
        subscription = company.subscribe(company.customer(), free, **mode)
        item = item_of(company, subscription)["id"]
        changed = change(company, subscription, FIFTEENTH, items=[{"id": item, "price": paid}])
        moments[name] = changed["billing_cycle_anchor"]
        company.clock.move_to(company.clock.now().replace(day=1))

    assert moments == {"flexible": JANUARY, "classic": FIFTEENTH}


def _is_proration(line: dict[str, Any]) -> bool:
    return bool(line["parent"]["subscription_item_details"]["proration"])
