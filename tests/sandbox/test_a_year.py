"""Every cent that a year invoices is explained: by hand, line by line, and in its sums."""

from dataclasses import dataclass

import pytest
import stripe

from tests.fixtures.sandbox import SandboxProcess
from tests.sandbox.a_year import Life, moment


@dataclass(frozen=True)
class Line:
    """What a line charges, what is taken off it, and the tax on the rest."""

    amount: int
    discount: int = 0
    credit: int = 0
    tax: int = 0


@dataclass(frozen=True)
class Bill:
    """An invoice by hand: when, why, and its lines that are not nothing."""

    at: int
    reason: str
    lines: tuple[Line, ...] = ()

    @property
    def total(self) -> int:
        """What its lines come to."""
        return sum(line.amount - line.discount - line.credit + line.tax for line in self.lines)


CYCLE, UPDATE = "subscription_cycle", "subscription_update"
# Nineteen percent VAT on what discounts and credits leave; a half is rounded up.
YEAR = (
    # The trial costs nothing.
    Bill(moment(1, 1), "subscription_create"),
    # Team 49.00 less 10 %; 0.19 × 44.10 is 8.379.
    Bill(moment(1, 15), CYCLE, (Line(4_900, discount=490, tax=838),)),
    # 1000 calls are 12.50 less 10 %; the grant of 15.00 takes all of the 11.25. The item that was
    # added last comes first.
    Bill(moment(2, 15), CYCLE, (
        Line(1_250, discount=125, credit=1_125),
        Line(4_900, discount=490, tax=838),
    )),
    # The discount was for two months. 400 calls are 5.00, of which the grant's rest takes 3.75;
    # 0.19 × 1.25 is 0.2375.
    Bill(moment(3, 15), CYCLE, (Line(500, credit=375, tax=24), Line(4_900, tax=931))),
    # Business for the 15 days of 31 that are left: 149.00 × 15/31 is 72.097; Team's 49.00 × 15/31
    # is 23.710. 0.19 × 23.71 is 4.505, 0.19 × 72.10 is 13.699.
    Bill(moment(3, 31), UPDATE, (Line(-2_371, tax=-450), Line(7_210, tax=1_370))),
    # Down to Team as scheduled; 240 calls are 3.00, 0.19 × 3.00 is 0.57.
    Bill(moment(4, 15), CYCLE, (Line(300, tax=57), Line(4_900, tax=931))),
    # The card fails on this one.
    Bill(moment(5, 15), CYCLE, (Line(4_900, tax=931),)),
    # The year that began with the anchor on the 15th of January, for the 228 days of 365 that are
    # left: 490.00 × 228/365 is 306.082; Team's 49.00 × 14/31 is 22.129. Tax 58.155 and 4.205.
    Bill(moment(6, 1), UPDATE, (Line(-2_213, tax=-420), Line(30_608, tax=5_816))),
    Bill(moment(6, 15), CYCLE),
    Bill(moment(7, 15), CYCLE),
    # 800 calls are 10.00.
    Bill(moment(8, 15), CYCLE, (Line(1_000, tax=190),)),
    Bill(moment(9, 15), CYCLE),
    Bill(moment(10, 15), CYCLE),
    Bill(moment(11, 15), CYCLE),
    Bill(moment(12, 15), CYCLE),
    # 26 of those 228 days are given back: 306.08 × 26/228 is 34.904, its tax 6.631; 400 calls more.
    Bill(moment(12, 20), UPDATE, (Line(-3_490, tax=-663), Line(500, tax=95))),
)  # fmt: skip


@pytest.fixture(scope="module")
def life(sandbox: SandboxProcess) -> Life:
    """The customer after the year."""
    lived = Life(sandbox.client())
    _first_quarter(lived)
    _second_quarter(lived)
    _rest(lived)
    return lived


def _first_quarter(life: Life) -> None:
    life.start_a_trial()
    assert life.status() == "trialing"
    life.wait_until(1, 20)
    assert life.status() == "active"
    life.be_granted(1_500)
    life.call(1_000)
    life.wait_until(2, 20)
    life.call(400)
    life.wait_until(3, 31)
    life.switch(life.offer.business)


