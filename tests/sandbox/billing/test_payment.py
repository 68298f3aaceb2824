"""What collecting an invoice leaves behind, and how it is tried again."""

import pytest

from portal.sandbox.billing.payment import (
    answer_challenge,
    cancel_payments,
    pay,
    pay_out_of_band,
    retry,
)
from portal.sandbox.events import differences
from tests.sandbox.billing.company import Company, StripeObject, at

FEBRUARY = at(2026, 2, 1)
HOUR, DAY = 3600, 86_400
FIRST_ATTEMPT = FEBRUARY + HOUR
LOST = {
    "code": "card_declined",
    "decline_code": "lost_card",
    "message": "Your card was declined.",
}


@pytest.fixture
def company() -> Company:
    return Company()


def failing(company: Company) -> tuple[StripeObject, StripeObject]:
    """A customer whose card was fine at first and whose February could not be collected."""
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())
    company.give_card(customer["id"], "pm_card_chargeCustomerFail")
    company.run_to(FIRST_ATTEMPT)
    return customer, subscription


def latest(company: Company, customer: StripeObject) -> StripeObject:
    return company.invoices(customer)[-1]


def payment_of(company: Company, invoice: StripeObject) -> StripeObject:
    [payment] = company.store.every("invoice_payment", invoice=invoice["id"])
    return payment


def intent_of(company: Company, invoice: StripeObject) -> StripeObject:
    return company.get("payment_intent", payment_of(company, invoice)["_payment_intent"])


def charges_of(company: Company, invoice: StripeObject) -> list[StripeObject]:
    """The charges of an invoice, the oldest first."""
    intent = intent_of(company, invoice)
    return company.store.every("charge", payment_intent=intent["id"])[::-1]


def test_a_paid_invoice_leaves_an_intent_a_charge_and_the_vendors_income(company):
    customer = company.customer()
    company.subscribe(customer, company.licensed(49_900))
    invoice = latest(company, customer)

    payment, intent = payment_of(company, invoice), intent_of(company, invoice)
    [charge] = charges_of(company, invoice)
    moved = company.get("balance_transaction", charge["balance_transaction"])
    assert (payment["status"], payment["amount_paid"]) == ("paid", 49_900)
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 49_900)
    assert (charge["status"], charge["amount_captured"]) == ("succeeded", 49_900)
    # 2.9 % of 49 900 is 1447.1; with 30 that is 1477.1.
    assert (moved["amount"], moved["fee"], moved["net"]) == (49_900, 1_477, 48_423)
    assert (invoice["amount_paid"], invoice["amount_remaining"]) == (49_900, 0)


def test_nothing_due_needs_no_payment(company):
    customer = company.customer(None)
    company.subscribe(customer, company.licensed(0))
    invoice = latest(company, customer)

    assert (invoice["status"], invoice["attempt_count"]) == ("paid", 0)
    assert company.store.every("payment_intent") == []


def test_a_refused_card_leaves_a_failed_charge_and_its_reason(company):
    customer, subscription = failing(company)
    invoice = latest(company, customer)

    intent, [charge] = intent_of(company, invoice), charges_of(company, invoice)
    assert (charge["status"], charge["failure_code"]) == ("failed", "card_declined")
    assert charge["outcome"]["type"] == "issuer_declined"
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert intent["last_payment_error"]["charge"] == charge["id"]
    assert payment_of(company, invoice)["amount_paid"] is None
    assert company.get("subscription", subscription["id"])["status"] == "past_due"
    assert company.get("customer", customer["id"])["delinquent"]


def test_it_is_tried_again_after_one_three_five_and_seven_days_and_then_no_more(company):
    customer, subscription = failing(company)
    moment = FIRST_ATTEMPT
    for attempts, days in enumerate((1, 3, 5, 7), start=1):
        invoice = latest(company, customer)
        assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == (
            attempts, moment + days * DAY,
        )  # fmt: skip
        moment += days * DAY
        company.run_to(moment)

    invoice = latest(company, customer)
    assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == (5, None)
    assert len(charges_of(company, invoice)) == 5
    assert company.events().count("invoice.payment_failed") == 5
    assert company.get("subscription", subscription["id"])["status"] == "canceled"


def test_a_new_card_is_used_at_the_next_attempt_and_sets_everything_right(company):
    customer, subscription = failing(company)
    company.give_card(customer["id"], "pm_card_mastercard")
    assert latest(company, customer)["status"] == "open"

    company.run_to(FIRST_ATTEMPT + DAY)

    invoice = latest(company, customer)
    assert (invoice["status"], invoice["attempt_count"]) == ("paid", 2)
    assert [charge["paid"] for charge in charges_of(company, invoice)] == [False, True]
    assert company.get("subscription", subscription["id"])["status"] == "active"
    assert not company.get("customer", customer["id"])["delinquent"]


