"""Customer balances: what invoices take from them, leave on them and give back."""

from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.billing.invoice_states import void
from portal.sandbox.resources.customers import update_customer
from portal.sandbox.wire import presented, tree
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.deductions import balance_moves, owe, plan_in

JANUARY, FEBRUARY = at(2026, 1, 1), at(2026, 2, 1)
GRACE = 3600
StripeObject = dict[str, Any]


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def balances(invoice: StripeObject) -> tuple[int, int, int | None]:
    return invoice["starting_balance"], invoice["amount_due"], invoice["ending_balance"]


def balance(company: Company, customer: StripeObject) -> int:
    return int(company.get("customer", customer["id"])["balance"])


def test_a_credit_pays_a_part(company: Company) -> None:
    customer = company.customer()
    owe(company, customer, -300)

    company.subscribe(customer, company.licensed(1_000))

    (invoice,) = company.invoices(customer)
    assert (invoice["total"], *balances(invoice)) == (1_000, -300, 700, 0)
    assert balance_moves(company, customer) == [
        ("adjustment", -300, -300),
        ("applied_to_invoice", 300, 0),
    ]


def test_what_is_left_of_a_credit_pays_the_next_invoices(company: Company) -> None:
    customer = company.customer()
    owe(company, customer, -2_500)

    company.subscribe(customer, company.licensed(1_000))
    company.run_to(at(2026, 3, 1) + GRACE)

    assert [balances(invoice) for invoice in company.invoices(customer)] == [
        (-2_500, 0, -1_500),
        (-1_500, 0, -500),
        (-500, 500, 0),
    ]


def test_what_was_owed_before_is_due_too(company: Company) -> None:
    customer = company.customer()
    owe(company, customer, 250)

    company.subscribe(customer, company.licensed(1_000))

    (invoice,) = company.invoices(customer)
    assert (invoice["total"], *balances(invoice)) == (1_000, 250, 1_250, 0)
    assert balance_moves(company, customer)[-1] == ("applied_to_invoice", -250, 0)


def test_a_total_too_small_to_be_charged_waits_on_the_balance(company: Company) -> None:
    customer = company.customer()
    company.subscribe(customer, company.metered(company.meter()))
    for month in (1, 2):
        company.run_to(at(2026, month, 2))
        company.use(customer, 80)

    company.run_to(at(2026, 3, 1) + GRACE)

    first, second = company.invoices(customer)
    # 80 calls cost 40 cents; 50 is the least that can be charged in dollars.
    assert (first["total"], *balances(first), first["status"]) == (40, 0, 0, 40, "paid")
    assert (second["total"], *balances(second), second["status"]) == (40, 40, 80, 0, "paid")
    assert balance_moves(company, customer) == [
        ("invoice_too_small", 40, 40),
        ("applied_to_invoice", -40, 0),
    ]


def test_a_credit_may_leave_too_little_to_be_charged(company: Company) -> None:
    customer = company.customer()
    owe(company, customer, -980)

    company.subscribe(customer, company.licensed(1_000))

    (invoice,) = company.invoices(customer)
    assert balances(invoice) == (-980, 0, 20)
    assert balance_moves(company, customer)[1:] == [
        ("applied_to_invoice", 980, 0),
        ("invoice_too_small", 20, 20),
    ]


@pytest.mark.parametrize(
    ("currency", "amount", "due", "kept"),
    [
        ("jpy", 49, 0, 49),
        ("jpy", 50, 50, 0),
        ("gbp", 29, 0, 29),
        ("gbp", 30, 30, 0),
        ("huf", 17_499, 0, 17_499),
        ("thb", 1_000, 1_000, 0),
        ("kwd", 5_124, 5_120, 4),
        ("kwd", 5_125, 5_130, -5),
        ("ugx", 1_249, 1_200, 49),
    ],
)
def test_currencies_have_their_own_least_and_steps(
    company: Company, currency: str, amount: int, due: int, kept: int
) -> None:
    customer = company.customer()

    company.subscribe(customer, plan_in(company, currency, amount))

    (invoice,) = company.invoices(customer)
    assert (invoice["total"], *balances(invoice)) == (amount, 0, due, kept)
    assert balance(company, customer) == kept


def test_voiding_gives_back_what_the_invoice_took(company: Company) -> None:
    customer = company.customer("pm_card_chargeCustomerFail")
    owe(company, customer, -300)
    company.subscribe(customer, company.licensed(1_000))
    (invoice,) = company.invoices(customer)
    assert invoice["status"] == "open"

    void(company.store, invoice, company.store.now())

    assert balance_moves(company, customer)[-1] == ("unapplied_from_invoice", -300, -300)
    assert balance(company, customer) == -300


def test_a_balance_of_another_currency_is_left_alone(company: Company) -> None:
    customer = company.customer()
    owe(company, customer, -300, "eur")

    company.subscribe(customer, plan_in(company, "usd", 1_000), currency="usd")

    (invoice,) = company.invoices(customer)
    assert balances(invoice) == (0, 1_000, 0)
    shown = presented(
        company.store,
        company.get("customer", customer["id"]),
        tree(["invoice_credit_balance"]),
    )
    assert shown["invoice_credit_balance"] == {"eur": -300}


def test_a_customers_balance_can_be_set(company: Company) -> None:
    customer = company.customer(balance=-500)

    changed = update_customer(company.call(balance=200), customer["id"])

    assert (customer["balance"], changed["balance"]) == (-500, 200)
    assert balance_moves(company, customer) == [
        ("adjustment", -500, -500),
        ("adjustment", 700, 200),
    ]
    event = company.store.every("event", type="customer.updated")[0]
    assert event["data"]["previous_attributes"] == {"balance": -500}
