"""Invoices that a vendor makes by hand, over HTTP: from a draft to what becomes of it."""

import pytest
import stripe

from tests.sandbox.objects import make_customer, make_payer, make_plan, wait_for


@pytest.fixture
def invoices(sandbox_client):
    return sandbox_client.v1.invoices


def add_item(client, customer, amount=1000, **asked):
    asked = {"currency": "usd", "description": "Setup", **asked}
    return client.v1.invoice_items.create({"customer": customer.id, "amount": amount, **asked})


def make_draft(client, customer, *amounts, **asked):
    for amount in amounts:
        add_item(client, customer, amount)
    wanted = {"customer": customer.id, "pending_invoice_items_behavior": "include", **asked}
    return client.v1.invoices.create(wanted)


def make_open(client, customer, amount=1000, **asked):
    return client.v1.invoices.finalize_invoice(make_draft(client, customer, amount, **asked).id)


def test_a_draft_takes_what_waits_only_when_it_is_told_to(sandbox_client, invoices):
    customer = make_payer(sandbox_client)
    waiting = add_item(sandbox_client, customer)

    empty = invoices.create({"customer": customer.id})
    full = invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})

    assert (empty.total, empty.lines.data) == (0, [])
    assert (full.total, full.lines.data[0].description) == (1000, "Setup")
    assert full.lines.data[0].parent.invoice_item_details.invoice_item == waiting.id
    assert (full.status, full.billing_reason, full.parent, full.number) == (
        "draft", "manual", None, None,
    )  # fmt: skip
    assert full.period_start == full.period_end == full.created
    assert (full.auto_advance, full.automatically_finalizes_at) == (False, None)


def test_a_draft_that_advances_says_when_it_will(sandbox_client, invoices):
    customer = make_payer(sandbox_client)

    draft = make_draft(sandbox_client, customer, 1000, auto_advance=True)
    stopped = invoices.update(draft.id, {"auto_advance": False})

    assert draft.automatically_finalizes_at == draft.created + 3601
    assert draft.next_payment_attempt == draft.created + 3600
    assert (stopped.automatically_finalizes_at, stopped.next_payment_attempt) == (None, None)


def test_a_draft_on_a_test_clock_is_finalised_and_paid_by_itself(sandbox_client, invoices):
    clocks = sandbox_client.v1.test_helpers.test_clocks
    clock = clocks.create({"frozen_time": 1_800_000_000})
    customer = make_payer(sandbox_client, test_clock=clock.id)
    draft = make_draft(sandbox_client, customer, 1000, auto_advance=True)

    clocks.advance(clock.id, {"frozen_time": 1_800_000_000 + 2 * 3600})
    wait_for(lambda: clocks.retrieve(clock.id).status == "ready", "the clock")

    paid = invoices.retrieve(draft.id)
    assert (paid.status, paid.amount_paid) == ("paid", 1000)
    assert paid.status_transitions.finalized_at == draft.automatically_finalizes_at


def test_paying_a_draft_finalises_it_first(sandbox_client, invoices):
    draft = make_draft(sandbox_client, make_payer(sandbox_client), 1000)

    paid = invoices.pay(draft.id, {"expand": ["payments", "confirmation_secret"]})

    assert (paid.status, paid.attempt_count, paid.amount_paid) == ("paid", 1, 1000)
    assert paid.number is not None
    assert paid.rendering.pdf.page_size == "letter"
    [payment] = paid.payments.data
    assert (payment.status, payment.amount_paid) == ("paid", 1000)
    assert paid.confirmation_secret.type == "payment_intent"


def test_finalising_opens_an_invoice_and_charges_nobody(sandbox_client, invoices):
    invoice = make_open(sandbox_client, make_payer(sandbox_client))

    assert (invoice.status, invoice.attempted, invoice.amount_remaining) == ("open", False, 1000)
    assert invoice.hosted_invoice_url.endswith(f"/i/{invoice.id}")