def test_a_card_that_was_reported_lost_is_not_asked_again(company):
    customer, _ = failing(company)
    invoice = latest(company, customer)
    intent = intent_of(company, invoice)
    company.store.put(intent | {"last_payment_error": intent["last_payment_error"] | LOST})

    company.run_to(FIRST_ATTEMPT + DAY)

    invoice = latest(company, customer)
    assert (invoice["attempt_count"], len(charges_of(company, invoice))) == (2, 1)
    assert invoice["next_payment_attempt"] == FIRST_ATTEMPT + 4 * DAY


def test_paying_by_hand_does_not_touch_the_schedule(company):
    customer, _ = failing(company)
    before = latest(company, customer)

    pay(company.store, before, FIRST_ATTEMPT + HOUR, on_request=True)

    changed = differences(before, latest(company, customer))
    assert changed == {}
    assert len(charges_of(company, before)) == 2


def test_consent_pays_the_invoice_that_waited_for_it(company):
    customer = company.customer("pm_card_threeDSecure2Required")
    subscription = company.subscribe(customer, company.licensed())
    invoice = latest(company, customer)
    assert (invoice["attempted"], invoice["attempt_count"]) == (True, 0)
    assert (invoice["status"], invoice["next_payment_attempt"]) == ("open", None)
    assert subscription["status"] == "incomplete"

    answer_challenge(company.store, intent_of(company, invoice))

    assert latest(company, customer)["status"] == "paid"
    assert company.get("subscription", subscription["id"])["status"] == "active"


def test_a_challenge_that_fails_leaves_the_invoice_open(company):
    customer = company.customer("pm_card_threeDSecure2Required")
    subscription = company.subscribe(customer, company.licensed())
    invoice = latest(company, customer)

    answer_challenge(company.store, intent_of(company, invoice), passes=False)

    intent = intent_of(company, invoice)
    assert intent["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert latest(company, customer)["status"] == "open"
    assert company.get("subscription", subscription["id"])["status"] == "incomplete"


def test_a_renewal_that_waits_for_consent_is_asked_for_by_the_schedule_and_given_up(company):
    customer = company.customer()
    subscription = company.subscribe(customer, company.licensed())
    company.give_card(customer["id"], "pm_card_threeDSecure2Required")

    company.run_to(FIRST_ATTEMPT + 30 * DAY)

    [_, february, *_] = company.invoices(customer)
    assert (february["attempt_count"], february["next_payment_attempt"]) == (5, None)
    assert company.events().count("invoice.payment_action_required") == 5
    assert company.get("subscription", subscription["id"])["status"] == "canceled"


def test_money_from_elsewhere_needs_no_charge_and_ends_the_payment(company):
    customer, _ = failing(company)
    invoice = latest(company, customer)

    paid = pay_out_of_band(company.store, invoice, FIRST_ATTEMPT + HOUR)

    assert (paid["status"], paid["amount_paid_off_stripe"]) == ("paid", invoice["amount_due"])
    assert (paid["amount_remaining"], paid["next_payment_attempt"]) == (0, None)
    assert payment_of(company, invoice)["status"] == "canceled"
    assert intent_of(company, invoice)["status"] == "canceled"


def test_a_given_up_payment_is_canceled_for_that_reason(company):
    customer, _ = failing(company)
    invoice = latest(company, customer)

    cancel_payments(company.store, invoice, FIRST_ATTEMPT)

    assert intent_of(company, invoice)["cancellation_reason"] == "void_invoice"


def test_what_is_no_longer_open_is_not_tried_again(company):
    customer, _ = failing(company)
    invoice = company.store.put(latest(company, customer) | {"status": "void"})

    assert retry(company.store, invoice, FIRST_ATTEMPT + DAY)["_due_at"] is None
    assert len(charges_of(company, invoice)) == 1


def test_an_invoice_that_is_sent_asks_for_a_payment_and_waits(company):
    customer = company.customer()
    company.subscribe(
        customer, company.licensed(), collection_method="send_invoice", days_until_due=14
    )
    company.run_to(at(2026, 1, 1, 1))
    invoice = latest(company, customer)

    assert (invoice["status"], invoice["attempted"]) == ("open", False)
    assert intent_of(company, invoice)["status"] == "requires_payment_method"
    assert pay(company.store, invoice, company.store.now(), on_request=True)["status"] == "paid"
