"""Stripe's hosted pages, as the sandbox has them, in a real browser: gone through and looked at."""

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.fixtures.sandbox import SandboxProcess
from tests.sandbox.objects import make_payer, make_plan

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    return browser_context.new_page()


@pytest.fixture
def invoice(sandbox_client: stripe.StripeClient) -> stripe.Invoice:
    customer = make_payer(sandbox_client, name="Acme Robotics " * 6)
    for amount in (120_000, 99, -50):
        sandbox_client.v1.invoice_items.create(
            {
                "customer": customer.id,
                "amount": amount,
                "currency": "usd",
                "description": "Work " * 9,
            }
        )
    draft = sandbox_client.v1.invoices.create(
        {"customer": customer.id, "pending_invoice_items_behavior": "include"}
    )
    return sandbox_client.v1.invoices.finalize_invoice(draft.id)


def addresses(client: stripe.StripeClient, invoice: stripe.Invoice) -> dict[str, str]:
    """One address of each kind of page."""
    done = "https://shop.example/done"
    setup = {"mode": "setup", "currency": "usd", "customer": invoice.customer, "success_url": done}
    items = [{"price": make_plan(client).id, "quantity": 3}]
    sale = {"mode": "subscription", "line_items": items, "success_url": done, "cancel_url": done}
    portal = {"customer": invoice.customer, "return_url": done}
    return {
        "invoice": invoice.hosted_invoice_url,
        "setup": client.v1.checkout.sessions.create(setup).url,
        "sale": client.v1.checkout.sessions.create(sale).url,
        "portal": client.v1.billing_portal.sessions.create(portal).url,
    }


def test_an_invoice_is_paid_after_the_bank_was_asked(
    page: Page, invoice: stripe.Invoice, sandbox_client: stripe.StripeClient
) -> None:
    page.goto(invoice.hosted_invoice_url)
    page.get_by_text("Use a test card").click()
    page.get_by_role("radio", name="Asks for authentication every time").check()
    page.get_by_role("button", name="Pay $1,200.49").click()
    page.get_by_role("button", name="Complete authentication").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("$1,200.49 paid")
    assert sandbox_client.v1.invoices.retrieve(invoice.id).status == "paid"


def test_a_refused_card_is_told_and_another_one_pays(page: Page, invoice: stripe.Invoice) -> None:
    page.goto(invoice.hosted_invoice_url)
    page.get_by_text("Use a test card").click()
    page.get_by_role("radio", name="Has insufficient funds").check()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_have_text("Your card has insufficient funds.")
    page.get_by_role("button", name="Pay").click()

    expect(page.get_by_role("status")).to_have_text("Paid. Thank you.")


def test_a_card_is_saved_and_the_browser_goes_back(
    page: Page,
    invoice: stripe.Invoice,
    sandbox: SandboxProcess,
    sandbox_client: stripe.StripeClient,
) -> None:
    back = f"{sandbox.url}/hosted/style.css?session={{CHECKOUT_SESSION_ID}}"
    session = sandbox_client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "usd", "customer": invoice.customer, "success_url": back}
    )

    page.goto(session.url)
    page.get_by_role("button", name="Save card").click()

    expect(page).to_have_url(back.replace("{CHECKOUT_SESSION_ID}", session.id))


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_never_scrolls_sideways(
    chromium: Browser,
    invoice: stripe.Invoice,
    sandbox_client: stripe.StripeClient,
    width: int,
    scheme: str,
) -> None:
    # The pages allow no script, not even the checker's.
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    for name, address in addresses(sandbox_client, invoice).items():
        page.goto(address)
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true }")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    context.close()
