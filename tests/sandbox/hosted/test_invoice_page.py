"""The hosted invoice: a customer sees what they owe and pays it, or fails to."""

import pytest

from tests.sandbox.hosted.browser import heading, told
from tests.sandbox.objects import make_customer, make_payer, make_plan

HOSTILE = "<script>alert('x')</script> & \"Co\" {path}"


def make_open(client, customer, amount=1000, **asked):
    client.v1.invoice_items.create(
        {"customer": customer.id, "amount": amount, "currency": "usd", "description": "Work"}
    )
    draft = client.v1.invoices.create(
        {"customer": customer.id, "pending_invoice_items_behavior": "include", **asked}
    )
    return client.v1.invoices.finalize_invoice(draft.id)


def status(client, invoice):
    return client.v1.invoices.retrieve(invoice.id).status


def test_an_open_invoice_says_what_it_is_for_and_what_is_due(sandbox_client, browser):
    invoice = make_open(sandbox_client, make_payer(sandbox_client, name="Acme"))

    page = browser.look(invoice.hosted_invoice_url)

    assert heading(page) == "$10.00 due"
    for text in (invoice.number, "Work", "Acme", "Visa ending 4242", "local stand-in of Stripe"):
        assert text in page.text


def test_the_card_on_file_pays(sandbox_client, browser):
    customer = make_payer(sandbox_client)
    invoice = make_open(sandbox_client, customer)
    [card] = sandbox_client.v1.customers.payment_methods.list(customer.id).data

    sent = browser.send(f"/i/{invoice.id}", card=card.id)

    assert (sent.status_code, sent.headers["location"]) == (303, f"/i/{invoice.id}")
    assert heading(browser.look(f"/i/{invoice.id}")) == "$10.00 paid"
    assert status(sandbox_client, invoice) == "paid"


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("pm_card_chargeDeclined", "Your card was declined."),
        ("pm_card_chargeDeclinedInsufficientFunds", "Your card has insufficient funds."),
        ("pm_card_somebody_elses", "Choose one of the cards."),
    ],
)
def test_a_card_that_does_not_pay_is_told(sandbox_client, browser, card, said):
    invoice = make_open(sandbox_client, make_customer(sandbox_client))

    page = browser.send(f"/i/{invoice.id}", card=card)

    assert told(page) == [said]
    assert status(sandbox_client, invoice) == "open"


def test_a_declined_attempt_stays_as_a_failed_charge(sandbox_client, browser):
    customer = make_customer(sandbox_client)
    invoice = make_open(sandbox_client, customer)

    browser.send(f"/i/{invoice.id}", card="pm_card_chargeDeclined")

    [charge] = sandbox_client.v1.charges.list({"customer": customer.id}).data
    assert (charge.status, charge.failure_code) == ("failed", "card_declined")


@pytest.mark.parametrize(("answer", "becomes"), [("complete", "paid"), ("fail", "open")])
def test_the_bank_is_asked_and_its_answer_counts(sandbox_client, browser, answer, becomes):
    invoice = make_open(sandbox_client, make_customer(sandbox_client))

    asked = browser.send(f"/i/{invoice.id}", card="pm_card_authenticationRequired")
    back = browser.send(asked.headers["location"], action=answer)

    assert asked.headers["location"].startswith("/authenticate/pi_")
    assert back.headers["location"] == f"/i/{invoice.id}"
    assert status(sandbox_client, invoice) == becomes
    assert browser.look(asked.headers["location"]).status_code == 410


def test_paying_the_first_invoice_begins_the_subscription(sandbox_client, browser):
    customer, plan = make_customer(sandbox_client), make_plan(sandbox_client)
    subscription = sandbox_client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": plan.id}],
            "payment_behavior": "default_incomplete",
        }
    )

    browser.send(f"/i/{subscription.latest_invoice}", card="pm_card_visa")

    assert subscription.status == "incomplete"
    assert sandbox_client.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_payment_goes_back_to_the_page_that_confirmed_it(sandbox_client, browser):
    intent = sandbox_client.v1.payment_intents.create(
        {
            "amount": 4200,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
            "return_url": "https://shop.example/done?a=b",
        }
    )
    asked = intent.next_action.redirect_to_url.url

    sent = browser.send(asked.removeprefix(str(browser.http.base_url).rstrip("/")), action="fail")

    address = sent.headers["location"]
    assert address.startswith(f"https://shop.example/done?a=b&payment_intent={intent.id}")
    assert address.endswith("redirect_status=failed")


