"""Invariants of every invoice and every ledger, for random customers, prices and deductions."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.sandbox.billing.invoice_states import void
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.deductions import (
    balance_moves,
    coupon,
    credit_moves,
    grant,
    owe,
    tax_rate,
)

StripeObject = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)
GRACE = 3600
_PERCENT = st.decimals("0.01", 100, places=2).map(str)
_COUPONS = st.one_of(
    st.fixed_dictionaries({"percent_off": _PERCENT}),
    st.fixed_dictionaries({"amount_off": st.integers(1, 20_000)}),
)
_DURATIONS = st.sampled_from(
    [{}, {"duration": "once"}, {"duration": "repeating", "duration_in_months": 1}]
)
_TERMS = st.builds(lambda terms, lasting: terms | lasting, _COUPONS, _DURATIONS)
_RATES = st.tuples(st.decimals("0", 30, places=2).map(str), st.booleans())
_SITUATIONS = st.fixed_dictionaries(
    {
        "card": st.sampled_from(["pm_card_visa", "pm_card_chargeCustomerFail"]),
        "plan": st.integers(0, 30_000),
        "usage": st.lists(st.integers(0, 20_000), min_size=2, max_size=2),
        "discounts": st.lists(_TERMS, max_size=2),
        "of_item": st.lists(_TERMS, max_size=2),
        "rates": st.lists(_RATES, max_size=2),
        "grants": st.lists(st.integers(1, 9_000), max_size=3),
        "balance": st.integers(-5_000, 5_000),
        "mode": st.sampled_from(["flexible", "classic"]),
        "tax_exempt": st.sampled_from(["none", "none", "exempt"]),
    }
)


def live(situation: StripeObject) -> tuple[Company, StripeObject]:
    """A customer in the situation after two periods."""
    company = Company(START)
    customer = company.customer(situation["card"], tax_exempt=situation["tax_exempt"])
    for value in situation["grants"]:
        grant(company, customer, value)
    owe(company, customer, situation["balance"])
    own = [{"coupon": coupon(company, **terms)} for terms in situation["of_item"]]
    items = [
        {"price": company.licensed(situation["plan"]), "discounts": own},
        {"price": company.metered(company.meter())},
    ]
    company.subscribe(
        customer,
        items=items,
        billing_mode={"type": situation["mode"]},
        default_tax_rates=[
            tax_rate(company, rate, inclusive=inclusive) for rate, inclusive in situation["rates"]
        ],
        discounts=[{"coupon": coupon(company, **terms)} for terms in situation["discounts"]],
    )
    for month, calls in enumerate(situation["usage"], start=1):
        company.run_to(at(2026, month, 2))
        company.use(customer, calls)
    company.run_to(at(2026, 3, 1) + GRACE)
    return company, customer


def summed(parts: list[StripeObject], **wanted: str) -> int:
    return sum(
        part["amount"] for part in parts if all(part[name] == is_ for name, is_ in wanted.items())
    )


def check_invoice(company: Company, invoice: StripeObject) -> None:
    lines = company.lines(invoice)
    discounts = summed(invoice["total_discount_amounts"])
    credits = summed(invoice["total_pretax_credit_amounts"], type="credit_balance_transaction")
    exclusive = summed(invoice["total_taxes"], tax_behavior="exclusive")
    assert summed(lines) - discounts - credits + exclusive == invoice["total"]
    assert invoice["total"] - summed(invoice["total_taxes"]) == invoice["total_excluding_tax"]
    for discount in invoice["total_discount_amounts"]:
        of_lines = [one for line in lines for one in line["discount_amounts"]]
        assert summed(of_lines, discount=discount["discount"]) == discount["amount"]
    of_lines = [one for line in lines for one in line["pretax_credit_amounts"]]
    assert summed(of_lines, type="credit_balance_transaction") == credits
    assert summed(of_lines, type="discount") == discounts
    assert summed([tax for line in lines for tax in line["taxes"]]) == summed(
        invoice["total_taxes"]
    )
    for line in lines:
        assert line["amount"] >= summed(line["pretax_credit_amounts"])
    if invoice["status"] != "draft":
        owed = invoice["starting_balance"] + invoice["total"]
        assert owed == invoice["amount_due"] + invoice["ending_balance"]


def check_ledgers(company: Company, customer: StripeObject) -> None:
    """Balances and grants are what their transactions and the invoices say."""
    customer = company.get("customer", customer["id"])
    for subscription in company.store.every("subscription"):
        still_given = [company.get("discount", id) for id in subscription["discounts"]]
        assert not any("_used_by" in discount for discount in still_given)
    moves = balance_moves(company, customer)
    assert sum(amount for _, amount, _ in moves) == customer["balance"]
    assert not moves or moves[-1][2] == customer["balance"]
    left = sum(one["_left"] for one in company.store.every("billing.credit_grant"))
    assert sum(value for _, value in credit_moves(company, customer)) == left
    used = sum(
        summed(invoice["total_pretax_credit_amounts"], type="credit_balance_transaction")
        for invoice in company.invoices(customer)
        if invoice["status"] not in ("draft", "void")
    )
    granted = sum(
        one["amount"]["monetary"]["value"] for one in company.store.every("billing.credit_grant")
    )
    assert granted - left == used


@given(_SITUATIONS)
@settings(max_examples=60)
def test_every_amount_of_every_invoice_is_accounted_for(situation: StripeObject) -> None:
    company, customer = live(situation)

    for invoice in company.invoices(customer):
        check_invoice(company, invoice)
    check_ledgers(company, customer)


@given(_SITUATIONS)
@settings(max_examples=40)
def test_voiding_gives_everything_back(situation: StripeObject) -> None:
    company, customer = live(situation | {"card": "pm_card_chargeCustomerFail"})
    unpaid = [one for one in company.invoices(customer) if one["status"] == "open"]

    for invoice in unpaid:
        before = company.get("customer", customer["id"])["balance"]
        void(company.store, invoice, company.store.now())
        after = company.get("customer", customer["id"])["balance"]
        taken = invoice["ending_balance"] - invoice["starting_balance"]
        assert after - before == -taken

    check_ledgers(company, customer)


@given(_SITUATIONS)
@settings(max_examples=40)
def test_a_preview_foretells_every_total(situation: StripeObject) -> None:
    company, customer = live(situation)
    (subscription,) = company.store.every("subscription", customer=customer["id"])
    if subscription["status"] != "active":
        return
    company.use(customer, situation["plan"])

    foretold = company.preview(subscription)
    company.run_to(at(2026, 4, 1) + GRACE)

    made = company.invoices(customer)[-1]
    names = ("subtotal", "total", "total_excluding_tax", "starting_balance", "amount_due")
    assert [foretold[name] for name in names] == [made[name] for name in names]
