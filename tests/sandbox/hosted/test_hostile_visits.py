"""Whatever a browser sends, a page answers in words: no failure, and no markup but ours."""

import re
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.sandbox.hosted.site import HostedSite
from portal.sandbox.http.request import Request
from portal.sandbox.resources.checkout_sessions import create_session as open_checkout
from portal.sandbox.resources.invoice_actions import finalize_invoice
from portal.sandbox.resources.invoiceitems import create_invoice_item
from portal.sandbox.resources.invoices import create_invoice
from portal.sandbox.resources.portal_sessions import create_session as open_portal
from tests.sandbox.billing.company import Company

FORM = {"content-type": "application/x-www-form-urlencoded"}
ADDRESS = "https://shop.example/done"
HOSTILE = "<script>alert(1)</script>\"'{path}"


class Visits:
    """A site with an open invoice, two Checkout sessions and an open portal; and its addresses."""

    def __init__(self):
        company = Company()
        customer = company.customer()
        company.store.put(customer | {"name": HOSTILE})
        owner = customer["id"]
        subscription = company.subscribe(customer, company.licensed(product=HOSTILE))
        create_invoice_item(
            company.call(customer=owner, amount=500, currency="usd", description=HOSTILE)
        )
        draft = create_invoice(
            company.call(customer=owner, pending_invoice_items_behavior="include")
        )
        finalize_invoice(company.call(), draft["id"])
        self.site = HostedSite(company.store, company.ledger)
        setup = open_checkout(company.call(mode="setup", customer=owner, success_url=ADDRESS))
        items = [{"price": company.licensed()}]
        sale = open_checkout(
            company.call(mode="subscription", line_items=items, success_url=ADDRESS)
        )
        portal = open_portal(company.call(customer=owner, return_url=ADDRESS))
        company.store.commit()
        entered = self.get(portal["url"].removeprefix(company.store.address))
        card = company.store.every("payment_method", customer=owner)[0]["id"]
        self.paths = [f"/i/{draft['id']}", f"/c/pay/{setup['id']}", f"/c/pay/{sale['id']}",
                      entered.headers["Location"]]  # fmt: skip
        tokens = ["pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"]
        self.values = [card, subscription["id"], owner, *tokens, HOSTILE, "", "x" * 600, "\0", "☃"]

    def get(self, path):
        return self.site.answer(Request("GET", path, "", {}, b""))

    def post(self, path, fields):
        return self.site.answer(Request("POST", path, "", FORM, urlencode(fields).encode()))

    def token(self, path):
        found = re.search(rb'name="token" value="([^"]+)"', self.get(path).body)
        return found[1].decode() if found else "none"


@pytest.fixture(scope="module")
def visits():
    return Visits()


ACTIONS = ("pay", "submit", "add_card", "make_default", "remove_card", "change_details", "cancel",
           "resume", "complete", "fail", HOSTILE)  # fmt: skip
NAMES = ("card", "subscription", "name", "email", "line1", "country", "city", "extra")


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_form_makes_a_page_fail(visits, data):
    path = data.draw(st.sampled_from(visits.paths))
    values = st.sampled_from(visits.values)
    fields = data.draw(st.dictionaries(st.sampled_from(NAMES), values))
    fields |= {"token": visits.token(path), "action": data.draw(st.sampled_from(ACTIONS))}

    page = visits.post(path, fields)

    assert page.status < 500
    assert b"<script" not in page.body
    assert page.status != 303 or page.headers["Location"].startswith(("/", ADDRESS))


ADDRESSES = r"/(i|c/pay|p|p/session|authenticate|receipts|hosted)/[\w./%-]{0,40}"


@given(path=st.from_regex(ADDRESSES, fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_no_address_makes_a_page_fail(visits, path):
    assert visits.get(path).status in (200, 404, 410)
