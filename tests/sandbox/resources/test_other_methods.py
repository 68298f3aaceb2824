"""Payment methods that are no cards can be made and looked at, and nothing else."""

import pytest
import stripe

from tests.sandbox.objects import make_customer

ACCOUNT = {"account_number": "000123456789", "institution_number": "000", "transit_number": "11000"}
IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture
def methods(sandbox_client):
    return sandbox_client.v1.payment_methods


@pytest.mark.parametrize(
    ("kind", "asked", "told"),
    [
        ("alipay", None, {}),
        ("eps", {"bank": "bank_austria"}, {"bank": "bank_austria"}),
        ("fpx", {"bank": "cimb"}, {"account_holder_type": "individual", "bank": "cimb"}),
        ("ideal", {"bank": "rabobank"}, {"bank": "rabobank", "bic": "RABONL2U"}),
        ("ideal", None, {"bank": None, "bic": None}),
        ("sofort", {"country": "AT"}, {"country": "AT"}),
        ("boleto", {"tax_id": "000.000.000-00"}, {"tax_id": "000.000.000-00"}),
        ("acss_debit", ACCOUNT, {"bank_name": "STRIPE TEST BANK", "last4": "6789"}),
        (
            "sepa_debit",
            {"iban": IBAN},
            {"bank_code": "37040044", "branch_code": "", "last4": "3000"},
        ),
        (
            "sepa_debit",
            {"iban": "FR1420041010050500013M02606"},
            {"bank_code": "20041", "branch_code": "01005", "country": "FR"},
        ),
    ],
)
def test_a_method_of_another_kind_tells_what_is_known_of_it(methods, kind, asked, told):
    params = {"type": kind, "billing_details": {"name": "Ada"}, **({kind: asked} if asked else {})}

    made = methods.create(params)

    kept = methods.retrieve(made.id)
    assert (kept.type, kept.customer, kept.billing_details.name) == (kind, None, "Ada")
    assert kept.to_dict()[kind].items() >= told.items()
    assert "card" not in kept.to_dict()


def test_the_same_account_has_the_same_fingerprint(methods):
    first, second, other = (
        methods.create({"type": "sepa_debit", "sepa_debit": {"iban": iban}}).sepa_debit.fingerprint
        for iban in (IBAN, IBAN.replace(" ", ""), "DK5000400440116243")
    )

    assert first == second != other


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"type": "acss_debit"}, "acss_debit"),
        ({"type": "alipay", "ideal": {"bank": "ing"}}, "ideal"),
        ({"type": "card", "ideal": {"bank": "ing"}}, "ideal"),
        ({"type": "klarna"}, "type"),
        ({"type": "ideal", "ideal": {"bank": "mollie"}}, "ideal[bank]"),
        ({"type": "sepa_debit", "sepa_debit": {"iban": "DE893704"}}, "sepa_debit[iban]"),
        ({"type": "sepa_debit", "sepa_debit": {"iban": IBAN[:-1] + "1"}}, "sepa_debit[iban]"),
        (
            {"type": "sepa_debit", "sepa_debit": {"iban": "MT84MALT011000012345MTLCAST001S"}},
            "sepa_debit[iban]",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(methods, asked, param):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        methods.create(asked)

    assert caught.value.param == param


def test_nobody_pays_but_with_a_card(sandbox_client, methods):
    customer = make_customer(sandbox_client)
    made = methods.create({"type": "alipay"})
    attempts = [
        lambda: methods.attach(made.id, {"customer": customer.id}),
        lambda: methods.update(made.id, {"card": {"exp_year": 2040}}),
        lambda: sandbox_client.v1.payment_intents.create(
            {"amount": 900, "currency": "usd", "payment_method": made.id}
        ),
        lambda: sandbox_client.v1.setup_intents.create({"payment_method": made.id}),
    ]

    for attempt in attempts:
        with pytest.raises(stripe.InvalidRequestError, match="cards only"):
            attempt()
