"""Credit notes: finalised invoices made smaller."""

from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.charges import create_refund
from portal.sandbox.resources.credit_notes import (
    create_credit_note,
    list_credit_note_lines,
    preview_credit_note,
    update_credit_note,
    void_credit_note,
)
from portal.sandbox.wire import presented
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.deductions import balance_moves, coupon, tax_rate

JANUARY = at(2026, 1, 1)
StripeObject = dict[str, Any]


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def invoiced(company: Company, card: str = "pm_card_visa", **params: Any) -> StripeObject:
    """An invoice over ten dollars."""
    customer = company.customer(card)
    company.subscribe(customer, company.licensed(1_000), **params)
    (invoice,) = company.invoices(customer)
    return invoice


def unpaid(company: Company, **params: Any) -> StripeObject:
    return invoiced(company, "pm_card_chargeCustomerFail", **params)


def note(company: Company, invoice: StripeObject, **asked: Any) -> StripeObject:
    return create_credit_note(company.call(invoice=invoice["id"], **asked))


def now(company: Company, invoice: StripeObject) -> StripeObject:
    return company.get("invoice", invoice["id"])


def test_a_note_on_an_open_invoice_reduces_what_is_due(company: Company) -> None:
    invoice = unpaid(company)

    made = note(company, invoice, amount=400, reason="order_change", memo="sorry")

    after = now(company, invoice)
    assert (made["type"], made["pre_payment_amount"], made["post_payment_amount"]) == (
        "pre_payment",
        400,
        0,
    )
    assert made["number"] == f"{invoice['number']}-CN-01"
    assert (made["reason"], made["memo"], made["status"]) == ("order_change", "sorry", "issued")
    assert (after["total"], after["amount_due"], after["amount_remaining"]) == (1_000, 600, 600)
    assert after["pre_payment_credit_notes_amount"] == 400
    assert after["status"] == "open"
    assert "credit_note.created" in company.events()


def test_a_note_over_all_that_is_due_settles_the_invoice(company: Company) -> None:
    invoice = unpaid(company)

    note(company, invoice, amount=1_000)

    after = now(company, invoice)
    assert (after["status"], after["amount_paid"], after["amount_remaining"]) == ("paid", 0, 0)


def test_a_note_on_a_paid_invoice_may_become_credit(company: Company) -> None:
    invoice = invoiced(company)

    made = note(company, invoice, amount=300, credit_amount=300)

    assert (made["type"], made["post_payment_amount"]) == ("post_payment", 300)
    assert now(company, invoice)["post_payment_credit_notes_amount"] == 300
    customer = company.get("customer", invoice["customer"])
    assert balance_moves(company, customer) == [("credit_note", -300, -300)]
    moved = company.get("customer_balance_transaction", made["customer_balance_transaction"])
    assert (moved["credit_note"], moved["invoice"]) == (made["id"], invoice["id"])


def test_a_note_on_a_paid_invoice_may_be_refunded(company: Company) -> None:
    invoice = invoiced(company)

    made = note(company, invoice, amount=300, refund_amount=200, out_of_band_amount=100)

    (refund,) = company.store.every("refund")
    (charge,) = company.store.every("charge", customer=invoice["customer"])
    assert (refund["amount"], charge["amount_refunded"]) == (200, 200)
    assert [(one["refund"], one["amount_refunded"]) for one in made["refunds"]] == [
        (refund["id"], 200)
    ]
    assert made["out_of_band_amount"] == 100


def test_a_refund_is_named_by_notes_of_its_own_invoice_and_once(company: Company) -> None:
    invoice, other = invoiced(company), invoiced(company)
    [payment] = company.store.every("invoice_payment", invoice=invoice["id"])
    refund = create_refund(company.call(payment_intent=payment["_payment_intent"], amount=300))

    def named(about: StripeObject, **more: Any) -> StripeObject:
        return note(company, about, amount=200, refunds=[{"refund": refund["id"], **more}])

    with pytest.raises(Refused, match="not of a payment of this invoice"):
        named(other)
    for amount in (-200, 0, 301):
        with pytest.raises(Refused, match=r"left of the refund \(300\)"):
            named(invoice, amount_refunded=amount)
    assert named(invoice, amount_refunded=200)["refunds"][0]["amount_refunded"] == 200
    with pytest.raises(Refused, match=r"left of the refund \(100\)"):
        named(invoice, amount_refunded=200)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ({"type": "custom_line_item", "unit_amount": 5, "amount": 7}, "amount"),
        ({"type": "invoice_line_item", "amount": 5, "tax_rates": ["txr_x"]}, "tax_rates"),
    ],
)
def test_a_line_has_what_its_type_has_only(company: Company, line: Any, name: str) -> None:
    with pytest.raises(Refused) as caught:
        note(company, unpaid(company), lines=[line])

    assert caught.value.fields["param"] == f"lines[0][{name}]"


