"""Invoice items, and the lines of a draft that stand for them, over HTTP."""

import pytest
import stripe

from tests.sandbox.objects import make_payer


@pytest.fixture
def items(sandbox_client):
    return sandbox_client.v1.invoice_items


@pytest.fixture
def customer(sandbox_client):
    return make_payer(sandbox_client)


@pytest.fixture
def draft(sandbox_client, customer):
    return sandbox_client.v1.invoices.create({"customer": customer.id, "currency": "usd"})


def add(client, draft, *lines):
    return client.v1.invoices.add_lines(draft.id, {"lines": list(lines)})


def test_an_amount_gets_a_price_of_its_own(items, customer):
    made = items.create({"customer": customer.id, "amount": 1000, "currency": "usd"})

    assert (made.amount, made.quantity, made.invoice, made.parent) == (1000, 1, None, None)
    assert made.pricing.price_details.price.startswith("price_")
    assert str(made.pricing.unit_amount_decimal) == "1000"
    assert made.period.start == made.period.end == made.date


def test_a_rate_times_a_quantity_is_rounded_once(items, customer):
    asked = {"customer": customer.id, "currency": "usd", "unit_amount_decimal": "0.125"}

    made = items.create({**asked, "quantity": 12})

    assert (made.amount, str(made.quantity_decimal)) == (2, "12")


def test_a_price_can_be_named_or_described(sandbox_client, items, customer):
    product = sandbox_client.v1.products.create({"name": "Setup"})
    price = sandbox_client.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 250}
    )
    data = {"currency": "usd", "product": product.id, "unit_amount": 300}

    named = items.create({"customer": customer.id, "pricing": {"price": price.id}, "quantity": 2})
    described = items.create({"customer": customer.id, "price_data": data})

    assert (named.amount, named.description) == (500, "Setup")
    assert named.pricing.price_details.price == price.id
    assert (described.amount, described.pricing.price_details.product) == (300, product.id)


