"""How requests are refused: Stripe's status codes, envelope and headers."""

import httpx
import pytest
import stripe

from tests.sandbox.objects import fresh, make_customer, make_payer, make_plan, raw


@pytest.fixture(scope="module")
def http(sandbox):
    with raw(sandbox) as client:
        yield client


def error_of(response: httpx.Response) -> dict:
    return response.json()["error"]


def test_an_unknown_id_in_the_path_is_not_found(http):
    response = http.get("/v1/customers/cus_nobody")

    error = error_of(response)
    assert response.status_code == 404
    assert error["type"] == "invalid_request_error"
    assert error["code"] == "resource_missing"
    assert error["param"] == "id"
    assert error["message"] == "No such customer: 'cus_nobody'"
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/resource-missing"
    assert response.headers["request-id"] in error["request_log_url"]


def test_an_unknown_id_in_the_body_names_its_parameter_in_brackets(http, sandbox_client):
    customer = make_customer(sandbox_client)

    response = http.post(
        "/v1/subscriptions", data={"customer": customer.id, "items[0][price]": "invalid"}
    )

    assert response.status_code == 400
    assert error_of(response)["code"] == "resource_missing"
    assert error_of(response)["param"] == "items[0][price]"
    assert error_of(response)["message"] == "No such price: 'invalid'"


def test_an_endpoint_that_is_not_there_is_named(http):
    response = http.get("/v1/quotes")

    assert response.status_code == 404
    assert error_of(response)["message"].startswith("Unrecognized request URL (GET: /v1/quotes).")


def test_a_method_that_an_endpoint_does_not_have_is_named(http):
    response = http.put("/v1/customers")

    assert response.status_code == 404
    assert "(PUT: /v1/customers)" in error_of(response)["message"]


@pytest.mark.parametrize(
    ("authorization", "said"),
    [
        (None, "You did not provide an API key."),
        ("Bearer nonsense", "Invalid API Key provided: nonsense***ense"),
        ("Bearer sk_live_51abcdefgh", "A live key was sent to a sandbox."),
        ("Basic !!!", "You did not provide an API key."),
        ("Basic /w==", "You did not provide an API key."),
        (b"Basic \xc3\xa9", "You did not provide an API key."),
    ],
)
def test_a_key_that_is_missing_or_wrong_is_refused(sandbox, authorization, said):
    headers = {"Authorization": authorization} if authorization else {}

    response = httpx.get(f"{sandbox.url}/v1/customers", headers=headers, trust_env=False)

    assert response.status_code == 401
    assert error_of(response)["message"].startswith(said)


def test_a_key_may_come_as_the_user_name_of_basic_authentication(http):
    assert http.get("/v1/customers", auth=("sk_test_basic", "")).status_code == 200


def test_a_connected_account_is_refused(http):
    response = http.get("/v1/customers", headers={"Stripe-Account": "acct_1"})

    assert response.status_code == 403
    assert error_of(response)["code"] == "account_invalid"


