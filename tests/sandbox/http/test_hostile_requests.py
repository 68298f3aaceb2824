"""Whatever is asked, the answer is Stripe's: a result or a refusal in words, never a failure."""

import json
import re
import time
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.sandbox.answering import Answering
from portal.sandbox.faults import Faults
from portal.sandbox.http.rate_limit import Limiter, RateLimit
from portal.sandbox.http.request import Request
from portal.sandbox.resources import ROUTES
from portal.sandbox.resources.invoiceitems import create_invoice_item
from tests.sandbox.billing.company import Company
from tests.sandbox.http.asking import Asking

ENDPOINTS = [endpoint for routes in ROUTES for endpoint in routes.endpoints]
KEY = {"authorization": "Bearer sk_test_x"}
HOSTILE = (
    "", "0", "-1", "13", "1e999999", "1e-13", "NaN", "inf", "true", "\0", "\u2603", "x" * 600, "[",
    "9223372036854775807", "9" * 40, "1767225600", "1795540000", "253402300800", "usd", "zzz",
    "month", "week", "metered", "tiered", "volume", "sum", "card", "now", "*", "pm_card_visa",
    "pm_card_chargeCustomerFail", "http://[", "http://127.0.0.1:9/", "search",
)  # fmt: skip


@pytest.fixture(scope="module")
def company():
    """A company with one of everything, whose ids a request may name."""
    made = Company()
    meter, customer = made.meter(), made.customer()
    made.subscribe(customer, made.licensed(), made.metered(meter))
    made.use(customer, "5")
    create_invoice_item(made.call(customer=customer["id"], amount=500, currency="usd"))
    made.store.commit()
    return made


@pytest.fixture(scope="module")
def answering(company):
    limiter = Limiter(RateLimit.OFF, time.monotonic)
    return Answering(company.store, company.ledger, limiter, Faults())


@pytest.fixture(scope="module")
def ids(company):
    kinds = ("customer", "product", "price", "subscription", "invoice", "billing.meter", "event",
             "invoiceitem", "line_item", "payment_method", "payment_intent")  # fmt: skip
    return [company.store.every(kind)[0]["id"] for kind in kinds]


@given(data=st.data())
@settings(max_examples=400)
def test_no_request_makes_the_sandbox_fail(answering, ids, data):
    endpoint = data.draw(st.sampled_from(ENDPOINTS))
    values = st.sampled_from((*ids, *HOSTILE))
    names = st.sampled_from(sorted(endpoint.acts_on))
    given_params = data.draw(st.dictionaries(names, values, max_size=6))
    path = re.sub(r"\(\?P<\w+>.*?\+\)", lambda _: data.draw(values), endpoint.path.pattern)

    answer = answering.answer(_request(endpoint.method, path, given_params))

    found = json.loads(answer.body)
    assert answer.status < 500
    assert answer.status == 200 or {"message", "type"} <= found["error"].keys()


@given(data=st.data())
# The first request to an endpoint makes its validator, which takes a while.
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_request_of_the_right_shape_makes_the_sandbox_fail(answering, ids, data):
    endpoint = data.draw(st.sampled_from([one for one in ENDPOINTS if not _is_json(one)]))
    values = st.sampled_from((*ids, *HOSTILE))
    form = urlencode(Asking(data.draw, values).form(endpoint)).encode()
    named = [id for id in ids if id.startswith(_prefix_of(endpoint))]
    id = data.draw(st.sampled_from(named) if named else values)
    path = re.sub(r"\(\?P<\w+>.*?\+\)", lambda _: id, endpoint.path.pattern)
    is_post = endpoint.method == "POST"
    query, body = ("", form) if is_post else (form.decode(), b"")

    answer = answering.answer(Request(endpoint.method, path, query, KEY, body))

    assert answer.status < 500


@pytest.mark.parametrize("identifier", ["\\ud800", "\\udfff\\ud800"])
def test_half_a_surrogate_pair_is_no_text(answering, ids, identifier):
    payload = f'{{"stripe_customer_id": "{ids[0]}", "value": "1"}}'
    body = f'{{"event_name": "calls", "identifier": "{identifier}", "payload": {payload}}}'

    answer = answering.answer(Request("POST", "/v2/billing/meter_events", "", KEY, body.encode()))

    assert (answer.status, "must be a JSON object" in answer.body) == (400, True)


def _prefix_of(endpoint):
    """How the ids begin that the path may hold, for those of the company's kinds."""
    words = endpoint.path.pattern.split("(")[0].strip("/").split("/")
    return {
        "customers": "cus_", "events": "evt_", "invoiceitems": "ii_", "invoices": "in_",
        "meters": "mtr_", "payment_intents": "pi_", "payment_methods": "pm_", "plans": "price_",
        "prices": "price_", "products": "prod_", "subscriptions": "sub_",
    }.get(words[-1], "-")  # fmt: skip


def _is_json(endpoint):
    return endpoint.path.pattern.startswith("/v2/")


def _request(method: str, path: str, params: dict[str, str]) -> Request:
    """The parameters as a form, or as JSON in v2; `items.price` is the price of the first item."""
    if path.startswith("/v2/") and method == "POST":
        return Request(method, path, "", KEY, json.dumps(params).encode())
    form = urlencode({_bracketed(name): value for name, value in params.items()})
    if method == "POST":
        return Request(method, path, "", KEY, form.encode())
    return Request(method, path, form, KEY, b"")


def _bracketed(name: str) -> str:
    """The name in brackets; what stands in a list is put into its first place."""
    head, *rest = re.sub(r"\b(items|line_items|lines|phases)\.", r"\1.0.", name).split(".")
    is_list = name in ("expand", "tiers", "enabled_events", "lookup_keys", "types", "ids")
    return head + "".join(f"[{part}]" for part in rest) + ("[0]" if is_list else "")
