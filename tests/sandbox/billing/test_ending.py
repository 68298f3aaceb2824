"""Subscriptions that are set to end: at a period's end or at a moment inside of one.

https://docs.stripe.com/billing/subscriptions/cancel
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

JANUARY, ELEVENTH, TWENTY_FIRST, FEBRUARY, MARCH = (
    at(2026, 1, 1),
    at(2026, 1, 11),
    at(2026, 1, 21),
    at(2026, 2, 1),
    at(2026, 3, 1),
)
MODES: list[Any] = [pytest.param({}, id="flexible"), pytest.param(classic(), id="classic")]


@pytest.fixture
def company() -> Company:
    return started(JANUARY)


@pytest.mark.parametrize("mode", MODES)
def test_an_end_inside_the_period_credits_what_is_cut_off(company: Company, mode: Any) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(3_100, "Seat"), **mode)

    changed = change(company, subscription, ELEVENTH, cancel_at=TWENTY_FIRST)

    assert (changed["cancel_at"], changed["canceled_at"]) == (TWENTY_FIRST, ELEVENTH)
    assert (changed["cancel_at_period_end"], changed["status"]) == (False, "active")
    assert changed["cancellation_details"]["reason"] == "cancellation_requested"
    credit = [("Unused time on Seat after 21 Jan 2026", -1_100)]
    assert pending(company, subscription) == credit
    assert item_of(company, subscription)["current_period_end"] == TWENTY_FIRST
    company.run_to(TWENTY_FIRST + 2 * 3600)
    assert company.get("subscription", subscription["id"])["status"] == "canceled"
    final = latest(company, subscription)
    assert billed(company, final) == credit
    assert company.get("customer", subscription["customer"])["balance"] == -1_100


def test_an_end_that_is_taken_back_charges_the_time_again(company: Company) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(3_100, "Seat"))
    change(company, subscription, ELEVENTH, cancel_at=TWENTY_FIRST)

    changed = change(company, subscription, ELEVENTH + 60, cancel_at="")

    assert [amount for _, amount in pending(company, subscription)] == [-1_100, 1_100]
    assert (changed["cancel_at"], changed["canceled_at"]) == (None, None)
    assert item_of(company, subscription)["current_period_end"] == FEBRUARY
    item = item_of(company, subscription)["id"]
    change(company, subscription, TWENTY_FIRST, items=[{"id": item, "quantity": 2}])
    credits = [amount for _, amount in pending(company, subscription) if amount < 0]
    assert credits == [-1_100, -1_100]


def test_without_prorations_the_end_only_comes_earlier(company: Company) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(3_100))

    change(company, subscription, ELEVENTH, cancel_at=TWENTY_FIRST, proration_behavior="none")

    assert pending(company, subscription) == []
    company.run_to(FEBRUARY)
    assert company.get("subscription", subscription["id"])["ended_at"] == TWENTY_FIRST


def test_an_end_in_a_later_period_is_billed_for_its_part_when_that_begins(
    company: Company,
) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(2_800, "Seat"))

    change(company, subscription, ELEVENTH, cancel_at=at(2026, 2, 8))

    assert pending(company, subscription) == []
    company.run_to(FEBRUARY)
    renewal = latest(company, subscription)
    assert billed(company, renewal) == [("Remaining time on Seat after 01 Feb 2026", 700)]
    assert company.lines(renewal)[0]["period"] == {"start": FEBRUARY, "end": at(2026, 2, 8)}
    company.run_to(MARCH)
    assert company.get("subscription", subscription["id"])["ended_at"] == at(2026, 2, 8)


@pytest.mark.parametrize(
    ("asked", "end"),
    [("min_period_end", FEBRUARY), ("max_period_end", at(2027, 1, 1))],
)
def test_the_end_of_the_first_or_the_last_item(company: Company, asked: str, end: int) -> None:
    monthly, annual = company.licensed(3_100), company.licensed(36_500, interval="year")
    subscription = company.subscribe(company.customer(), monthly, annual)

    changed = change(company, subscription, ELEVENTH, cancel_at=asked)

    assert changed["cancel_at"] == end
    cut_off = [-100 * (365 - 31)] if asked == "min_period_end" else []
    assert [amount for _, amount in pending(company, subscription)] == cut_off


def test_waiting_prorations_are_billed_at_the_end_of_the_period(company: Company) -> None:
    subscription = company.subscribe(company.customer(), company.licensed(3_100))
    item = item_of(company, subscription)["id"]
    change(
        company,
        subscription,
        TWENTY_FIRST,
        items=[{"id": item, "quantity": 2}],
        cancel_at_period_end=True,
    )

    company.run_to(FEBRUARY + 2 * 3600)

    assert company.get("subscription", subscription["id"])["status"] == "canceled"
    assert latest(company, subscription)["total"] == 1_100


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"cancel_at": JANUARY}, "in the future"),
        ({"cancel_at": MARCH, "cancel_at_period_end": True}, "only specify one"),
    ],
)
def test_an_end_that_cannot_be_is_refused(
    company: Company, asked: dict[str, Any], message: str
) -> None:
    subscription = company.subscribe(company.customer(), company.licensed())

    with pytest.raises(Refused, match=message) as refused:
        change(company, subscription, ELEVENTH, **asked)

    assert refused.value.fields["param"] == "cancel_at"
