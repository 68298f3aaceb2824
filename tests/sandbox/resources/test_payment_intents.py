"""Payments apart from invoices: charged, authorised and captured, refused, refunded."""

import pytest
import stripe

from tests.sandbox.objects import make_customer, make_payer, make_plan, wait_for

RETURN_URL = "http://localhost/return"


def pay(client: stripe.StripeClient, **changes: object) -> stripe.PaymentIntent:
    asked = {"amount": 2900, "currency": "usd", "confirm": True, "return_url": RETURN_URL}
    return client.v1.payment_intents.create({**asked, **changes})


def card_of(client: stripe.StripeClient, customer: stripe.Customer) -> str:
    return client.v1.customers.payment_methods.list(customer.id).data[0].id


def refused(client: stripe.StripeClient, **changes: object) -> stripe.CardError:
    with pytest.raises(stripe.CardError) as caught:
        pay(client, **changes)
    return caught.value


def test_a_payment_is_charged_less_stripes_fee(sandbox_client):
    customer = make_payer(sandbox_client)
    card = card_of(sandbox_client, customer)

    intent = pay(
        sandbox_client,
        customer=customer.id,
        payment_method=card,
        capture_method="automatic",
        expand=["latest_charge.balance_transaction"],
    )

    charge = intent.latest_charge
    moved = charge.balance_transaction
    assert (intent.status, intent.amount_received) == ("succeeded", 2900)
    assert (charge.amount_captured, charge.paid, charge.payment_method) == (2900, True, card)
    # 2.9 % of 2900 and 30 are 114.1.
    assert (moved.amount, moved.fee, moved.net) == (2900, 114, 2786)


def test_a_payment_reaches_the_balance_a_moment_after_its_answer(sandbox_client):
    charges = sandbox_client.v1.charges
    intent = pay(sandbox_client, payment_method="pm_card_visa", expand=["latest_charge"])

    waiting = intent.latest_charge
    booked = wait_for(
        lambda: charges.retrieve(waiting.id).balance_transaction, "the charge to be booked"
    )

    assert (intent.capture_method, waiting.captured) == ("automatic_async", True)
    assert waiting.balance_transaction is None
    events = sandbox_client.v1.events.list({"type": "charge.updated"}).auto_paging_iter()
    told = next(event for event in events if event.data.object.id == waiting.id)
    assert told.data.object.balance_transaction == booked
    assert told.data.previous_attributes.to_dict() == {"balance_transaction": None}


def test_a_payment_says_who_carries_the_goods(sandbox_client):
    address = {"line1": "2 Main St", "city": "Rome"}
    intent = pay(
        sandbox_client,
        payment_method="pm_card_visa",
        shipping={"name": "Ada", "address": address, "carrier": "DHL"},
        expand=["latest_charge"],
    )

    for shipping in (intent.shipping, intent.latest_charge.shipping):
        assert (shipping.carrier, shipping.tracking_number) == ("DHL", None)
        assert (shipping.name, shipping.address.city) == ("Ada", "Rome")


def test_an_authorisation_holds_until_it_is_captured(sandbox_client):
    held = pay(sandbox_client, payment_method="pm_card_visa", capture_method="manual")
    assert (held.status, held.amount_capturable, held.amount_received) == (
        "requires_capture", 2900, 0,
    )  # fmt: skip

    taken = sandbox_client.v1.payment_intents.capture(held.id, {"amount_to_capture": 2000})

    charge = sandbox_client.v1.charges.retrieve(held.latest_charge)
    assert (taken.status, taken.amount_capturable, taken.amount_received) == ("succeeded", 0, 2000)
    assert (charge.captured, charge.amount_captured, charge.amount_refunded) == (True, 2000, 900)


def test_no_more_than_was_authorised_is_captured(sandbox_client):
    held = pay(sandbox_client, payment_method="pm_card_visa", capture_method="manual")

    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox_client.v1.payment_intents.capture(held.id, {"amount_to_capture": 2901})

    assert caught.value.code == "amount_too_large"


def test_a_canceled_authorisation_is_let_go(sandbox_client):
    held = pay(sandbox_client, payment_method="pm_card_visa", capture_method="manual")

    ended = sandbox_client.v1.payment_intents.cancel(
        held.id, {"cancellation_reason": "requested_by_customer"}
    )

    charge = sandbox_client.v1.charges.retrieve(held.latest_charge)
    assert (ended.status, ended.cancellation_reason) == ("canceled", "requested_by_customer")
    assert (charge.captured, charge.refunded) == (False, True)


