"""Billing credits: what they pay, in which order, how they end and come back."""

from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.billing.cycles import advance
from portal.sandbox.billing.invoice_states import void
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.credit_grants import (
    expire_credit_grant,
    update_credit_grant,
    void_credit_grant,
)
from portal.sandbox.resources.test_clocks import create_test_clock
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.deductions import credit_moves, grant, left_of

JANUARY, FEBRUARY, MARCH = at(2026, 1, 1), at(2026, 2, 1), at(2026, 3, 1)
GRACE = 3600
StripeObject = dict[str, Any]


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def using(company: Company, calls: int, **params: Any) -> StripeObject:
    """A customer whose calls cost half a cent each, and who has made so many of them."""
    customer = company.customer(**params)
    if not company.store.every("billing.meter"):
        company.meter()
    (meter,) = company.store.every("billing.meter")
    company.subscribe(customer, company.metered(meter))
    company.run_to(JANUARY + 60)
    company.use(customer, calls)
    return customer


def credited(invoice: StripeObject) -> int:
    return sum(
        one["amount"]
        for one in invoice["total_pretax_credit_amounts"]
        if one["type"] == "credit_balance_transaction"
    )


def test_credit_pays_usage_when_the_invoice_is_final_and_not_before(company: Company) -> None:
    customer = using(company, 1_000)
    credit = grant(company, customer, 800)

    assert left_of(company, credit) == (800, 800)
    company.run_to(FEBRUARY)
    # The draft is about to use 500 of them.
    assert left_of(company, credit) == (300, 800)
    assert credit_moves(company, customer) == [("credits_granted", 800)]
    company.run_to(FEBRUARY + GRACE)

    (invoice,) = company.invoices(customer)
    (line,) = company.lines(invoice)
    (used,) = line["pretax_credit_amounts"]
    assert left_of(company, credit) == (300, 300)
    assert (invoice["subtotal"], invoice["total"], invoice["status"]) == (500, 0, "paid")
    assert credit_moves(company, customer)[-1] == ("credits_applied", -500)
    transaction = company.get(
        "billing.credit_balance_transaction", used["credit_balance_transaction"]
    )
    assert transaction["debit"]["credits_applied"] == {
        "invoice": invoice["id"],
        "invoice_line_item": line["id"],
    }
    assert company.events().count("billing.credit_balance_transaction.created") == 2


def test_credit_pays_no_plan(company: Company) -> None:
    customer = company.customer()
    credit = grant(company, customer, 5_000)

    company.subscribe(customer, company.licensed(1_000))

    (invoice,) = company.invoices(customer)
    assert (credited(invoice), invoice["total"]) == (0, 1_000)
    assert left_of(company, credit) == (5_000, 5_000)


def test_credit_for_some_prices_pays_only_those(company: Company) -> None:
    customer, other = company.customer(), company.meter("uploads")
    calls, uploads = company.metered(company.meter()), company.metered(other)
    company.subscribe(customer, calls, uploads)
    company.run_to(JANUARY + 60)
    company.use(customer, 1_000)
    company.use(customer, 400, event_name="uploads")
    grant(company, customer, 1_000, uploads)

    company.run_to(FEBRUARY + GRACE)

    (invoice,) = company.invoices(customer)
    # 400 uploads cost 200 and are paid; 1 000 calls cost 500 and are not.
    assert (credited(invoice), invoice["total"]) == (200, 500)


def test_grants_are_used_up_in_stripes_order(company: Company) -> None:
    customer = using(company, 3_000)
    soon, later = at(2026, 3, 1), at(2026, 6, 1)
    in_order = [
        grant(company, customer, 100, priority=10),
        grant(company, customer, 200, expires_at=soon),
        grant(company, customer, 300, expires_at=later, category="promotional"),
        grant(company, customer, 400, expires_at=later),
        grant(company, customer, 500),
        grant(company, customer, 600, effective_at=JANUARY + 3600),
    ]

    company.run_to(FEBRUARY + GRACE)

    # 3 000 calls cost 1 500: all of the first five.
    left = [company.get("billing.credit_grant", one["id"])["_left"] for one in in_order]
    assert left == [0, 0, 0, 0, 0, 600]
    applied = [
        value for type, value in credit_moves(company, customer) if type == "credits_applied"
    ]
    assert applied == [-100, -200, -300, -400, -500]


@pytest.mark.parametrize(
    ("terms", "pays"),
    [
        ({"effective_at": FEBRUARY}, 500),
        ({"effective_at": FEBRUARY + 1}, 0),
        ({"expires_at": FEBRUARY + 1}, 500),
        ({"expires_at": FEBRUARY}, 0),
    ],
    ids=["effective by the end", "effective after it", "expires after it", "expires at the end"],
)
def test_credit_counts_if_it_holds_at_the_end_of_the_usage(
    company: Company, terms: StripeObject, pays: int
) -> None:
    customer = using(company, 1_000)
    grant(company, customer, 800, **terms)

    company.run_to(FEBRUARY + GRACE)

    (invoice,) = company.invoices(customer)
    assert credited(invoice) == pays


