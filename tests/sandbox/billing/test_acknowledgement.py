"""A cycle's draft waits for the endpoints' answer to `invoice.created` before its grace begins."""

import pytest

from portal.sandbox.billing.acknowledgement import note_answers, note_refusal
from portal.sandbox.resources.webhook_endpoints import create_webhook_endpoint
from tests.sandbox.billing.company import Company, at

HOUR = 3600
CYCLE = at(2026, 2, 1)


@pytest.fixture
def company():
    return Company()


def listen(company, *types):
    asked = {"url": "http://127.0.0.1:9/", "enabled_events": list(types)}
    return create_webhook_endpoint(company.call(**asked))


def subscribed(company, *endpoints):
    """A customer whose first cycle has just ended, with the draft of it."""
    for types in endpoints:
        listen(company, *types)
    customer = company.customer()
    company.subscribe(customer, company.licensed())
    for delivery in company.store.every("sandbox.delivery"):
        answer(company, delivery)
    company.run_to(CYCLE)
    return customer, draft_of(company, customer)


def draft_of(company, customer):
    return company.invoices(customer)[-1]


def questions(company):
    """The deliveries that ask, the oldest first."""
    return [
        delivery
        for delivery in company.store.every("sandbox.delivery")[::-1]
        if company.get("event", delivery["event"])["type"] == "invoice.created"
    ]


def answer(company, delivery, *, accepted=True):
    """What the sender does when an endpoint says 2xx, or is not asked any more."""
    company.store.delete("sandbox.delivery", delivery["id"])
    event = company.get("event", delivery["event"])
    if accepted:
        event = company.store.put(event | {"pending_webhooks": event["pending_webhooks"] - 1})
    note_answers(company.store, event)


def test_with_nobody_listening_it_is_final_an_hour_after_it_was_made(company):
    customer, draft = subscribed(company, ["customer.created"])

    company.run_to(CYCLE + HOUR - 1)
    before = draft_of(company, customer)["status"]
    company.run_to(CYCLE + HOUR)

    assert draft["webhooks_delivered_at"] == CYCLE
    assert (before, draft_of(company, customer)["status"]) == ("draft", "paid")


def test_the_hour_begins_with_the_last_answer(company):
    customer, draft = subscribed(company, ["*"], ["invoice.created"])
    first, second = questions(company)

    company.run_to(CYCLE + 600)
    answer(company, first)
    company.run_to(CYCLE + 2 * HOUR)
    waiting = draft_of(company, customer)
    answer(company, second)
    company.run_to(CYCLE + 3 * HOUR - 1)
    still = draft_of(company, customer)
    company.run_to(CYCLE + 3 * HOUR)
    final = draft_of(company, customer)

    assert (draft["status"], draft["webhooks_delivered_at"]) == ("draft", None)
    assert (waiting["status"], waiting["webhooks_delivered_at"]) == ("draft", None)
    assert (still["status"], still["webhooks_delivered_at"]) == ("draft", CYCLE + 2 * HOUR)
    assert still["automatically_finalizes_at"] == CYCLE + 3 * HOUR
    assert (final["status"], final["webhooks_delivered_at"]) == ("paid", CYCLE + 2 * HOUR)


def test_a_refusal_holds_it_back_for_72_hours_and_no_longer(company):
    customer, _ = subscribed(company, ["invoice.created"])
    [question] = questions(company)
    note_refusal(company.store, company.get("event", question["event"]))

    company.run_to(CYCLE + 72 * HOUR - 1)
    held = draft_of(company, customer)
    company.run_to(CYCLE + 72 * HOUR)
    final = draft_of(company, customer)

    assert (held["status"], held["automatically_finalizes_at"]) == ("draft", CYCLE + 72 * HOUR)
    assert (final["status"], final["webhooks_delivered_at"]) == ("paid", None)


def test_an_endpoint_that_is_not_asked_any_more_holds_nothing_back(company):
    customer, _ = subscribed(company, ["invoice.created"])
    [question] = questions(company)
    company.run_to(CYCLE + 5 * HOUR)

    answer(company, question, accepted=False)
    company.run_to(CYCLE + 6 * HOUR)

    final = draft_of(company, customer)
    assert (final["status"], final["webhooks_delivered_at"]) == ("paid", None)


def test_usage_still_counts_as_long_as_it_waits(company):
    listen(company, "invoice.created")
    customer, meter = company.customer(), company.meter()
    company.subscribe(customer, company.metered(meter))
    company.run_to(CYCLE - HOUR)
    company.use(customer, 1000)
    company.run_to(CYCLE)

    company.run_to(CYCLE + 5 * HOUR)
    company.use(customer, 500, CYCLE - 60)
    company.run_to(CYCLE + 72 * HOUR)

    assert draft_of(company, customer)["total"] == 750


def test_the_first_invoice_is_final_at_once_and_notes_the_answer(company):
    listen(company, "invoice.created")
    customer = company.customer()
    company.subscribe(customer, company.licensed())
    before = draft_of(company, customer)

    company.run_to(at(2026, 1, 1) + 30)
    answer(company, questions(company)[0])

    after = draft_of(company, customer)
    assert (before["status"], before["webhooks_delivered_at"]) == ("paid", None)
    assert (after["status"], after["webhooks_delivered_at"]) == ("paid", at(2026, 1, 1) + 30)