@pytest.mark.parametrize(
    ("token", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
        ),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
    ],
)
def test_a_refused_card_is_an_error_and_what_was_tried_stays(
    sandbox_client, token, code, decline_code
):
    error = refused(sandbox_client, payment_method=token).error

    intent = sandbox_client.v1.payment_intents.retrieve(error.payment_intent.id)
    charge = sandbox_client.v1.charges.retrieve(error.charge)
    assert (error.code, error.decline_code) == (code, decline_code)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.code == code
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)


def test_a_refused_payment_is_tried_again_with_another_card(sandbox_client):
    failed = refused(sandbox_client, payment_method="pm_card_chargeDeclined").error.payment_intent

    paid = sandbox_client.v1.payment_intents.confirm(
        failed.id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL}
    )

    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert paid.latest_charge != failed.latest_charge
    charges = sandbox_client.v1.charges.list({"payment_intent": paid.id})
    assert [charge.status for charge in charges] == ["succeeded", "failed"]


def test_a_card_that_wants_its_holder_waits_for_consent(sandbox_client):
    intent = pay(sandbox_client, payment_method="pm_card_threeDSecure2Required")

    assert (intent.status, intent.latest_charge) == ("requires_action", None)
    assert intent.next_action.redirect_to_url.return_url == RETURN_URL
    assert sandbox_client.v1.payment_intents.confirm(intent.id).status == "succeeded"


def test_stripes_library_is_given_the_consent_to_ask_for_where_it_is_there(sandbox_client):
    intent = pay(
        sandbox_client, payment_method="pm_card_threeDSecure2Required", use_stripe_sdk=True
    )

    assert intent.next_action.type == "use_stripe_sdk"


def test_a_card_can_be_refused_even_with_consent(sandbox_client):
    token = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
    intent = pay(sandbox_client, payment_method=token)

    with pytest.raises(stripe.CardError) as caught:
        sandbox_client.v1.payment_intents.confirm(intent.id)

    assert caught.value.error.decline_code == "insufficient_funds"


def test_a_holder_who_is_away_cannot_consent(sandbox_client):
    error = refused(sandbox_client, payment_method="pm_card_authenticationRequired",
                    off_session=True).error  # fmt: skip

    assert error.code == "authentication_required"
    assert error.payment_intent.status == "requires_payment_method"


def test_a_card_that_is_to_be_kept_becomes_the_customers(sandbox_client):
    customer = make_customer(sandbox_client)

    intent = pay(
        sandbox_client,
        customer=customer.id,
        payment_method="pm_card_visa",
        setup_future_usage="off_session",
    )

    assert card_of(sandbox_client, customer) == intent.payment_method