@pytest.mark.parametrize(
    ("path", "form", "code", "param"),
    [
        ("/v1/customers", {"emial": "ada"}, "parameter_unknown", "emial"),
        ("/v1/customers", {"address[town]": "x"}, "parameter_unknown", "address[town]"),
        ("/v1/products", {}, "parameter_missing", "name"),
        ("/v1/prices", {"currency": "usd"}, "parameter_missing", "product"),
        ("/v1/customers", {"next_invoice_sequence": "two"}, "parameter_invalid_integer",
         "next_invoice_sequence"),
        ("/v1/products", {"name": "a", "active": "yes"}, None, "active"),
        ("/v1/customers", {"source": "tok_visa"}, "sandbox_parameter_not_supported", "source"),
        ("/v1/customers", {"metadata[a]": "1", "metadata": "2"}, None, "metadata"),
        ("/v1/customers", {"expand[0]": "nonsense"}, None, "expand"),
        ("/v1/customers", {"expand[0]": "a.b.c.d.e"}, None, "expand"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_by_name(http, path, form, code, param):
    response = http.post(path, data=form)

    assert response.status_code == 400
    assert error_of(response).get("code") == code
    assert error_of(response)["param"] == param
    assert "stripe-should-retry" not in response.headers


def test_an_unknown_parameter_is_refused_in_stripes_words(sandbox_client):
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: emial"):
        sandbox_client.v1.customers.create({"emial": "ada@example.com"})


def test_a_refused_request_changes_nothing(http, sandbox_client):
    email = f"{fresh('ada')}@example.com"
    form = {"email": email, "payment_method": "pm_card_chargeDeclined"}

    response = http.post("/v1/customers", data=form)

    assert response.status_code == 402
    assert sandbox_client.v1.customers.list({"email": email}).data == []


def test_json_is_no_form(http):
    response = http.post("/v1/customers", json={"email": "ada@example.com"})

    assert response.status_code == 400
    assert "application/x-www-form-urlencoded" in error_of(response)["message"]


def test_a_declined_card_cannot_be_attached(sandbox_client):
    customer = make_customer(sandbox_client)

    with pytest.raises(stripe.CardError) as refused:
        sandbox_client.v1.payment_methods.attach(
            "pm_card_chargeDeclined", {"customer": customer.id}
        )

    error = refused.value
    assert error.http_status == 402
    assert error.code == "card_declined"
    assert error.error.decline_code == "generic_decline"
    assert error.headers["stripe-should-retry"] == "false"


def test_a_plan_needs_something_to_pay_with(http, sandbox_client):
    customer, plan = make_customer(sandbox_client), make_plan(sandbox_client)

    response = http.post(
        "/v1/subscriptions", data={"customer": customer.id, "items[0][price]": plan.id}
    )

    assert response.status_code == 400
    assert error_of(response)["code"] == "resource_missing"
    assert error_of(response)["message"].startswith("This customer has no attached payment source")
    assert response.headers["stripe-should-retry"] == "false"


def test_a_card_that_fails_later_leaves_the_subscription_incomplete(sandbox_client):
    payer = make_payer(sandbox_client, "pm_card_chargeCustomerFail")
    plan = make_plan(sandbox_client)
    asked = {"customer": payer.id, "items": [{"price": plan.id}]}

    subscription = sandbox_client.v1.subscriptions.create(asked)

    assert subscription.status == "incomplete"
    with pytest.raises(stripe.CardError) as refused:
        sandbox_client.v1.subscriptions.create({**asked, "payment_behavior": "error_if_incomplete"})
    assert refused.value.http_status == 402
    assert (refused.value.code, refused.value.error.decline_code) == (
        "card_declined",
        "generic_decline",
    )


@pytest.mark.parametrize(
    "amount", ["1e999999", "1e99999999999", "9" * 60, "NaN", "1_000", "\u0663"], ids=repr
)
def test_an_amount_that_is_no_usual_number_is_refused_at_once(http, amount):
    response = http.post(
        "/v1/prices",
        data={"currency": "usd", "product_data[name]": "P", "unit_amount_decimal": amount},
    )

    assert response.status_code == 400
    assert error_of(response)["param"] == "unit_amount_decimal"
    assert error_of(response)["message"].startswith("Invalid decimal: ")


@pytest.mark.parametrize("body", ["[" * 100_000, '{"name":' * 100_000], ids=["lists", "objects"])
def test_json_of_any_depth_is_refused(http, body):
    response = http.post("/v2/core/event_destinations", content=body)

    assert response.status_code == 400
    assert "must be a JSON object" in error_of(response)["message"]


@pytest.mark.parametrize("moment", [-1, 4_102_444_801, 9_999_999_999_999_999_999])
def test_a_clock_stands_at_a_moment_that_leaves_room_for_periods(http, moment):
    response = http.post("/v1/test_helpers/test_clocks", data={"frozen_time": moment})

    assert response.status_code == 400
    assert error_of(response)["param"] == "frozen_time"


@pytest.mark.parametrize(
    "url",
    [
        "http://[",
        "http://",
        "https://a b.example/",
        "http://127.0.0.1:abc/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1/\n",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
    ],
)
def test_a_webhook_goes_to_an_address_that_can_be_reached(http, url):
    response = http.post(
        "/v1/webhook_endpoints", data={"url": url, "enabled_events[0]": "customer.created"}
    )

    assert response.status_code == 400
    assert error_of(response)["code"] == "url_invalid"


@pytest.mark.parametrize(
    ("path", "given", "param"),
    [
        ("/v1/products", {"name": ""}, "name"),
        ("/v1/billing/meters", {"display_name": "", "event_name": "a"}, "display_name"),
        ("/v1/billing/meters", {"display_name": "A", "event_name": ""}, "event_name"),
    ],
)
def test_a_name_cannot_be_emptied(http, path, given, param):
    formula = {"default_aggregation[formula]": "sum"} if "meters" in path else {}

    response = http.post(path, data={**given, **formula})

    assert response.status_code == 400
    assert error_of(response)["code"] == "parameter_invalid_empty"
    assert error_of(response)["param"] == param


@pytest.mark.parametrize(
    "given",
    [
        {"invoice_prefix": ""},
        {"invoice_prefix": "ab-1"},
        {"next_invoice_sequence": "0"},
        {"next_invoice_sequence": "-5"},
    ],
)
def test_invoice_numbers_are_made_of_usable_parts(http, given):
    response = http.post("/v1/customers", data=given)

    assert response.status_code == 400
    assert error_of(response)["param"] in given


def test_a_page_is_no_parameter_of_making_something(http):
    destination = {
        "name": "N",
        "type": "webhook_endpoint",
        "event_payload": "thin",
        "enabled_events": ["v1.customer.created"],
        "webhook_endpoint": {"url": "http://127.0.0.1:9/"},
    }

    response = http.post("/v2/core/event_destinations", json={**destination, "page": "x"})

    assert response.status_code == 400
    assert error_of(response)["code"] == "parameter_unknown"


@pytest.mark.parametrize("resource", ["customers", "invoices", "prices", "subscriptions"])
def test_searching_is_an_endpoint_that_is_not_there(http, resource):
    response = http.get(f"/v1/{resource}/search", params={"query": "email:'a'"})

    assert response.status_code == 404
    assert f"(GET: /v1/{resource}/search)" in error_of(response)["message"]


@pytest.mark.parametrize(
    ("path", "given", "param"),
    [
        ("/v1/subscriptions", {"customer": "cus_x", "on_behalf_of": "acct_x"}, "on_behalf_of"),
        ("/v1/payment_methods", {"type": "klarna"}, "type"),
        (
            "/v1/prices",
            {
                "currency": "usd",
                "product_data[name]": "P",
                "custom_unit_amount[enabled]": "true",
            },
            "custom_unit_amount[enabled]",
        ),
    ],
)
def test_what_stripe_has_and_the_sandbox_has_not_is_refused_with_one_code(http, path, given, param):
    response = http.post(path, data=given)

    assert response.status_code == 400
    assert error_of(response)["code"] == "sandbox_parameter_not_supported"
    assert error_of(response)["param"] == param


def test_a_giant_body_is_refused_and_the_next_request_answered(http):
    response = http.post("/v1/customers", content=b"name=" + b"x" * 3_000_000)

    assert response.status_code == 413
    assert error_of(response)["type"] == "invalid_request_error"
    assert http.get("/v1/customers").status_code == 200


@pytest.mark.parametrize("id", ["a/b", "..", "search", "a b", "a?b", "\0", "x" * 256], ids=repr)
def test_a_product_has_an_id_that_it_can_be_asked_for_by(http, id):
    response = http.post("/v1/products", data={"name": "P", "id": id})

    assert response.status_code == 400
    assert error_of(response)["param"] == "id"
