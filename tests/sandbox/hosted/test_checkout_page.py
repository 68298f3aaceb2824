"""Checkout over HTTP: a session opened by the vendor, gone through by the customer."""

import pytest
import stripe

from tests.sandbox.hosted.browser import told
from tests.sandbox.objects import (
    make_customer,
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
)

SUCCESS = "https://shop.example/done?session={CHECKOUT_SESSION_ID}&ok=1"


@pytest.fixture
def sessions(sandbox_client):
    return sandbox_client.v1.checkout.sessions


def open_setup(sessions, customer, **asked):
    wanted = {"mode": "setup", "customer": customer.id, "currency": "usd", "success_url": SUCCESS}
    return sessions.create({**wanted, "cancel_url": "https://shop.example/back", **asked})


def open_subscription(client, **asked):
    items = [{"price": make_plan(client).id, "quantity": 2}]
    wanted = {"mode": "subscription", "line_items": items, "success_url": SUCCESS}
    return client.v1.checkout.sessions.create({**wanted, **asked})


def test_a_setup_keeps_the_card_for_its_customer(sandbox_client, sessions, browser):
    customer = make_customer(sandbox_client, name="Ada", email="ada@example.com")
    session = open_setup(sessions, customer, metadata={"a": "b"})

    sent = browser.send(session.url, card="pm_card_mastercard")

    done = sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert sent.headers["location"] == SUCCESS.replace("{CHECKOUT_SESSION_ID}", session.id)
    assert (done.status, done.payment_status, done.url) == (
        "complete", "no_payment_required", None,
    )  # fmt: skip
    assert done.setup_intent.status == "succeeded"
    # Only the address on file is told before the customer has filled in the rest.
    for told_of, name in ((session.customer_details, None), (done.customer_details, "Ada")):
        assert (told_of.email, told_of.name) == ("ada@example.com", name)
    [card] = sandbox_client.v1.customers.payment_methods.list(customer.id).data
    assert card.id == done.setup_intent.payment_method


@pytest.mark.parametrize(("answer", "status"), [("complete", "complete"), ("fail", "open")])
def test_a_setup_asks_the_bank_where_it_must(sandbox_client, sessions, browser, answer, status):
    session = open_setup(sessions, make_customer(sandbox_client))

    asked = browser.send(session.url, card="pm_card_authenticationRequired")
    back = browser.send(asked.headers["location"], action=answer)

    assert asked.headers["location"].startswith("/authenticate/seti_")
    assert back.headers["location"] == f"/c/pay/{session.id}"
    assert sessions.retrieve(session.id).status == status


def test_another_card_is_no_answer_to_the_bank(sandbox_client, sessions, browser):
    session = open_setup(sessions, make_customer(sandbox_client))

    browser.send(session.url, card="pm_card_authenticationRequired")
    again = browser.send(session.url, card="pm_card_authenticationRequired")

    assert again.headers["location"].startswith("/authenticate/")
    assert sessions.retrieve(session.id).status == "open"


def test_a_refused_card_leaves_the_session_open(sandbox_client, sessions, browser):
    session = open_setup(sessions, make_customer(sandbox_client))

    page = browser.send(session.url, card="pm_card_chargeDeclined")

    assert told(page) == ["Your card was declined."]
    assert sessions.retrieve(session.id).status == "open"
    assert browser.send(session.url, card="pm_card_visa").status_code == 303


def test_a_subscription_starts_for_somebody_new(sandbox_client, sessions, browser):
    session = open_subscription(
        sandbox_client, client_reference_id="cart-1", subscription_data={"metadata": {"a": "b"}}
    )

    browser.send(session.url, card="pm_card_visa", name="Ada", email="ada@example.com")

    done = sessions.retrieve(session.id, {"expand": ["subscription", "invoice", "customer"]})
    assert (session.amount_total, done.payment_status) == (5000, "paid")
    assert (done.subscription.status, done.invoice.amount_paid) == ("active", 5000)
    assert done.subscription.metadata.to_dict() == {"a": "b"}
    assert (done.customer.email, done.customer_details.name) == ("ada@example.com", "Ada")
    assert done.client_reference_id == "cart-1"


