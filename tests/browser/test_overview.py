"""Walks through the demo in a real browser, from the local Stripe to what a person sees."""

import re
import uuid
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.fixtures.demo import Demo

pytestmark = pytest.mark.browser
WAIT_MS = 15_000


def customer_id(demo: Demo, name: str) -> str:
    customers = demo.stripe().v1.customers.list({"limit": 100}).auto_paging_iter()
    return next(customer.id for customer in customers if customer.name == name)


def preview_total(demo: Demo, customer: str) -> str:
    client = demo.stripe()
    subscription = client.v1.subscriptions.list({"customer": customer}).data[0]
    preview = client.v1.invoices.create_preview({"subscription": subscription.id})
    return f"${Decimal(preview.total) / 100:,.2f}"


def send_usage(demo: Demo, customer: str, event_name: str, value: int) -> None:
    demo.stripe().v1.billing.meter_events.create(
        {
            "event_name": event_name,
            "identifier": str(uuid.uuid4()),
            "payload": {"stripe_customer_id": customer, "value": str(value)},
        }
    )


def sign_in(page: Page, demo: Demo, name: str) -> None:
    page.goto(f"{demo.url}/sign-in")
    page.get_by_role("button", name=re.compile(name)).click()
    page.get_by_role("heading", level=1, name="Overview").wait_for()


def test_a_stranger_is_asked_to_sign_in(demo: Demo, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    page.goto(demo.url)
    expect(page).to_have_url(re.compile(r"/sign-in/?$"))
    expect(page.get_by_role("button", name=re.compile("Acme Robotics"))).to_be_visible()


def test_the_total_is_stripes_own_to_the_cent(demo: Demo, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    sign_in(page, demo, "Acme Freight")
    total = preview_total(demo, customer_id(demo, "Acme Freight"))
    invoice = page.get_by_role("region", name=re.compile("Upcoming invoice"))
    expect(invoice).to_contain_text(total, timeout=WAIT_MS)


def test_reported_usage_appears_without_a_reload(demo: Demo, acme: Page) -> None:
    acme.evaluate("window.sameDocument = true")
    row = acme.get_by_role("row").filter(has_text="Output tokens")
    send_usage(demo, customer_id(demo, "Acme Robotics"), "output_tokens", 3_000_000_000)
    expect(row).to_contain_text(re.compile(r"3,\d{3}\sM"), timeout=WAIT_MS)
    assert acme.evaluate("window.sameDocument") is True


def test_a_changed_product_appears_by_its_webhook(demo: Demo, acme: Page) -> None:
    client = demo.stripe()
    storage = next(p for p in client.v1.products.list({"limit": 100}).data if p.name == "Storage")
    client.v1.products.update(storage.id, {"name": "Object storage"})
    try:
        expect(acme.get_by_role("row").filter(has_text="Object storage")).to_be_visible(
            timeout=WAIT_MS
        )
    finally:
        client.v1.products.update(storage.id, {"name": "Storage"})


def test_the_session_cookie_is_out_of_reach_of_scripts(acme: Page) -> None:
    assert acme.evaluate("document.cookie") == ""
    names = {cookie.get("name") for cookie in acme.context.cookies() if cookie.get("httpOnly")}
    assert "portal_session" in names


def test_signing_out_closes_the_door(demo: Demo, acme: Page) -> None:
    acme.get_by_role("button", name=re.compile("Acme Robotics")).click()
    acme.get_by_role("button", name="Sign out").click()
    expect(acme).to_have_url(re.compile(r"/sign-in/?$"))
    acme.goto(demo.url)
    expect(acme).to_have_url(re.compile(r"/sign-in/?$"))


def test_an_address_that_does_not_exist_says_so(
    demo: Demo, browser_context: BrowserContext
) -> None:
    page = browser_context.new_page()
    answer = page.goto(f"{demo.url}/nothing-here")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("width", [1440, 1000, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_overview_is_accessible_and_never_scrolls_sideways(
    acme: Page, width: int, scheme: str
) -> None:
    acme.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    acme.set_viewport_size({"width": width, "height": 900})
    acme.get_by_text("What makes up").wait_for()
    overflow = acme.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    found = Axe().run(acme)
    assert found.violations_count == 0, found.generate_report()


def test_no_script_or_style_comes_from_another_host(demo: Demo, acme: Page) -> None:
    hosts: set[str] = set()
    acme.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    acme.reload()
    acme.get_by_text("What makes up").wait_for()
    assert hosts == {demo.url.split("//")[1]}
