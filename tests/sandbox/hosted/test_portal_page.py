"""The billing portal over HTTP: its links, its configuration, and what a customer does in it."""

import pytest
import stripe

from tests.sandbox.hosted.browser import heading, told
from tests.sandbox.objects import make_customer, make_payer, make_plan

BACK = "https://shop.example/account"


@pytest.fixture
def portal(sandbox_client):
    return sandbox_client.v1.billing_portal


@pytest.fixture
def customer(sandbox_client):
    return make_payer(sandbox_client, name="Acme")


@pytest.fixture
def subscription(sandbox_client, customer):
    plan = make_plan(sandbox_client)
    return sandbox_client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": plan.id}]}
    )


def enter(portal, browser, customer, **asked):
    session = portal.sessions.create({"customer": customer.id, "return_url": BACK, **asked})
    return browser.look(session.url).headers["location"]


def configure(portal, **features):
    return portal.configurations.create({"features": features}).id


def test_a_link_opens_the_portal_once(portal, browser, customer):
    session = portal.sessions.create({"customer": customer.id, "return_url": BACK})

    first, second = browser.look(session.url), browser.look(session.url)
    page = browser.look(first.headers["location"])

    assert (first.status_code, second.status_code) == (303, 410)
    assert session.url not in first.headers["location"]
    assert heading(page) == "Billing"
    for text in ("Acme", BACK, "Visa ending 4242", "local stand-in of Stripe"):
        assert text in page.text


def test_a_wrong_secret_opens_nothing(portal, browser, customer):
    session = portal.sessions.create({"customer": customer.id})
    inside = enter(portal, browser, customer)

    assert browser.look(session.url[:-1]).status_code == 410
    assert browser.look(inside[:-1]).status_code == 410
    assert browser.look(inside.replace("/p/", "/p/session/")).status_code == 410


def test_a_card_is_added_and_charged_from_now_on(sandbox_client, portal, browser, customer):
    page = browser.send(enter(portal, browser, customer), action="add_card", card="pm_card_amex")

    assert told(page) == ["American Express ending 8431 was added and is charged from now on."]
    now = sandbox_client.v1.customers.retrieve(customer.id)
    default = now.invoice_settings.default_payment_method
    assert sandbox_client.v1.payment_methods.retrieve(default).card.last4 == "8431"


def test_a_declined_card_is_not_added(sandbox_client, portal, browser, customer):
    inside = enter(portal, browser, customer)

    page = browser.send(inside, action="add_card", card="pm_card_chargeDeclined")

    assert told(page) == ["Your card was declined."]
    assert len(sandbox_client.v1.customers.payment_methods.list(customer.id).data) == 1


@pytest.mark.parametrize(("answer", "number"), [("complete", "3155"), ("fail", "4242")])
def test_a_card_may_ask_its_bank_before_it_is_added(
    sandbox_client, portal, browser, customer, answer, number
):
    inside = enter(portal, browser, customer)

    asked = browser.send(inside, action="add_card", card="pm_card_authenticationRequiredOnSetup")
    back = browser.send(asked.headers["location"], action=answer)

    now = sandbox_client.v1.customers.retrieve(customer.id)
    default = now.invoice_settings.default_payment_method
    assert asked.headers["location"].startswith("/authenticate/seti_")
    assert sandbox_client.v1.payment_methods.retrieve(default).card.last4 == number
    page = browser.look(back.headers["location"])
    assert heading(page) == "Billing"
    assert bool(told(page)) == (answer == "fail")


def test_a_flow_goes_on_after_the_bank_was_asked(portal, browser, customer):
    after = {"type": "redirect", "redirect": {"return_url": BACK}}
    flow = {"type": "payment_method_update", "after_completion": after}
    inside = enter(portal, browser, customer, flow_data=flow)

    asked = browser.send(inside, action="add_card", card="pm_card_authenticationRequired")

    assert browser.send(asked.headers["location"], action="complete").headers["location"] == BACK


def test_cards_are_chosen_and_removed(sandbox_client, portal, browser, customer):
    inside = enter(portal, browser, customer)
    other = sandbox_client.v1.payment_methods.attach("pm_card_amex", {"customer": customer.id})

    browser.send(inside, action="make_default", card=other.id)
    chosen = sandbox_client.v1.customers.retrieve(customer.id).invoice_settings
    browser.send(inside, action="remove_card", card=other.id)
    left = sandbox_client.v1.customers.payment_methods.list(customer.id).data

    assert chosen.default_payment_method == other.id
    assert [one.card.last4 for one in left] == ["4242"]


def test_nothing_of_somebody_else_can_be_touched(sandbox_client, portal, browser, customer):
    other = make_payer(sandbox_client)
    [card] = sandbox_client.v1.customers.payment_methods.list(other.id).data
    foreign = sandbox_client.v1.subscriptions.create(
        {"customer": other.id, "items": [{"price": make_plan(sandbox_client).id}]}
    )
    inside = enter(portal, browser, customer)

    for action, field in (
        ("remove_card", {"card": card.id}),
        ("make_default", {"card": card.id}),
        ("cancel", {"subscription": foreign.id}),
    ):
        assert "No such" in told(browser.send(inside, action=action, **field))[0]
    assert not sandbox_client.v1.subscriptions.retrieve(foreign.id).cancel_at_period_end