def test_nothing_due_is_paid_at_once(sandbox_client, invoices):
    draft = invoices.create({"customer": make_customer(sandbox_client).id})

    paid = invoices.finalize_invoice(draft.id)

    assert (paid.status, paid.attempted, paid.attempt_count) == ("paid", True, 0)


def test_the_card_of_the_request_pays(sandbox_client, invoices):
    customer = make_payer(sandbox_client)
    other = sandbox_client.v1.payment_methods.attach("pm_card_amex", {"customer": customer.id})
    invoice = make_open(sandbox_client, customer)

    invoices.pay(invoice.id, {"payment_method": other.id})

    [charge] = sandbox_client.v1.charges.list({"customer": customer.id}).data
    assert charge.payment_method == other.id


def test_money_from_elsewhere_pays_without_a_charge(sandbox_client, invoices):
    customer = make_payer(sandbox_client)
    invoice = make_open(sandbox_client, customer)

    paid = invoices.pay(invoice.id, {"paid_out_of_band": True})

    assert (paid.status, paid.attempted) == ("paid", True)
    assert paid.amount_paid_off_stripe == 1000
    assert sandbox_client.v1.charges.list({"customer": customer.id}).data == []


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined"),
        ("pm_card_authenticationRequired", "invoice_payment_intent_requires_action"),
    ],
)
def test_a_card_that_fails_is_an_error_and_the_invoice_stays_open(
    sandbox_client, invoices, card, code
):
    customer = make_payer(sandbox_client, card=card)
    draft = make_draft(sandbox_client, customer, 1000)

    with pytest.raises(stripe.CardError) as refused:
        invoices.pay(draft.id)

    assert (refused.value.http_status, refused.value.code) == (402, code)
    assert invoices.retrieve(draft.id).status == "open"


def test_nothing_to_pay_with_is_said(sandbox_client, invoices):
    invoice = make_open(sandbox_client, make_customer(sandbox_client))

    with pytest.raises(stripe.InvalidRequestError, match="no `default_payment_method`"):
        invoices.pay(invoice.id)


def test_a_voided_invoice_is_over(sandbox_client, invoices):
    invoice = make_open(sandbox_client, make_payer(sandbox_client))

    voided = invoices.void_invoice(invoice.id)

    assert (voided.status, voided.amount_due) == ("void", 1000)
    assert voided.status_transitions.voided_at is not None
    with pytest.raises(stripe.InvalidRequestError, match="isn't open"):
        invoices.void_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="no longer be paid"):
        invoices.pay(invoice.id)


@pytest.mark.parametrize("further", ["pay", "void_invoice"])
def test_what_was_given_up_can_still_be_paid_or_voided(sandbox_client, invoices, further):
    invoice = make_open(sandbox_client, make_payer(sandbox_client))

    given_up = invoices.mark_uncollectible(invoice.id)
    with pytest.raises(stripe.InvalidRequestError, match="already been marked"):
        invoices.mark_uncollectible(invoice.id)

    assert given_up.status == "uncollectible"
    assert getattr(invoices, further)(invoice.id).status in ("paid", "void")


def test_what_is_paid_stays_paid(sandbox_client, invoices):
    paid = invoices.pay(make_draft(sandbox_client, make_payer(sandbox_client), 1000).id)

    for illegal, said in (
        (invoices.pay, "already paid"),
        (invoices.finalize_invoice, "already finalized"),
        (invoices.void_invoice, "cannot be voided"),
        (invoices.mark_uncollectible, "isn't open"),
        (invoices.send_invoice, "cannot be sent"),
        (invoices.delete, "only delete draft"),
    ):
        with pytest.raises(stripe.InvalidRequestError, match=said):
            illegal(paid.id)


def test_little_of_a_final_invoice_can_change(sandbox_client, invoices):
    invoice = make_open(sandbox_client, make_payer(sandbox_client))

    changed = invoices.update(invoice.id, {"metadata": {"a": "b"}})

    assert changed.metadata["a"] == "b"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        invoices.update(invoice.id, {"description": "late"})
    assert refused.value.param == "description"


