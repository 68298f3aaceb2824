"""An invoice's PDF, read back as text."""

import unicodedata
from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.sandbox.hosted.invoice_pdf import invoice_pdf
from portal.sandbox.hosted.invoice_view import invoice_view
from portal.sandbox.resources.invoice_actions import finalize_invoice
from portal.sandbox.resources.invoiceitems import create_invoice_item
from portal.sandbox.resources.invoices import create_invoice
from tests.sandbox.billing.company import Company


@pytest.fixture
def company():
    return Company()


def add(company, customer, amount, currency="usd", **asked):
    create_invoice_item(
        company.call(customer=customer["id"], amount=amount, currency=currency, **asked)
    )


def issue(company, customer, **asked):
    """A finalised invoice of everything that waits, and its pages as texts."""
    wanted = {"customer": customer["id"], "pending_invoice_items_behavior": "include", **asked}
    draft = create_invoice(company.call(**wanted))
    return finalize_invoice(company.call(), draft["id"])


def pages(company, invoice, page_size=None):
    document = invoice_pdf(invoice_view(company.store, invoice), page_size)
    return [page.extract_text() for page in PdfReader(BytesIO(document)).pages]


def test_it_says_what_the_invoice_says(company):
    customer = company.customer(address={"line1": "Main 1", "city": "Wien", "country": "AT"})
    add(company, customer, 10_000, description="Setup")
    create_invoice_item(
        company.call(
            customer=customer["id"], unit_amount_decimal="0.125", quantity=12_000,
            currency="usd", description="Requests",
        )
    )  # fmt: skip
    invoice = issue(
        company,
        customer,
        collection_method="send_invoice",
        days_until_due=30,
        description="For May",
        footer="Thank you",
        custom_fields=[{"name": "Order", "value": "PO-12"}],
    )

    [text] = pages(company, invoice)

    for said in (
        invoice["number"], "Acme", "ann@acme.example", "Main 1", "Wien", "For May", "Thank you",
        "PO-12", "1 January 2026", "31 January 2026", "Setup", "Requests", "12,000", "$0.00125",
        "$15.00", "$100.00", "$115.00", "Amount due", "Page 1 of 1",
        "No money has moved",
    ):  # fmt: skip
        assert said in text


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("jpy", 12_000, "¥12,000"), ("kwd", 12_345, "12.345"), ("eur", -5, "−€0.05")],
)
def test_currencies_keep_their_decimals(company, currency, amount, shown):
    customer = company.customer()
    add(company, customer, amount, currency, description="Work")

    [text] = pages(company, issue(company, customer, currency=currency))

    assert shown in text


@pytest.mark.parametrize(
    "name",
    ["Łukasz Żółć", "Ωμέγα ΑΕ", "Москва", "株式会社データ", "삼성전자", "Công ty Việt", "腾讯科技"],
)
def test_names_of_many_alphabets_are_written_with_their_own_letters(company, name):
    customer = company.customer()
    company.store.put(company.get("customer", customer["id"]) | {"name": name})
    add(company, customer, 500, description=f"Work for {name}")

    [text] = pages(company, issue(company, customer))

    assert name in text
    assert f"Work for {name}" in text


@pytest.mark.parametrize("name", ["שלום בע״מ", "شركة النور"])
def test_names_that_run_from_right_to_left_are_set_that_way(company, name):
    customer = company.customer()
    company.store.put(company.get("customer", customer["id"]) | {"name": name})
    add(company, customer, 500)

    [text] = pages(company, issue(company, customer))

    # Joined letters have forms of their own, which stand for the plain ones.
    plain = unicodedata.normalize("NFKC", text)
    assert all(word in plain for word in name.split())
    assert "[U+" not in text


def test_what_no_font_has_is_named_and_not_left_out(company):
    customer = company.customer()
    add(company, customer, 500, description="Rocket 🚀 สวัสดี")

    [text] = pages(company, issue(company, customer))

    assert "[U+1F680]" in text
    assert "[U+0E2A]" in text


def test_what_people_wrote_is_no_markup(company):
    customer = company.customer()
    add(company, customer, 500, description='<b>x</b> &amp; <para> "q" \x07')

    [text] = pages(company, issue(company, customer))

    assert '<b>x</b> &amp; <para> "q"' in text


def test_a_long_invoice_goes_over_several_numbered_pages(company):
    customer = company.customer()
    for number in range(70):
        add(company, customer, number, description=f"Position {number}")

    texts = pages(company, issue(company, customer))

    assert len(texts) > 2
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
    for number in range(70):
        assert sum(f"Position {number}\n" in text for text in texts) == 1
    assert "$24.15" in texts[-1]


def test_a_word_longer_than_the_page_is_broken_and_not_lost(company):
    customer = company.customer()
    add(company, customer, 500, description="x" * 900)

    text = "".join(pages(company, issue(company, customer)))

    assert text.count("x") >= 900


def test_the_page_size_is_the_one_asked_for(company):
    customer = company.customer()
    add(company, customer, 500)
    view = invoice_view(company.store, issue(company, customer))

    sizes = [
        [round(side) for side in PdfReader(BytesIO(invoice_pdf(view, size))).pages[0].mediabox[2:]]
        for size in ("letter", "a4")
    ]

    assert sizes == [[612, 792], [595, 842]]


def test_the_same_invoice_gives_the_same_bytes(company):
    customer = company.customer()
    add(company, customer, 500)
    view = invoice_view(company.store, issue(company, customer))

    assert invoice_pdf(view) == invoice_pdf(view)


def test_an_empty_invoice_has_a_pdf_too(company):
    [text] = pages(company, issue(company, company.customer()))

    assert "This invoice has no lines." in text