def test_a_price_is_taken_in_the_currency_of_the_invoice(sandbox_client, customer):
    price = sandbox_client.v1.prices.create(
        {
            "product_data": {"name": "Setup"},
            "currency": "usd",
            "unit_amount": 250,
            "currency_options": {"jpy": {"unit_amount": 400}},
        }
    )
    yen, euros = (
        sandbox_client.v1.invoices.create({"customer": customer.id, "currency": currency})
        for currency in ("jpy", "eur")
    )
    line = {"pricing": {"price": price.id}, "quantity": 2}

    added = add(sandbox_client, yen, line)

    assert (added.currency, added.total) == ("jpy", 800)
    assert str(added.lines.data[0].pricing.unit_amount_decimal) == "400"
    with pytest.raises(stripe.InvalidRequestError, match="only supports `usd`"):
        add(sandbox_client, euros, line)


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({}, "amount"),
        ({"amount": 5, "quantity": 2, "currency": "usd"}, "amount"),
        ({"amount": 5, "unit_amount_decimal": "1", "currency": "usd"}, "amount"),
        ({"amount": 5, "currency": "xxz"}, "currency"),
        ({"pricing": {"price": "price_none"}}, "pricing[price]"),
        ({"amount": 5, "currency": "usd", "invoice": "in_none"}, "invoice"),
        ({"amount": 5, "currency": "usd", "period": {"start": 9, "end": 8}}, "period[end]"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(items, customer, asked, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        items.create({"customer": customer.id, **asked})

    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_items_are_found_by_where_they_are(items, customer, draft):
    waiting = items.create({"customer": customer.id, "amount": 1, "currency": "usd"})
    placed = items.create(
        {"customer": customer.id, "amount": 2, "currency": "usd", "invoice": draft.id}
    )

    def found(**asked):
        return [one.id for one in items.list({"customer": customer.id, **asked}).data]

    assert found() == [placed.id, waiting.id]
    assert found(pending=True) == [waiting.id]
    assert found(pending=False) == found(invoice=draft.id) == [placed.id]


def test_an_item_changes_its_draft_with_it(sandbox_client, items, customer, draft):
    item = items.create(
        {"customer": customer.id, "amount": 1000, "currency": "usd", "invoice": draft.id}
    )
    invoices = sandbox_client.v1.invoices

    assert invoices.retrieve(draft.id).total == 1000
    items.update(item.id, {"amount": 700, "description": "Less"})
    assert invoices.retrieve(draft.id).total == 700
    assert items.delete(item.id).deleted is True
    assert invoices.retrieve(draft.id).total == 0


def test_lines_are_added_changed_and_removed(sandbox_client, items, customer, draft):
    waiting = items.create({"customer": customer.id, "amount": 300, "currency": "usd"})
    invoices = sandbox_client.v1.invoices

    added = add(
        sandbox_client, draft, {"amount": 1000, "description": "Work"}, {"invoice_item": waiting.id}
    )
    lines = {line.description: line.id for line in added.lines.data}
    changed = invoices.update_lines(
        draft.id, {"lines": [{"id": lines["Work"], "amount": 1500, "description": "More work"}]}
    )
    one = invoices.line_items.update(draft.id, lines["Work"], {"amount": 1200})
    left = invoices.remove_lines(draft.id, {"lines": [{"id": lines[None], "behavior": "unassign"}]})

    assert (added.total, changed.total, left.total) == (1300, 1800, 1200)
    assert (one.id, one.amount, one.description) == (lines["Work"], 1200, "More work")
    assert items.retrieve(waiting.id).invoice is None


def test_lines_of_a_final_invoice_are_fixed(sandbox_client, draft):
    add(sandbox_client, draft, {"amount": 1000})
    sandbox_client.v1.invoices.finalize_invoice(draft.id)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        add(sandbox_client, draft, {"amount": 1000})

    assert refused.value.code == "invoice_not_editable"


def test_a_line_takes_an_amount_or_a_quantity(sandbox_client, draft):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        add(sandbox_client, draft, {"amount": 1000, "quantity": 2})

    assert refused.value.param == "lines[0][amount]"


def test_discounts_and_taxes_of_items_count(sandbox_client, items, customer, draft):
    coupon = sandbox_client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    tax = sandbox_client.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 20, "inclusive": False}
    )

    made = items.create(
        {
            "customer": customer.id,
            "amount": 1000,
            "currency": "usd",
            "invoice": draft.id,
            "discounts": [{"coupon": coupon.id}],
            "tax_rates": [tax.id],
        }
    )

    invoice = sandbox_client.v1.invoices.retrieve(draft.id)
    assert made.tax_rates[0].display_name == "VAT"
    assert (invoice.subtotal, invoice.total, invoice.total_taxes[0].amount) == (750, 900, 150)


def test_an_invoice_has_discounts_and_tax_rates_of_its_own(sandbox_client, customer, items):
    coupon = sandbox_client.v1.coupons.create(
        {"amount_off": 100, "currency": "usd", "duration": "once"}
    )
    tax = sandbox_client.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 10, "inclusive": True}
    )
    items.create({"customer": customer.id, "amount": 1200, "currency": "usd"})

    invoice = sandbox_client.v1.invoices.create(
        {
            "customer": customer.id,
            "pending_invoice_items_behavior": "include",
            "discounts": [{"coupon": coupon.id}],
            "default_tax_rates": [tax.id],
        }
    )

    assert (invoice.subtotal, invoice.total, invoice.total_excluding_tax) == (1200, 1100, 1000)
    assert invoice.default_tax_rates[0].percentage == 10


@pytest.mark.parametrize("data", [{}, {"product": "prod_x", "product_data": {"name": "Setup"}}])
def test_a_described_price_is_for_exactly_one_product(items, customer, data):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        items.create(
            {
                "customer": customer.id,
                "price_data": {"currency": "usd", "unit_amount": 300, **data},
            }
        )

    assert refused.value.param in ("price_data[product]", "price_data[product_data]")