def test_somebody_elses_card_is_refused(sandbox_client):
    owner, other = make_payer(sandbox_client), make_customer(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        pay(sandbox_client, customer=other.id, payment_method=card_of(sandbox_client, owner))

    assert caught.value.param == "payment_method"


def test_what_is_paid_cannot_be_confirmed_or_canceled(sandbox_client):
    intent = pay(sandbox_client, payment_method="pm_card_visa")

    for change in (sandbox_client.v1.payment_intents.confirm,
                   sandbox_client.v1.payment_intents.cancel):  # fmt: skip
        with pytest.raises(stripe.InvalidRequestError) as caught:
            change(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"


def test_a_charge_is_refunded_in_parts_and_never_twice(sandbox_client):
    charge = pay(sandbox_client, payment_method="pm_card_visa").latest_charge
    refunds = sandbox_client.v1.refunds

    first = refunds.create({"charge": charge, "amount": 1000})
    rest = refunds.create({"charge": charge, "reason": "requested_by_customer"})

    told = sandbox_client.v1.charges.retrieve(charge, {"expand": ["refunds"]})
    assert (first.amount, rest.amount) == (1000, 1900)
    assert (told.amount_refunded, told.refunded) == (2900, True)
    assert [refund.id for refund in told.refunds] == [rest.id, first.id]
    moved = sandbox_client.v1.balance_transactions.list({"source": rest.id}).data[0]
    assert (moved.id, moved.net) == (rest.balance_transaction, -1900)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refunds.create({"charge": charge, "amount": 1})
    assert caught.value.code == "charge_already_refunded"


def test_a_customers_payments_are_listed_newest_first(sandbox_client):
    customer = make_customer(sandbox_client)
    asked = {"customer": customer.id, "payment_method": "pm_card_visa"}
    made = [pay(sandbox_client, **asked).id for _ in range(3)]

    intents = sandbox_client.v1.payment_intents.list({"customer": customer.id})
    charges = sandbox_client.v1.charges.list({"customer": customer.id})
    assert [intent.id for intent in intents] == made[::-1]
    assert [charge.payment_intent for charge in charges] == made[::-1]


def test_a_subscription_that_would_wait_for_consent_is_not_started_at_all(sandbox_client):
    customer = make_payer(sandbox_client, "pm_card_threeDSecure2Required")

    with pytest.raises(stripe.CardError) as caught:
        sandbox_client.v1.subscriptions.create(
            {
                "customer": customer.id,
                "items": [{"price": make_plan(sandbox_client).id}],
                "payment_behavior": "error_if_incomplete",
            }
        )

    assert caught.value.code == "subscription_payment_intent_requires_action"
    assert sandbox_client.v1.invoices.list({"customer": customer.id}).data == []


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined"),
        ("pm_card_threeDSecure2Required", "invoice_payment_intent_requires_action"),
    ],
)
def test_an_invoice_that_cannot_be_paid_says_so_with_its_payment(sandbox_client, card, code):
    customer = make_payer(sandbox_client, card)
    subscription = sandbox_client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": make_plan(sandbox_client).id}]}
    )

    with pytest.raises(stripe.CardError) as caught:
        sandbox_client.v1.invoices.pay(subscription.latest_invoice)

    asked = caught.value.error.payment_intent
    assert caught.value.code == code
    assert (asked.description, asked.customer) == ("Subscription creation", customer.id)
    kept = sandbox_client.v1.payment_intents.retrieve(asked.id)
    assert (kept.status, kept.latest_charge) == (asked.status, asked.latest_charge)


@pytest.mark.parametrize(
    "change",
    [{"amount": 1}, {"currency": "eur"}, {"customer": "cus_x"}, {"capture_method": "manual"}],
)
def test_an_invoices_payment_stays_what_the_invoice_says(sandbox_client, change):
    customer = make_payer(sandbox_client, "pm_card_chargeCustomerFail")
    items = [{"price": make_plan(sandbox_client).id}]
    sandbox_client.v1.subscriptions.create({"customer": customer.id, "items": items})
    [intent] = sandbox_client.v1.payment_intents.list({"customer": customer.id}).data

    with pytest.raises(stripe.InvalidRequestError, match="belongs to an invoice"):
        sandbox_client.v1.payment_intents.update(intent.id, change)


@pytest.mark.parametrize(
    ("change", "param"),
    [({"currency": "zzz"}, "currency"), ({"customer": "prod_x"}, "customer")],
)
def test_a_payment_is_changed_to_what_there_is_only(sandbox_client, change, param):
    intent = sandbox_client.v1.payment_intents.create({"amount": 5, "currency": "usd"})

    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox_client.v1.payment_intents.update(intent.id, change)

    assert caught.value.param == param


def test_a_client_secret_is_compared(sandbox_client):
    intents = sandbox_client.v1.payment_intents
    intent = sandbox_client.v1.payment_intents.create({"amount": 5, "currency": "usd"})

    assert intents.retrieve(intent.id, {"client_secret": intent.client_secret}).id == intent.id
    with pytest.raises(stripe.InvalidRequestError, match="does not match"):
        intents.retrieve(intent.id, {"client_secret": "pi_x_secret_y"})


def test_the_sandbox_chooses_the_payment_methods(sandbox_client):
    for made in (sandbox_client.v1.payment_intents, sandbox_client.v1.setup_intents):
        asked = {"automatic_payment_methods": {"enabled": False}}
        if made is sandbox_client.v1.payment_intents:
            asked |= {"amount": 100, "currency": "usd"}
        with pytest.raises(stripe.InvalidRequestError, match="cards only"):
            made.create(asked)


def test_where_to_return_to_is_told_when_the_payment_is_tried(sandbox_client):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        pay(sandbox_client, confirm=False)

    assert caught.value.param == "return_url"