def test_an_authentication_can_be_taken_up_again(sandbox_client, browser):
    invoice = make_open(sandbox_client, make_customer(sandbox_client))

    asked = browser.send(f"/i/{invoice.id}", card="pm_card_authenticationRequired")

    assert f'href="{asked.headers["location"]}"' in browser.look(f"/i/{invoice.id}").text


def test_a_form_is_good_once(sandbox_client, browser):
    invoice = make_open(sandbox_client, make_customer(sandbox_client))
    address = f"/i/{invoice.id}"
    form = {"token": browser.token(address), "card": "pm_card_chargeDeclined"}

    first, second = (browser.http.post(address, data=form) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 409)


def test_a_form_of_another_page_does_nothing(sandbox_client, browser):
    mine = make_open(sandbox_client, make_customer(sandbox_client))
    other = make_open(sandbox_client, make_customer(sandbox_client))

    for token in (browser.token(f"/i/{other.id}"), "", "x" * 500):
        form = {"token": token, "card": "pm_card_visa"}
        assert browser.http.post(f"/i/{mine.id}", data=form).status_code == 409
    assert status(sandbox_client, mine) == "open"


def test_bodies_that_are_no_form_or_too_large_are_refused(sandbox_client, browser):
    address = f"/i/{make_open(sandbox_client, make_customer(sandbox_client)).id}"

    assert browser.http.post(address, json={"card": "pm_card_visa"}).status_code == 415
    assert browser.http.post(address, data={"card": "x" * 20_000}).status_code == 413
    assert browser.http.post(address, data={"card": "x" * 3_000_000}).status_code == 413
    assert browser.http.put(address, data={}).status_code == 405


def test_what_people_wrote_is_no_markup(sandbox_client, browser):
    customer = make_customer(sandbox_client, name=HOSTILE)
    sandbox_client.v1.invoice_items.create(
        {"customer": customer.id, "amount": 5, "currency": "usd", "description": HOSTILE}
    )
    texts = {"description": HOSTILE, "footer": HOSTILE}
    fields = {"custom_fields": [{"name": HOSTILE[:30], "value": HOSTILE}]}
    invoice = make_open(sandbox_client, customer, **texts, **fields)

    page = browser.look(f"/i/{invoice.id}")

    assert page.status_code == 200
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "address",
    ["/i/in_none", "/i/in_none/pdf", "/i/", "/i/..%2fv1", "/authenticate/pi_none", "/c/pay/cs_none",
     "/p/session/bps_none.x", "/p/bps_none.x", "/receipts/ch_none", "/hosted/..%2fapp.py"],
)  # fmt: skip
def test_what_is_not_there_is_not_there(browser, address):
    assert browser.look(address).status_code in (404, 410)


def test_a_draft_has_no_page_yet(sandbox_client, browser):
    draft = sandbox_client.v1.invoices.create({"customer": make_customer(sandbox_client).id})

    assert browser.look(f"/i/{draft.id}").status_code == 404


def test_a_voided_invoice_cannot_be_paid_from_an_old_page(sandbox_client, browser):
    invoice = make_open(sandbox_client, make_customer(sandbox_client))
    form = {"token": browser.token(f"/i/{invoice.id}"), "card": "pm_card_visa"}
    sandbox_client.v1.invoices.void_invoice(invoice.id)

    page = browser.http.post(f"/i/{invoice.id}", data=form)

    assert "This invoice cannot be paid any more." in told(page)
    assert status(sandbox_client, invoice) == "void"


def test_the_looks_come_from_the_sandbox_itself(browser):
    style = browser.look("/hosted/style.css")
    font = browser.look("/hosted/inter-latin-wght-normal.woff2")

    assert style.headers["content-type"].startswith("text/css")
    assert style.text.count("@media (prefers-color-scheme: dark)") == 2
    assert ".dark" not in style.text
    assert font.content.startswith(b"wOF2")


def test_a_receipt_says_what_was_paid(sandbox_client, browser):
    customer = make_payer(sandbox_client)
    sandbox_client.v1.invoices.pay(make_open(sandbox_client, customer).id)
    [charge] = sandbox_client.v1.charges.list({"customer": customer.id}).data

    page = browser.look(charge.receipt_url)

    assert heading(page) == "$10.00 paid"
    assert "Visa ending 4242" in page.text