def test_details_are_changed(sandbox_client, portal, browser, customer):
    asked = {"name": "<b>Ada</b>", "email": "ada@x.example", "line1": "Main 1", "city": "Rome"}

    page = browser.send(enter(portal, browser, customer), action="change_details", **asked)

    changed = sandbox_client.v1.customers.retrieve(customer.id)
    assert (changed.name, changed.email, changed.address.city) == (
        "<b>Ada</b>", "ada@x.example", "Rome",
    )  # fmt: skip
    assert "<b>Ada" not in page.text


def test_a_subscription_ends_with_its_period_or_goes_on(
    sandbox_client, portal, browser, customer, subscription
):
    inside = enter(portal, browser, customer)
    subscriptions = sandbox_client.v1.subscriptions

    browser.send(inside, action="cancel", subscription=subscription.id)
    cancelled = subscriptions.retrieve(subscription.id)
    browser.send(inside, action="resume", subscription=subscription.id)

    assert cancelled.cancel_at_period_end
    assert cancelled.status == "active"
    assert not subscriptions.retrieve(subscription.id).cancel_at_period_end


def test_a_configuration_may_cancel_at_once(
    sandbox_client, portal, browser, customer, subscription
):
    configuration = configure(portal, subscription_cancel={"enabled": True, "mode": "immediately"})
    inside = enter(portal, browser, customer, configuration=configuration)

    browser.send(inside, action="cancel", subscription=subscription.id)

    assert sandbox_client.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_what_the_configuration_does_not_allow_is_neither_shown_nor_done(
    sandbox_client, portal, browser, customer, subscription
):
    configuration = configure(portal, invoice_history={"enabled": False},
                              payment_method_update={"enabled": True})  # fmt: skip
    inside = enter(portal, browser, customer, configuration=configuration)

    page = browser.look(inside)
    tried = browser.send(inside, action="cancel", subscription=subscription.id)

    assert "Invoices" not in page.text
    assert 'value="cancel"' not in page.text
    assert told(tried) == ["This is not allowed here."]
    assert not sandbox_client.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end


def test_a_flow_leads_to_one_task_and_back(sandbox_client, portal, browser, customer, subscription):
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": subscription.id},
        "after_completion": {"type": "redirect", "redirect": {"return_url": BACK}},
    }
    inside = enter(portal, browser, customer, flow_data=flow)

    page = browser.look(inside)
    done = browser.send(inside, action="cancel", subscription=subscription.id)

    assert "Subscriptions" in page.text
    assert "Invoices" not in page.text
    assert (done.status_code, done.headers["location"]) == (303, BACK)


def test_a_flow_may_end_with_a_word_of_thanks(portal, browser, customer):
    flow = {
        "type": "payment_method_update",
        "after_completion": {
            "type": "hosted_confirmation",
            "hosted_confirmation": {"custom_message": "Thanks, <Ada>"},
        },
    }

    inside = enter(portal, browser, customer, flow_data=flow)

    assert told(browser.send(inside, action="add_card", card="pm_card_visa")) == [
        "Thanks, &lt;Ada&gt;"
    ]


def test_the_session_says_what_it_is(portal, customer):
    session = portal.sessions.create({"customer": customer.id, "return_url": BACK})
    default = portal.configurations.list({"is_default": True}).data[0]

    assert (session.configuration, session.flow, session.return_url) == (default.id, None, BACK)
    assert default.features.subscription_cancel.mode == "at_period_end"


def test_configurations_are_changed_and_switched_off(portal, customer):
    made = portal.configurations.create(
        {
            "name": "Small",
            "business_profile": {"headline": "Hello", "terms_of_service_url": BACK},
            "default_return_url": BACK,
            "features": {"invoice_history": {"enabled": True}},
        }
    )

    changed = portal.configurations.update(
        made.id,
        {"active": False, "features": {"customer_update": {"enabled": True,
                                                           "allowed_updates": ["email"]}}},
    )  # fmt: skip

    assert made.features.invoice_history.enabled
    assert changed.features.customer_update.allowed_updates == ["email"]
    assert changed.features.invoice_history.enabled
    with pytest.raises(stripe.InvalidRequestError, match="not active"):
        portal.sessions.create({"customer": customer.id, "configuration": made.id})


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"customer": "cus_none"}, "customer"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"configuration": "bpc_none"}, "configuration"),
        ({"flow_data": {"type": "subscription_pause", "subscription_pause": {"subscription": "x"}}},
         "flow_data[subscription_pause][subscription]"),
        ({"flow_data": {"type": "subscription_cancel"}}, "flow_data[subscription_cancel]"),
    ],
)  # fmt: skip
def test_what_a_session_cannot_be_is_refused_by_name(portal, customer, asked, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        portal.sessions.create({"customer": customer.id, **asked})

    assert refused.value.param == param


def test_a_deleted_customer_has_no_portal(sandbox_client, portal, browser):
    customer = make_customer(sandbox_client)
    inside = enter(portal, browser, customer)
    sandbox_client.v1.customers.delete(customer.id)

    assert browser.look(inside).status_code == 410