def test_a_declined_subscription_leaves_nothing_behind(sandbox_client, sessions, browser):
    customer = make_customer(sandbox_client)
    session = open_subscription(sandbox_client, customer=customer.id)

    page = browser.send(session.url, card="pm_card_chargeCustomerFail")

    assert told(page) == ["Your card was declined."]
    found = sandbox_client.v1.subscriptions.list({"customer": customer.id, "status": "all"})
    assert found.data == []


def test_a_refused_authentication_can_be_made_good_with_another_card(
    sandbox_client, sessions, browser
):
    customer = make_customer(sandbox_client)
    session = open_subscription(sandbox_client, customer=customer.id)

    asked = browser.send(session.url, card="pm_card_authenticationRequired")
    browser.send(asked.headers["location"], action="fail")
    assert "failed authentication" in told(browser.look(session.url))[0]
    browser.send(session.url, card="pm_card_visa")

    [subscription] = sandbox_client.v1.subscriptions.list({"customer": customer.id}).data
    assert sessions.retrieve(session.id).subscription == subscription.id
    assert subscription.status == "active"


def test_a_customers_own_card_can_pay(sandbox_client, sessions, browser):
    customer = make_payer(sandbox_client)
    session = open_subscription(sandbox_client, customer=customer.id)
    [card] = sandbox_client.v1.customers.payment_methods.list(customer.id).data

    browser.send(session.url, card=card.id)

    assert sessions.retrieve(session.id).status == "complete"


def test_metered_prices_have_neither_quantity_nor_amount(sandbox_client, sessions, browser):
    price = make_metered_price(sandbox_client, make_meter(sandbox_client))
    customer = make_payer(sandbox_client)
    session = open_subscription(
        sandbox_client, customer=customer.id, line_items=[{"price": price.id}]
    )

    [item] = sessions.line_items.list(session.id).data
    page = browser.look(session.url)
    browser.send(session.url, card="pm_card_visa")

    assert (item.quantity, item.amount_total, item.price.id) == (None, 0, price.id)
    assert "billed by usage" in page.text
    assert sessions.retrieve(session.id).payment_status == "no_payment_required"


def test_what_is_shown_is_what_is_paid(sandbox_client, sessions, browser):
    coupon = sandbox_client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    tax = sandbox_client.v1.tax_rates.create(
        {"display_name": "VAT", "percentage": 20, "inclusive": False}
    )
    once = sandbox_client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Setup"}}
    )
    session = open_subscription(
        sandbox_client,
        customer=make_customer(sandbox_client).id,
        line_items=[{"price": make_plan(sandbox_client).id, "quantity": 2}, {"price": once.id}],
        discounts=[{"coupon": coupon.id}],
        subscription_data={"default_tax_rates": [tax.id]},
    )

    page = browser.look(session.url)
    browser.send(session.url, card="pm_card_visa")

    assert (session.amount_subtotal, session.amount_total) == (6000, 6480)
    assert session.total_details.amount_discount == 600
    assert session.total_details.amount_tax == 1080
    for text in ("$50.00 / month", "$10.00", "−$6.00", "$10.80", "Subscribe and pay $64.80"):
        assert text in page.text
    done = sessions.retrieve(session.id, {"expand": ["invoice"]})
    assert done.invoice.amount_paid == session.amount_total


def test_a_trial_costs_nothing_today(sandbox_client, sessions, browser):
    customer = make_customer(sandbox_client)
    session = open_subscription(
        sandbox_client, customer=customer.id, subscription_data={"trial_period_days": 14}
    )

    page = browser.look(session.url)
    browser.send(session.url, card="pm_card_visa")

    assert session.amount_total == 0
    assert "$50.00 / month" in page.text
    [subscription] = sandbox_client.v1.subscriptions.list({"customer": customer.id}).data
    assert subscription.status == "trialing"