def test_collecting_can_be_stopped_and_taken_up_again(sandbox_client, invoices):
    invoice = make_open(sandbox_client, make_payer(sandbox_client))

    going = invoices.update(invoice.id, {"auto_advance": True})
    stopped = invoices.update(invoice.id, {"auto_advance": False})

    assert going.next_payment_attempt >= invoice.created + 3600
    assert (stopped.auto_advance, stopped.next_payment_attempt) == (False, None)


def test_an_invoice_to_be_sent_has_a_day_by_which_it_is_due(sandbox_client, invoices):
    customer = make_payer(sandbox_client)
    sent = {"collection_method": "send_invoice"}

    draft = make_draft(sandbox_client, customer, 1000, **sent, days_until_due=30)
    with pytest.raises(stripe.InvalidRequestError, match="you must specify 'due_date'"):
        make_draft(sandbox_client, customer, **sent)
    with pytest.raises(stripe.InvalidRequestError, match="You can only specify 'due_date'"):
        make_draft(sandbox_client, customer, days_until_due=30)
    out = invoices.send_invoice(draft.id)

    assert draft.due_date == draft.created + 30 * 86400
    assert (out.status, out.due_date) == ("open", draft.due_date)


def test_a_deleted_draft_is_gone(sandbox_client, invoices):
    draft = make_draft(sandbox_client, make_payer(sandbox_client), 1000)

    assert invoices.delete(draft.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        invoices.retrieve(draft.id)
    assert refused.value.http_status == 404


def test_a_draft_for_a_subscription_looks_back_to_its_period(sandbox_client, invoices):
    customer, plan = make_payer(sandbox_client), make_plan(sandbox_client)
    subscription = sandbox_client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": plan.id}]}
    )

    draft = invoices.create({"subscription": subscription.id})

    assert draft.customer == customer.id
    assert draft.parent.subscription_details.subscription == subscription.id
    assert draft.period_start == subscription["items"].data[0].current_period_start


def test_a_payment_that_was_made_apart_pays_an_invoice(sandbox_client, invoices):
    customer = make_payer(sandbox_client)
    invoice = make_open(sandbox_client, customer)
    paid = sandbox_client.v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )

    attached = invoices.attach_payment(invoice.id, {"payment_intent": paid.id})

    assert (attached.status, attached.amount_paid) == ("paid", 1000)


def test_texts_fields_and_looks_are_kept(sandbox_client, invoices):
    kept = {
        "custom_fields": [{"name": "PO", "value": "12"}],
        "description": "Work in May",
        "footer": "Thanks",
        "statement_descriptor": "ROBOTS",
        "rendering": {"pdf": {"page_size": "a4"}},
    }

    draft = make_draft(sandbox_client, make_payer(sandbox_client), 1000, **kept)

    assert draft.custom_fields[0].value == "12"
    assert (draft.description, draft.footer) == ("Work in May", "Thanks")
    assert draft.rendering.pdf.page_size == "a4"


def test_an_unknown_invoice_is_refused_with_stripes_names(invoices):
    for ask, param in (
        (invoices.retrieve, "invoice"),
        (invoices.delete, "invoice"),
        (invoices.send_invoice, "invoice"),
        (invoices.pay, "id"),
        (invoices.void_invoice, "id"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            ask("in_none")
        assert (refused.value.http_status, refused.value.param) == (404, param)


def test_every_step_is_told(sandbox_client, invoices):
    customer = make_payer(sandbox_client)
    invoices.void_invoice(make_open(sandbox_client, customer).id)

    events = sandbox_client.v1.events.list({"limit": 100}).data
    about = [one.type for one in events if one.data.object.to_dict().get("customer") == customer.id]

    for type in ("invoiceitem.created", "invoice.created", "invoice.finalized", "invoice.voided"):
        assert type in about