def test_what_was_paid_must_go_somewhere(company: Company) -> None:
    invoice = invoiced(company)

    with pytest.raises(Refused, match=r"\(200\) must equal the credit note's post-payment amount"):
        note(company, invoice, amount=300, credit_amount=200)


def test_no_more_is_credited_than_was_billed(company: Company) -> None:
    paid, owed = invoiced(company), unpaid(company)

    with pytest.raises(Refused, match="more than what can be credited"):
        note(company, paid, amount=1_001, credit_amount=1_001)
    with pytest.raises(Refused, match="more than what can be credited"):
        note(company, owed, amount=1_001)


def test_a_part_of_a_line_brings_its_part_of_the_discount_and_the_tax(company: Company) -> None:
    ten = {"coupon": coupon(company, percent_off="10")}
    vat = tax_rate(company, "20")
    invoice = invoiced(company, discounts=[ten], default_tax_rates=[vat])
    (line,) = company.lines(invoice)
    credited = {"type": "invoice_line_item", "invoice_line_item": line["id"], "amount": 500}

    made = note(company, invoice, lines=[credited], credit_amount=540)

    # Half of 1 000 - 100 + 20 % of 900.
    assert (invoice["total"], made["subtotal"], made["discount_amount"]) == (1_080, 500, 50)
    assert (made["total_excluding_tax"], made["total"]) == (450, 540)
    assert [(tax["amount"], tax["taxable_amount"]) for tax in made["total_taxes"]] == [(90, 450)]
    (shown,) = presented(company.store, made)["lines"]["data"]
    assert (shown["amount"], shown["description"]) == (500, line["description"])
    assert [rate["id"] for rate in shown["tax_rates"]] == [vat]


def test_a_line_is_credited_once(company: Company) -> None:
    invoice = unpaid(company)
    (line,) = company.lines(invoice)
    credited = {"type": "invoice_line_item", "invoice_line_item": line["id"], "amount": 600}
    note(company, invoice, lines=[credited])

    with pytest.raises(Refused, match=r"what is left of the line \(400\)"):
        note(company, invoice, lines=[credited])


def test_a_custom_line_may_be_taxed(company: Company) -> None:
    invoice = invoiced(company)
    line = {
        "type": "custom_line_item",
        "description": "Outage",
        "quantity": 2,
        "unit_amount": 100,
        "tax_rates": [tax_rate(company, "10")],
    }

    made = note(company, invoice, lines=[line], credit_amount=220)

    (kept,) = list_credit_note_lines(company.call(), made["id"]).objects
    assert (kept["amount"], kept["quantity"], kept["unit_amount_decimal"]) == (200, 2, "100")
    assert kept["metadata"] is None
    assert (made["subtotal"], made["total"]) == (200, 220)


def test_a_voided_note_lets_the_invoice_be_due_again(company: Company) -> None:
    invoice = unpaid(company)
    made = note(company, invoice, amount=400)

    voided = void_credit_note(company.call(), made["id"])

    after = now(company, invoice)
    assert (voided["status"], voided["voided_at"]) == ("void", JANUARY)
    assert (after["amount_due"], after["amount_remaining"]) == (1_000, 1_000)
    assert after["pre_payment_credit_notes_amount"] == 0
    assert "credit_note.voided" in company.events()
    with pytest.raises(Refused, match="already been voided"):
        void_credit_note(company.call(), made["id"])


def test_a_note_that_gave_something_back_cannot_be_voided(company: Company) -> None:
    made = note(company, invoiced(company), amount=300, credit_amount=300)

    with pytest.raises(Refused, match="You can only void credit notes of open invoices"):
        void_credit_note(company.call(), made["id"])


def test_a_preview_changes_nothing(company: Company) -> None:
    invoice = unpaid(company)
    company.store.commit()

    shown = presented(
        company.store, preview_credit_note(company.call(invoice=invoice["id"], amount=400))
    )

    assert (shown["amount"], [line["amount"] for line in shown["lines"]["data"]]) == (400, [400])
    assert now(company, invoice) == invoice
    assert company.store.every("credit_note") == []


def test_a_draft_has_no_notes(company: Company) -> None:
    customer = company.customer()
    company.subscribe(customer, company.metered(company.meter()))
    company.run_to(at(2026, 2, 1))
    (draft,) = company.invoices(customer)

    with pytest.raises(Refused, match="only be created for finalized invoices"):
        note(company, draft, amount=1)


def test_a_memo_can_be_changed(company: Company) -> None:
    made = note(company, unpaid(company), amount=400)

    changed = update_credit_note(company.call(memo="new", metadata={"a": "b"}), made["id"])

    assert (changed["memo"], changed["metadata"]) == ("new", {"a": "b"})
    assert company.events()[-1] == "credit_note.updated"
