"""Subscriptions, their items and their invoices over HTTP."""

import httpx
import pytest
import stripe

from tests.sandbox.objects import (
    make_customer,
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
    send_usage,
    wait_for,
)


@pytest.fixture
def subscription(sandbox_client):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)
    return sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "items": [{"price": plan.id, "quantity": 2}]}
    )


def test_a_subscription_keeps_what_it_is_told(sandbox_client, subscription):
    card = sandbox_client.v1.payment_methods.attach(
        "pm_card_amex", {"customer": subscription.customer}
    )

    changed = sandbox_client.v1.subscriptions.update(
        subscription.id,
        {
            "metadata": {"team": "a"},
            "default_payment_method": card.id,
            "description": "Robots",
            "cancellation_details": {"comment": "too dear"},
        },
    )

    assert changed.metadata.to_dict() == {"team": "a"}
    assert changed.default_payment_method == card.id
    assert changed.description == "Robots"
    assert changed.cancellation_details.comment == "too dear"
    assert changed.status == "active"


def test_what_a_subscription_cannot_change_is_refused(sandbox_client, subscription):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.subscriptions.update(subscription.id, {"application_fee_percent": 3})

    assert refused.value.code == "sandbox_parameter_not_supported"
    assert refused.value.param == "application_fee_percent"


def test_a_subscription_is_cancelled_once(sandbox_client, subscription):
    subscriptions = sandbox_client.v1.subscriptions

    canceled = subscriptions.cancel(
        subscription.id, {"cancellation_details": {"feedback": "too_expensive"}}
    )

    assert canceled.status == "canceled"
    assert canceled.ended_at == canceled.canceled_at
    assert canceled.cancellation_details.feedback == "too_expensive"
    assert canceled.cancellation_details.reason == "cancellation_requested"
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        subscriptions.cancel(subscription.id)
    with pytest.raises(stripe.InvalidRequestError, match="A canceled subscription can only"):
        subscriptions.update(subscription.id, {"description": "x"})
    assert subscriptions.update(subscription.id, {"metadata": {"a": "1"}}).metadata.a == "1"


def test_the_items_of_what_is_canceled_stay_what_they_were(sandbox_client, subscription):
    items, [item] = sandbox_client.v1.subscription_items, subscription["items"].data
    sandbox_client.v1.subscriptions.cancel(subscription.id)

    for change in (
        lambda: items.create({"subscription": subscription.id, "price": item.price.id}),
        lambda: items.update(item.id, {"quantity": 2}),
        lambda: items.delete(item.id),
    ):
        with pytest.raises(stripe.InvalidRequestError, match="A canceled subscription can only"):
            change()


def test_cancelling_with_an_invoice_bills_the_usage_so_far(sandbox_client):
    meter, payer = make_meter(sandbox_client), make_payer(sandbox_client)
    price = make_metered_price(sandbox_client, meter)
    subscriptions = sandbox_client.v1.subscriptions
    made = subscriptions.create({"customer": payer.id, "items": [{"price": price.id}]})
    send_usage(sandbox_client, meter, payer, "100")
    invoices = sandbox_client.v1.invoices
    wait_for(lambda: invoices.create_preview({"subscription": made.id}).total, "the usage")

    subscriptions.cancel(made.id, {"invoice_now": True})

    [invoice] = invoices.list({"subscription": made.id}).data
    assert (invoice.status, invoice.total) == ("paid", 125)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        invoices.create_preview({"subscription": made.id})
    assert refused.value.code == "invoice_upcoming_none"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"items": []}, "items"),
        ({"items": [{"quantity": 1}]}, "items[0][price]"),
        ({"customer": "cus_x"}, "customer"),
        ({"default_payment_method": "pm_x"}, "default_payment_method"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"collection_method": "send_invoice", "days_until_due": -1}, "days_until_due"),
        ({"collection_method": "send_invoice", "days_until_due": 2**62}, "days_until_due"),
        ({"payment_behavior": "pending_if_incomplete"}, "payment_behavior"),
        ({"trial_period_days": 731}, "trial_period_days"),
        ({"trial_period_days": 7, "trial_end": 4102444800}, "trial_period_days"),
        ({"trial_end": 1}, "trial_end"),
        ({"billing_cycle_anchor": 1}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": 4102444800}, "billing_cycle_anchor"),
        ({"backdate_start_date": 4102444800}, "backdate_start_date"),
        ({"backdate_start_date": 1}, "backdate_start_date"),
        (
            {"billing_cycle_anchor_config": {"day_of_month": 32}},
            "billing_cycle_anchor_config[day_of_month]",
        ),
        ({"currency": "eur"}, "items[0][price]"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused_by_name(sandbox_client, changes, param):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)
    asked = {"customer": payer.id, "items": [{"price": plan.id}], **changes}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.subscriptions.create(asked)

    assert refused.value.param == param
    assert sandbox_client.v1.subscriptions.list({"customer": payer.id}).data == []


def test_items_must_be_recurring_differ_and_carry_no_quantity_when_metered(sandbox_client):
    customer, plan = make_customer(sandbox_client), make_plan(sandbox_client)
    metered = make_metered_price(sandbox_client, make_meter(sandbox_client))
    once = sandbox_client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1, "product_data": {"name": "Set-up"}}
    )

    for items, param in (
        ([{"price": once.id}], "items[0][price]"),
        ([{"price": plan.id}, {"price": plan.id}], "items"),
        ([{"price": metered.id, "quantity": 1}], "items[0][quantity]"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sandbox_client.v1.subscriptions.create({"customer": customer.id, "items": items})
        assert refused.value.param == param


@pytest.mark.parametrize(
    ("intervals", "fits"),
    [
        ([("month", 1), ("year", 1)], True),
        ([("month", 3), ("year", 1)], True),
        ([("day", 7), ("week", 2)], True),
        ([("month", 2), ("month", 3)], False),
        ([("week", 1), ("month", 1)], False),
        ([("year", 1), ("week", 4)], False),
    ],
)
def test_the_intervals_of_a_subscription_fit_into_each_other(sandbox_client, intervals, fits):
    payer = make_payer(sandbox_client)
    plans = [
        make_plan(sandbox_client, recurring={"interval": interval, "interval_count": count})
        for interval, count in intervals
    ]
    asked = {"customer": payer.id, "items": [{"price": plan.id} for plan in plans]}

    if fits:
        assert sandbox_client.v1.subscriptions.create(asked).status == "active"
    else:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sandbox_client.v1.subscriptions.create(asked)
        assert refused.value.param == "items"


def test_a_currency_may_be_written_in_capitals(sandbox_client):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)

    made = sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "currency": "USD", "items": [{"price": plan.id}]}
    )

    assert made.currency == "usd"
    found = sandbox_client.v1.prices.list({"currency": "USD", "limit": 100})
    assert plan.id in {price.id for price in found.auto_paging_iter()}


