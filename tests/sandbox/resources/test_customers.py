"""Customers and what they pay with."""

import pytest
import stripe

from tests.sandbox.objects import fresh, make_customer, make_payer, make_plan


def test_an_update_changes_what_it_names_and_leaves_the_rest(sandbox_client):
    address = {"line1": "1 Main St", "city": "Riga"}
    shipping = {"name": "Ada", "address": {"line1": "2 Main St"}}
    made = make_customer(
        sandbox_client,
        name="Ada",
        address=address,
        shipping=shipping,
        metadata={"a": "1", "b": "2"},
    )

    changed = sandbox_client.v1.customers.update(
        made.id, {"name": "", "metadata": {"a": "", "c": "3"}, "shipping": ""}
    )

    assert (changed.name, changed.email, changed.shipping) == (None, made.email, None)
    assert (changed.address.city, changed.address.country) == ("Riga", None)
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert made.shipping.address.line1 == "2 Main St"


def test_metadata_is_cleared_as_a_whole(sandbox_client):
    made = make_customer(sandbox_client, metadata={"1": "digits", "2": "are keys too"})

    assert made.metadata.to_dict() == {"1": "digits", "2": "are keys too"}
    assert sandbox_client.v1.customers.update(made.id, {"metadata": ""}).metadata.to_dict() == {}


@pytest.mark.parametrize(
    "metadata",
    [{"k" * 41: "v"}, {"k": "v" * 501}, {f"k{number}": "v" for number in range(51)}],
    ids=["long key", "long value", "many keys"],
)
def test_metadata_has_its_limits(sandbox_client, metadata):
    with pytest.raises(stripe.InvalidRequestError, match=r"[Mm]etadata"):
        make_customer(sandbox_client, metadata=metadata)


def test_a_deleted_customer_leaves_a_tombstone(sandbox_client):
    payer, customers = make_payer(sandbox_client), sandbox_client.v1.customers
    items = [{"price": make_plan(sandbox_client).id}]
    made = sandbox_client.v1.subscriptions.create({"customer": payer.id, "items": items})

    deleted = customers.delete(payer.id)

    assert (deleted.deleted, customers.retrieve(payer.id).deleted) == (True, True)
    assert sandbox_client.v1.subscriptions.retrieve(made.id).status == "canceled"
    assert customers.list({"email": payer.email}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        customers.update(payer.id, {"name": "Ada"})
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        sandbox_client.v1.payment_methods.attach("pm_card_visa", {"customer": payer.id})


def test_a_customer_is_made_with_a_payment_method(sandbox_client):
    made = make_customer(sandbox_client, payment_method="pm_card_mastercard")

    [card] = sandbox_client.v1.customers.payment_methods.list(made.id).data
    assert (card.card.brand, card.card.last4, card.customer) == ("mastercard", "4444", made.id)


def test_a_customer_is_made_with_a_test_card_that_is_its_default(sandbox_client):
    made = sandbox_client.v1.customers.create(
        {
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
    )

    attached = sandbox_client.v1.payment_methods.list({"customer": made.id}).data
    assert [one.id for one in attached] == [made.invoice_settings.default_payment_method]


def test_only_an_attached_payment_method_becomes_the_default(sandbox_client):
    payer, other = make_payer(sandbox_client), make_customer(sandbox_client)
    card = payer.invoice_settings.default_payment_method
    asked = {"invoice_settings": {"default_payment_method": card}}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.customers.update(other.id, asked)

    assert refused.value.param == "invoice_settings[default_payment_method]"
    assert refused.value.code == "resource_missing"


def test_a_detached_payment_method_is_nobodys_default_and_stays_off(sandbox_client):
    payer, methods = make_payer(sandbox_client), sandbox_client.v1.payment_methods
    card = payer.invoice_settings.default_payment_method

    detached = methods.detach(card)

    left = sandbox_client.v1.customers.retrieve(payer.id)
    assert detached.customer is None
    assert left.invoice_settings.default_payment_method is None
    assert methods.list({"customer": payer.id}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        methods.attach(card, {"customer": payer.id})
    with pytest.raises(stripe.InvalidRequestError, match="not attached"):
        methods.detach(card)


def test_a_payment_method_belongs_to_one_customer(sandbox_client):
    payer, other = make_payer(sandbox_client), make_customer(sandbox_client)
    card = payer.invoice_settings.default_payment_method

    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        sandbox_client.v1.payment_methods.attach(card, {"customer": other.id})
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod"):
        sandbox_client.v1.customers.payment_methods.retrieve(other.id, card)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined"),
        ("pm_card_visa_chargeDeclined", "card_declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined"),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ],
)
def test_each_declined_card_says_why(sandbox_client, token, code):
    customer = make_customer(sandbox_client)

    with pytest.raises(stripe.CardError) as refused:
        sandbox_client.v1.payment_methods.attach(token, {"customer": customer.id})

    assert refused.value.code == code


def test_a_card_is_made_from_a_token_and_its_details_change(sandbox_client):
    methods = sandbox_client.v1.payment_methods
    made = methods.create({"type": "card", "card": {"token": "tok_amex"}})

    changed = methods.update(
        made.id, {"card": {"exp_year": 2040}, "billing_details": {"name": "Ada"}}
    )

    assert (made.card.brand, made.customer) == ("amex", None)
    assert (changed.card.exp_year, changed.billing_details.name) == (2040, "Ada")


@pytest.mark.parametrize(
    ("expiry", "code"),
    [({"exp_month": 13}, "invalid_expiry_month"), ({"exp_year": -1}, "invalid_expiry_year")],
)
def test_a_card_expires_in_a_month_that_there_is(sandbox_client, expiry, code):
    payer = make_payer(sandbox_client)

    with pytest.raises(stripe.CardError) as refused:
        sandbox_client.v1.payment_methods.update(
            payer.invoice_settings.default_payment_method, {"card": expiry}
        )

    assert refused.value.code == code


def test_no_number_but_that_of_a_test_card_is_taken_or_repeated(sandbox_client):
    card = {"number": "4000123456789017", "exp_month": 1, "exp_year": 2040}

    with pytest.raises(stripe.CardError) as caught:
        sandbox_client.v1.payment_methods.create({"type": "card", "card": card})

    assert caught.value.code == "incorrect_number"
    assert card["number"] not in str(caught.value.json_body)


def test_an_unknown_test_token_is_no_payment_method(sandbox_client):
    customer = make_customer(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod: 'pm_card_gold'"):
        sandbox_client.v1.payment_methods.attach("pm_card_gold", {"customer": customer.id})


def test_customers_are_found_by_their_time(sandbox_client):
    email = f"{fresh('timed')}@example.com"
    made = sandbox_client.v1.customers.create({"email": email})

    def found(created):
        page = sandbox_client.v1.customers.list({"email": email, "created": created})
        return [customer.id for customer in page.data]

    assert found({"gte": made.created}) == [made.id]
    assert found({"gt": made.created}) == []
    assert found(made.created) == [made.id]