def _second_quarter(life: Life) -> None:
    life.wait_until(4, 10)
    life.call(240)
    life.schedule_the_smaller_plan()
    life.wait_until(5, 1)
    life.pay_from_now_on_with("pm_card_chargeCustomerFail")
    life.wait_until(5, 17)
    assert life.status() == "past_due"
    life.pay_from_now_on_with("pm_card_mastercard")
    life.pay_what_is_open()
    assert life.status() == "active"
    life.wait_until(6, 1)
    life.switch(life.offer.yearly)


def _rest(life: Life) -> None:
    life.wait_until(7, 20)
    life.call(800)
    life.wait_until(9, 10)
    life.wait_until(11, 1)
    life.wait_until(12, 18)
    life.call(400)
    life.wait_until(12, 20)
    life.cancel_now()
    assert life.status() == "canceled"


def test_every_line_of_the_year_is_what_a_hand_works_out(life):
    found = tuple(_bill(life, invoice) for invoice in life.invoices())

    assert found == YEAR


def test_each_invoice_is_the_sum_of_its_lines(life):
    for invoice, bill in zip(life.invoices(), YEAR, strict=True):
        lines = bill.lines
        assert invoice.subtotal == sum(line.amount for line in lines)
        assert _total(invoice.total_discount_amounts) == sum(line.discount for line in lines)
        assert _total(invoice.total_taxes) == sum(line.tax for line in lines)
        assert invoice.total_excluding_tax == bill.total - sum(line.tax for line in lines)
        assert invoice.total == bill.total


def test_what_was_invoiced_is_what_was_paid_or_is_on_the_balance(life):
    invoices = life.invoices()
    charges = life.client.v1.charges.list({"customer": life.customer.id, "limit": 100})
    paid = sum(charge.amount_captured for charge in charges if charge.paid)
    balance = life.client.v1.customers.retrieve(life.customer.id).balance

    assert sum(invoice.total for invoice in invoices) == paid + balance
    assert paid == sum(invoice.amount_paid for invoice in invoices)
    assert balance == YEAR[-1].total == -3_558
    assert all(invoice.status == "paid" for invoice in invoices)


def test_the_balance_is_the_sum_of_its_movements(life):
    moved = life.client.v1.customers.balance_transactions.list(life.customer.id)

    assert [movement.amount for movement in moved] == [-3_558]
    assert life.invoices()[-1].ending_balance == -3_558


def test_the_grant_is_used_up_and_each_use_is_named(life):
    found = life.client.v1.billing.credit_balance_transactions.list({"customer": life.customer.id})
    used = [one.debit.amount.monetary.value for one in found if one.type == "debit"]

    assert used == [375, 1_125]
    assert sum(line.credit for bill in YEAR for line in bill.lines) == 1_500


def test_the_failed_card_was_asked_until_the_new_one_paid(life):
    [invoice] = [one for one in life.invoices() if one.created == moment(5, 15)]
    [payment] = life.client.v1.invoice_payments.list({"invoice": invoice.id})
    charges = life.client.v1.charges.list({"payment_intent": payment.payment.payment_intent})

    assert [charge.status for charge in charges] == ["succeeded", "failed", "failed"]
    assert (payment.status, payment.amount_paid) == ("paid", 5_831)


def _bill(life: Life, invoice: stripe.Invoice) -> Bill:
    """An invoice as Stripe's client tells it, in the shape of one by hand."""
    listed = life.client.v1.invoices.line_items.list(invoice.id, {"limit": 100})
    lines = tuple(_line(line) for line in listed)
    told = tuple(line for line in lines if line != Line(0))
    return Bill(invoice.created, invoice.billing_reason, told)


def _line(line: stripe.InvoiceLineItem) -> Line:
    credits = [one for one in line.pretax_credit_amounts if one.type != "discount"]
    return Line(line.amount, _total(line.discount_amounts), _total(credits), _total(line.taxes))


def _total(parts: list[stripe.StripeObject]) -> int:
    return sum(part.amount for part in parts or ())