def test_a_session_that_could_not_be_completed_is_refused_at_once(sandbox_client):
    once = sandbox_client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Setup"}}
    )
    euros = make_plan(sandbox_client, currency="eur")

    for items in ([{"price": once.id}], [{"price": make_plan(sandbox_client).id},
                                         {"price": euros.id}]):  # fmt: skip
        with pytest.raises(stripe.InvalidRequestError):
            open_subscription(sandbox_client, line_items=items)


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_authenticationRequired"])
def test_a_single_payment_is_made_by_a_guest(sandbox_client, sessions, browser, card):
    price = sandbox_client.v1.prices.create(
        {"currency": "usd", "unit_amount": 1250, "product_data": {"name": "Handbook"}}
    )
    asked = {"mode": "payment", "success_url": SUCCESS}
    session = sessions.create({**asked, "line_items": [{"price": price.id, "quantity": 2}]})

    declined = browser.send(session.url, card="pm_card_chargeDeclined", email="ada@x.example")
    sent = browser.send(session.url, card=card, email="ada@x.example")
    if "/authenticate/" in sent.headers["location"]:
        browser.send(sent.headers["location"], action="complete")

    done = sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert told(declined) == ["Your card was declined."]
    assert (session.amount_total, session.payment_status) == (2500, "unpaid")
    assert (session.payment_method_collection, session.invoice_creation.enabled) == (
        "if_required", False,
    )  # fmt: skip
    assert (done.status, done.payment_status, done.customer) == ("complete", "paid", None)
    assert (done.payment_intent.amount_received, done.payment_intent.status) == (2500, "succeeded")
    assert done.customer_details.email == "ada@x.example"


def test_a_session_expires_when_told_to_or_when_its_time_is_up(sandbox_client, sessions, browser):
    session = open_setup(sessions, make_customer(sandbox_client))
    form = {"token": browser.token(session.url), "card": "pm_card_visa"}

    expired = sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    assert session.expires_at == session.created + 86400
    assert browser.look(session.url).status_code == 410
    assert browser.http.post(session.url, data=form).status_code == 410
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        sessions.expire(session.id)


def test_a_session_that_is_complete_sends_on(sandbox_client, sessions, browser):
    session = open_setup(sessions, make_customer(sandbox_client))
    browser.send(session.url, card="pm_card_visa")

    again = browser.look(session.url)

    assert (again.status_code, again.headers["location"][:20]) == (303, SUCCESS[:20])


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"success_url": "https://x.example/\r\nSet-Cookie: a=b"}, "success_url"),
        ({"cancel_url": "/relative"}, "cancel_url"),
        ({"mode": "payment"}, "line_items"),
        ({"customer": "cus_none"}, "customer"),
        ({"expires_at": 1}, "expires_at"),
        ({"ui_mode": "elements"}, "ui_mode"),
        ({"line_items": [{"price": "price_none"}]}, "line_items"),
    ],
)
def test_what_a_session_cannot_be_is_refused_by_name(sessions, changes, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sessions.create({"mode": "setup", "currency": "usd", "success_url": SUCCESS, **changes})

    assert refused.value.param == param


def test_sessions_are_listed_and_told_of(sandbox_client, sessions, browser):
    customer = make_customer(sandbox_client)
    session = open_setup(sessions, customer)
    browser.send(session.url, card="pm_card_visa")
    sessions.expire(open_setup(sessions, customer).id)

    found = sessions.list({"customer": customer.id, "status": "complete"}).data
    events = sandbox_client.v1.events.list({"limit": 50}).data
    told_of = {
        one.type for one in events if one.data.object.to_dict().get("customer") == customer.id
    }

    assert [one.id for one in found] == [session.id]
    assert {"checkout.session.completed", "checkout.session.expired"} <= told_of


def test_a_session_sells_in_its_currency_only_what_is_offered_in_it(
    sandbox_client, sessions, browser
):
    options = {"eur": {"unit_amount": 900}}
    items = [{"price": make_plan(sandbox_client, 1000, currency_options=options).id}]

    session = open_subscription(
        sandbox_client, line_items=items, currency="eur", customer=make_payer(sandbox_client).id
    )
    browser.send(session.url, card="pm_card_visa")

    made = sandbox_client.v1.subscriptions.retrieve(sessions.retrieve(session.id).subscription)
    assert (session.currency, session.amount_total, made.currency) == ("eur", 900, "eur")
    for mode in ("payment", "subscription"):
        with pytest.raises(stripe.InvalidRequestError, match="only supports `usd`"):
            open_subscription(sandbox_client, line_items=items, currency="jpy", mode=mode)
