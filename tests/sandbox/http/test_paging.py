"""Lists come in pages, newest first, and references are expanded when asked for."""

import pytest
import stripe

from portal.sandbox.http.paging import within
from tests.sandbox.objects import (
    fresh,
    make_meter,
    make_metered_price,
    make_payer,
    make_plan,
    raw,
)


@pytest.fixture(scope="module")
def email(sandbox_client):
    """The address that seven customers share, c0 the oldest."""
    shared = f"{fresh('shared')}@example.com"
    for number in range(7):
        sandbox_client.v1.customers.create({"email": shared, "name": f"c{number}"})
    return shared


def names(page):
    return [customer.name for customer in page.data]


def test_a_list_starts_with_the_newest_and_says_where_it_comes_from(sandbox_client, email):
    page = sandbox_client.v1.customers.list({"email": email, "limit": 3})

    assert names(page) == ["c6", "c5", "c4"]
    assert page.has_more is True
    assert page.url == "/v1/customers"
    assert page.object == "list"


def test_a_page_goes_on_after_a_cursor_and_back_before_one(sandbox_client, email):
    customers = sandbox_client.v1.customers
    first = customers.list({"email": email, "limit": 3})
    asked = {"email": email, "limit": 3}

    second = customers.list({**asked, "starting_after": first.data[-1].id})
    back = customers.list({**asked, "limit": 2, "ending_before": second.data[0].id})
    end = customers.list({**asked, "starting_after": second.data[-1].id})

    assert names(second) == ["c3", "c2", "c1"]
    assert (names(back), back.has_more) == (["c5", "c4"], True)
    assert (names(end), end.has_more) == (["c0"], False)


def test_paging_by_itself_finds_each_object_once(sandbox_client, email):
    page = sandbox_client.v1.customers.list({"email": email, "limit": 2})

    found = [customer.name for customer in page.auto_paging_iter()]

    assert found == [f"c{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("params", "param", "said"),
    [
        ({"limit": 0}, "limit", "greater than or equal to 1"),
        ({"limit": 101}, "limit", "less than or equal to 100 (it currently is '101')"),
        ({"starting_after": "cus_x"}, "starting_after", "No such customer: 'cus_x'"),
        ({"ending_before": "cus_x"}, "ending_before", "No such customer: 'cus_x'"),
        (
            {"starting_after": "cus_x", "ending_before": "cus_y"},
            "ending_before",
            "only specify one",
        ),
        ({"expand[0]": "default_source"}, "expand", "'data.default_source'"),
    ],
)
def test_a_page_that_cannot_be_is_refused(sandbox, params, param, said):
    with raw(sandbox) as http:
        response = http.get("/v1/customers", params=params)

    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert said in response.json()["error"]["message"]


def test_references_expand_four_levels_deep(sandbox_client):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)
    made = sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "items": [{"price": plan.id}]}
    )
    expand = [
        "customer.invoice_settings.default_payment_method",
        "items.data.price.product",
        "latest_invoice.payments",
        "latest_invoice.confirmation_secret",
        "schedule",
        "pending_setup_intent",
        "discounts",
    ]

    found = sandbox_client.v1.subscriptions.retrieve(made.id, {"expand": expand})

    assert isinstance(found.customer, stripe.Customer)
    assert found.customer.invoice_settings.default_payment_method.card.last4 == "4242"
    assert found["items"].data[0].price.product.name == "Build"
    assert found.latest_invoice.payments.data[0].status == "paid"
    assert found.latest_invoice.confirmation_secret.type == "payment_intent"
    assert found.schedule is None


def test_a_list_expands_its_data(sandbox_client):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)
    sandbox_client.v1.subscriptions.create({"customer": payer.id, "items": [{"price": plan.id}]})

    page = sandbox_client.v1.subscriptions.list(
        {"customer": payer.id, "expand": ["data.customer", "data.items.data.price"]}
    )

    assert page.data[0].customer.email == payer.email


def test_a_long_list_inside_an_object_shows_ten_and_pages_the_rest(sandbox_client):
    payer = make_payer(sandbox_client)
    items = [{"price": make_plan(sandbox_client, 100 + number).id} for number in range(12)]
    made = sandbox_client.v1.subscriptions.create(
        {"customer": payer.id, "items": items, "expand": ["latest_invoice"]}
    )
    preview = sandbox_client.v1.invoices.create_preview({"subscription": made.id})

    for embedded in (made["items"], made.latest_invoice.lines, preview.lines):
        assert len(embedded.data) == 10
        assert embedded.has_more is True
        assert len({one.id for one in embedded.auto_paging_iter()}) == 12


def test_prices_are_found_by_lookup_key_meter_and_product(sandbox_client):
    meter = make_meter(sandbox_client)
    key = fresh("scale")
    price = make_metered_price(sandbox_client, meter, lookup_key=key)
    prices = sandbox_client.v1.prices

    for asked in (
        {"lookup_keys": [key]},
        {"recurring": {"meter": meter.id}},
        {"product": price.product, "active": True},
    ):
        assert [found.id for found in prices.list(asked).data] == [price.id]


@pytest.mark.parametrize(
    ("asked", "matches"),
    [
        (None, True),
        (100, True),
        (99, False),
        ({"gte": 100, "lt": 101}, True),
        ({"gt": 100}, False),
        ({"lte": 99}, False),
        ({"gt": 99, "lte": 100}, True),
    ],
)
def test_times_are_filtered_by_their_bounds(asked, matches):
    assert within(asked, 100) is matches


@pytest.mark.parametrize("path", ["/v1/subscriptions", "/v1/invoices", "/v1/payment_methods"])
def test_a_filter_by_nobody_is_refused(sandbox, path):
    with raw(sandbox) as http:
        response = http.get(path, params={"customer": "cus_nobody"})

    assert response.status_code == 400
    assert response.json()["error"]["param"] == "customer"
