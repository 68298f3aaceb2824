"""What is left of a deleted customer: nothing is collected by itself, and there is no balance."""

import pytest

from portal.sandbox.billing.invoices import finalize
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.customers import delete_customer
from portal.sandbox.resources.invoice_actions import finalize_invoice, void_invoice
from portal.sandbox.resources.invoiceitems import create_invoice_item
from portal.sandbox.resources.invoices import create_invoice, update_invoice
from portal.sandbox.resources.setup_intents import confirm_setup_intent, create_setup_intent
from tests.sandbox.billing.company import START, Company, at


@pytest.fixture
def company():
    return Company(START)


def _draft(company: Company, customer: dict, amount: int) -> dict:
    draft = create_invoice(company.call(customer=customer["id"], auto_advance=True))
    asked = {"customer": customer["id"], "amount": amount, "currency": "usd"}
    create_invoice_item(company.call(**asked, invoice=draft["id"]))
    return company.get("invoice", draft["id"])


def test_a_credit_of_somebody_deleted_does_not_stop_the_clock_for_all_others(company):
    gone, stays = company.customer(), company.customer()
    credit, due = _draft(company, gone, -500), _draft(company, stays, 700)
    delete_customer(company.call(), gone["id"])

    company.run_to(at(2026, 1, 2))

    assert company.get("invoice", credit["id"])["status"] == "draft"
    assert company.get("invoice", due["id"])["status"] == "paid"


def test_a_balance_that_is_gone_takes_no_credit(company):
    gone = company.customer()
    credit = _draft(company, gone, -500)
    delete_customer(company.call(), gone["id"])

    with pytest.raises(Refused, match="No such customer"):
        finalize_invoice(company.call(), credit["id"])
    with pytest.raises(Refused, match="No such customer"):
        update_invoice(company.call(auto_advance=True), credit["id"])


def test_voiding_what_a_balance_helped_to_pay_gives_nothing_back_to_nobody(company):
    gone = company.customer(balance=-200)
    opened = finalize(company.store, _draft(company, gone, 700), at(2026, 1, 1))
    delete_customer(company.call(), gone["id"])

    assert void_invoice(company.call(), opened["id"])["status"] == "void"
    assert company.get("customer", gone["id"]) == {
        "id": gone["id"],
        "object": "customer",
        "deleted": True,
    }


def test_a_card_is_not_set_up_for_somebody_deleted(company):
    gone = company.customer(card=None)
    intent = create_setup_intent(company.call(customer=gone["id"], payment_method="pm_card_visa"))
    delete_customer(company.call(), gone["id"])

    confirmed = confirm_setup_intent(company.call(), intent["id"])

    assert company.get("payment_method", confirmed["payment_method"])["customer"] is None