def test_the_first_subscription_settles_the_customers_currency(sandbox_client, subscription):
    assert sandbox_client.v1.customers.retrieve(subscription.customer).currency == "usd"


def test_an_invoice_can_be_sent_instead_of_charged(sandbox_client):
    customer, plan = make_customer(sandbox_client), make_plan(sandbox_client)

    made = sandbox_client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": plan.id}],
            "collection_method": "send_invoice",
            "days_until_due": 30,
            "expand": ["latest_invoice"],
        }
    )

    assert (made.status, made.latest_invoice.status) == ("active", "draft")
    sent = sandbox_client.v1.invoices.finalize_invoice(made.latest_invoice.id)
    assert (sent.status, sent.amount_remaining) == ("open", 2500)


def test_subscriptions_are_found_by_price_status_and_period(sandbox_client, subscription):
    item, customer = subscription["items"].data[0], subscription.customer
    listed = sandbox_client.v1.subscriptions.list

    for asked in (
        {"price": item.price.id},
        {"customer": customer, "status": "active"},
        {"customer": customer, "current_period_end": {"gte": item.current_period_end}},
        {"customer": customer, "current_period_start": {"lte": item.current_period_start}},
    ):
        assert [one.id for one in listed(asked).data] == [subscription.id]
    assert listed({"customer": customer, "status": "canceled"}).data == []
    assert listed({"customer": customer, "current_period_end": {"lt": 1}}).data == []


def test_items_are_read_by_themselves(sandbox_client, subscription):
    items = sandbox_client.v1.subscription_items

    [item] = items.list({"subscription": subscription.id}).data

    assert item.quantity == 2
    assert items.retrieve(item.id).price.id == item.price.id


def test_invoices_are_found_and_read_line_by_line(sandbox_client, subscription):
    invoices = sandbox_client.v1.invoices

    for asked in (
        {"subscription": subscription.id},
        {"customer": subscription.customer, "status": "paid"},
    ):
        [invoice] = invoices.list(asked).data
        assert invoice.id == subscription.latest_invoice
    [line] = invoices.line_items.list(invoice.id).data
    assert line.amount == 5000
    assert invoices.list({"customer": subscription.customer, "status": "open"}).data == []


def test_the_links_of_an_invoice_lead_somewhere(sandbox_client, subscription):
    invoice = sandbox_client.v1.invoices.retrieve(subscription.latest_invoice)

    page = httpx.get(invoice.hosted_invoice_url, trust_env=False)
    document = httpx.get(invoice.invoice_pdf, trust_env=False)

    assert page.headers["content-type"].startswith("text/html")
    assert invoice.number in page.text
    assert "$50.00" in page.text
    assert document.headers["content-type"] == "application/pdf"
    assert document.content.startswith(b"%PDF-")