def test_what_is_left_expires_on_the_customers_clock(company: Company) -> None:
    clock = create_test_clock(company.call(frozen_time=JANUARY))
    customer = company.customer(test_clock=clock["id"])
    credit = grant(company, customer, 800, expires_at=JANUARY + 1_000)

    company.run_to(JANUARY + 5_000)
    assert left_of(company, credit) == (800, 800)
    advance(company.store, company.ledger, clock, JANUARY + 1_000)

    assert left_of(company, credit) == (0, 0)
    assert credit_moves(company, customer) == [("credits_granted", 800), ("credits_expired", -800)]
    event = company.store.every("event", type="billing.credit_balance_transaction.created")[0]
    assert event["created"] == JANUARY + 1_000


def test_credit_that_a_draft_is_to_use_outlives_its_expiry_until_then(company: Company) -> None:
    customer = using(company, 1_000)
    credit = grant(company, customer, 800, expires_at=FEBRUARY + 60)

    company.run_to(FEBRUARY + GRACE)

    assert credit_moves(company, customer) == [
        ("credits_granted", 800),
        ("credits_expired", -300),
        ("credits_applied", -500),
    ]
    assert left_of(company, credit) == (0, 0)


def test_the_next_preview_leaves_what_the_draft_will_use(company: Company) -> None:
    customer = using(company, 1_000)
    (subscription,) = company.store.every("subscription", customer=customer["id"])
    grant(company, customer, 600)
    company.run_to(FEBRUARY + 60)
    company.use(customer, 1_000)

    preview = company.preview(subscription)

    # The draft of January will use 500 of the 600.
    assert (preview["subtotal"], credited(preview), preview["total"]) == (500, 100, 400)


def test_voiding_the_invoice_gives_its_credit_back(company: Company) -> None:
    customer = using(company, 1_000, card="pm_card_chargeCustomerFail")
    credit = grant(company, customer, 300)
    company.run_to(FEBRUARY + GRACE)
    (invoice,) = company.invoices(customer)
    assert (invoice["status"], invoice["amount_due"]) == ("open", 200)

    void(company.store, invoice, company.store.now())

    assert left_of(company, credit) == (300, 300)
    assert credit_moves(company, customer)[-1] == ("credits_application_invoice_voided", 300)


def test_credit_that_comes_back_too_late_expires_at_once(company: Company) -> None:
    customer = using(company, 1_000, card="pm_card_chargeCustomerFail")
    credit = grant(company, customer, 300, expires_at=FEBRUARY + GRACE + 60)
    company.run_to(FEBRUARY + GRACE + 120)
    (invoice,) = company.invoices(customer)

    void(company.store, invoice, company.store.now())

    assert left_of(company, credit) == (0, 0)
    assert credit_moves(company, customer)[-2:] == [
        ("credits_application_invoice_voided", 300),
        ("credits_expired", -300),
    ]


def test_a_grant_can_be_ended_by_hand(company: Company) -> None:
    customer = company.customer()
    first, second = grant(company, customer, 100), grant(company, customer, 200)

    expired = expire_credit_grant(company.call(), first["id"])
    voided = void_credit_grant(company.call(), second["id"])

    assert (expired["expires_at"], voided["voided_at"]) == (JANUARY, JANUARY)
    assert credit_moves(company, customer)[2:] == [
        ("credits_expired", -100),
        ("credits_voided", -200),
    ]
    assert company.events().count("billing.credit_grant.updated") == 2
    for again in (expire_credit_grant, void_credit_grant):
        with pytest.raises(Refused, match="is expired and cannot be"):
            again(company.call(), first["id"])


def test_a_grant_of_which_some_is_used_cannot_be_voided(company: Company) -> None:
    customer = using(company, 10)
    credit = grant(company, customer, 100)
    company.run_to(FEBRUARY + GRACE)

    with pytest.raises(Refused, match="some of it has been used"):
        void_credit_grant(company.call(), credit["id"])


def test_an_expiry_can_be_moved_and_taken_away(company: Company) -> None:
    customer = company.customer()
    credit = grant(company, customer, 100, expires_at=JANUARY + 60)

    moved = update_credit_grant(company.call(expires_at=JANUARY + 600), credit["id"])
    assert moved["expires_at"] == JANUARY + 600
    update_credit_grant(company.call(expires_at=""), credit["id"])
    company.run_to(MARCH)

    assert left_of(company, credit) == (100, 100)
