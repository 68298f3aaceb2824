"""From Stripe's JSON to facts: the shapes that trap, and recorded ones."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.stripe_gateway import translate
from portal.stripe_gateway.translate_invoice import AmountTooLarge, invoice_facts
from tests import stripe_objects

READ_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


def test_a_customers_expanded_references_are_folded_back_to_ids():
    expanded = stripe_objects.customer(
        invoice_settings={"default_payment_method": stripe_objects.payment_method("pm_7")},
        test_clock=stripe_objects.clock("clock_7"),
    )
    plain = stripe_objects.customer(
        invoice_settings={"default_payment_method": "pm_7"}, test_clock="clock_7"
    )

    assert translate.customer_facts(expanded, READ_AT) == translate.customer_facts(plain, READ_AT)
    assert translate.customer_facts(expanded, READ_AT).default_payment_method_id == "pm_7"
    assert translate.customer_facts(expanded, READ_AT).test_clock_id == "clock_7"


def test_facts_keep_when_the_read_began():
    facts = translate.product_facts(stripe_objects.product(), READ_AT)

    assert facts.read_at == READ_AT


def test_a_price_keeps_every_decimal_of_its_amount():
    facts = translate.price_facts(
        stripe_objects.price(unit_amount=None, unit_amount_decimal="0.000000000001"), READ_AT
    )

    assert facts.unit_amount_decimal == Decimal("0.000000000001")


def test_a_one_time_price_has_no_interval_and_no_meter():
    facts = translate.price_facts(stripe_objects.price(recurring=None, type="one_time"), READ_AT)

    assert (facts.interval, facts.usage_type, facts.meter_id) == (None, None, None)


def test_an_unknown_status_is_kept_as_it_is():
    facts = translate.subscription_facts(
        stripe_objects.subscription(status="hibernating"), [], READ_AT
    )

    assert facts.status == "hibernating"
    assert not facts.is_live


def test_a_billing_period_is_the_items():
    item = stripe_objects.subscription_item(price=stripe_objects.price())

    facts = translate.subscription_facts(stripe_objects.subscription(), [item], READ_AT)

    assert facts.items[0].current_period_start == NOVEMBER
    assert facts.items[0].current_period_end == DECEMBER


def test_a_metered_item_has_a_meter_and_no_quantity():
    item = stripe_objects.subscription_item(price=stripe_objects.price(meter="mtr_1"))
    del item["quantity"]

    facts = translate.subscription_facts(stripe_objects.subscription(), [item], READ_AT)

    assert facts.items[0].meter_id == "mtr_1"
    assert facts.items[0].quantity is None


def test_an_invoices_subscription_is_found_in_its_parent():
    facts = invoice_facts(stripe_objects.invoice(), [], READ_AT)

    assert facts.subscription_id == "sub_1"


def test_an_invoice_made_by_hand_has_no_subscription():
    facts = invoice_facts(stripe_objects.invoice(parent=None), [], READ_AT)

    assert facts.subscription_id is None


def test_coupons_are_not_counted_as_credits():
    invoice = stripe_objects.invoice(
        total_discount_amounts=[{"amount": 300, "discount": "di_1"}],
        total_pretax_credit_amounts=[
            {"amount": 300, "discount": "di_1", "type": "discount"},
            {"amount": 450, "type": "credit_balance_transaction"},
        ],
        total_taxes=[{"amount": 20}, {"amount": 5}],
    )

    facts = invoice_facts(invoice, [], READ_AT)

    assert (facts.discount_amount, facts.credit_amount, facts.tax_amount) == (300, 450, 25)


def test_a_lines_decimal_quantity_wins_over_the_truncated_one():
    line = stripe_objects.invoice_line(quantity=2, quantity_decimal="2.75")

    facts = invoice_facts(stripe_objects.invoice(), [line], READ_AT)

    assert facts.lines[0].quantity == Decimal("2.75")


def test_a_line_may_have_no_price_no_parent_and_no_quantity():
    nothing = {"pricing": None, "parent": None, "quantity": None, "quantity_decimal": None}
    line = stripe_objects.invoice_line(**nothing)

    [bare] = invoice_facts(stripe_objects.invoice(parent=None), [line], READ_AT).lines

    assert (bare.price_id, bare.product_id, bare.quantity) == (None, None, None)
    assert (bare.subscription_id, bare.subscription_item_id) == (None, None)
    assert not bare.proration


def test_a_line_of_an_invoice_item_names_its_subscription_alone():
    details = {"invoice_item": "ii_1", "proration": True, "subscription": "sub_1"}
    parent = {"type": "invoice_item_details", "invoice_item_details": details}
    line = stripe_objects.invoice_line(parent=parent, amount=-4_999)

    [credit] = invoice_facts(stripe_objects.invoice(), [line], READ_AT).lines

    assert (credit.amount, credit.proration) == (-4_999, True)
    assert (credit.subscription_id, credit.subscription_item_id) == ("sub_1", None)


@pytest.mark.parametrize("amount", [2**63, -(2**63), 10**30])
def test_an_amount_beyond_64_bits_is_refused_by_name(amount: int):
    line = stripe_objects.invoice_line(amount=amount)

    with pytest.raises(AmountTooLarge) as refused:
        invoice_facts(stripe_objects.invoice(), [line], READ_AT)
    with pytest.raises(AmountTooLarge):
        invoice_facts(stripe_objects.invoice(total=amount), [], READ_AT)

    assert refused.value.invoice_id == "in_1"


def test_a_line_says_which_item_and_price_it_bills():
    facts = invoice_facts(stripe_objects.invoice(), [stripe_objects.invoice_line()], READ_AT)

    line = facts.lines[0]
    assert (line.subscription_item_id, line.price_id, line.proration) == ("si_1", "price_1", False)


def test_a_preview_may_have_no_id_and_no_number():
    preview = stripe_objects.invoice(number=None, status="draft")
    del preview["id"]

    facts = invoice_facts(preview, [], READ_AT)

    assert facts.id == ""
    assert facts.number is None


def test_a_card_is_known_by_its_brand_and_last_digits():
    facts = translate.payment_method_facts(stripe_objects.payment_method(), READ_AT)

    assert (facts.brand, facts.last4, facts.exp_month, facts.exp_year) == ("visa", "4242", 8, 2030)


def test_a_bank_account_is_known_by_its_bank():
    method = stripe_objects.payment_method(
        type="us_bank_account", us_bank_account={"bank_name": "STRIPE TEST BANK", "last4": "6789"}
    )

    facts = translate.payment_method_facts(method, READ_AT)

    assert (facts.brand, facts.last4, facts.exp_year) == ("STRIPE TEST BANK", "6789", None)
