"""The same idempotency key gives the same answer, once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.clock import FrozenClock
from portal.sandbox.idempotency import IdempotencyKeys, fingerprint
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store
from tests.fixtures.database import NOON
from tests.sandbox.objects import fresh, make_customer, make_plan, raw


@pytest.fixture(scope="module")
def http(sandbox):
    with raw(sandbox) as client:
        yield client


def post(http, path, form, key):
    return http.post(path, data=form, headers={"Idempotency-Key": key})


def test_a_repeated_request_is_answered_again_and_done_once(http, sandbox_client):
    key, email = fresh("key"), f"{fresh('ada')}@example.com"

    first = post(http, "/v1/customers", {"email": email}, key)
    again = post(http, "/v1/customers", {"email": email}, key)

    assert again.text == first.text
    assert again.status_code == 200
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.headers["request-id"] != first.headers["request-id"]
    assert "idempotent-replayed" not in first.headers
    assert len(sandbox_client.v1.customers.list({"email": email}).data) == 1


def test_a_post_is_answered_with_stripes_headers(http):
    key = fresh("key")

    response = post(http, "/v1/customers", {}, key)

    assert response.headers["idempotency-key"] == key
    assert response.headers["original-request"] == response.headers["request-id"]
    assert response.headers["stripe-should-retry"] == "false"
    assert response.headers["stripe-version"] == "2026-10-28.endive"
    assert response.headers["content-type"] == "application/json"
    reading = http.get("/v1/customers").headers
    assert reading["request-id"].startswith("req_")
    assert "idempotency-key" not in reading
    assert "stripe-should-retry" not in reading


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/v1/customers", {"name": "Grace"}, "can only be used with the same parameters"),
        ("/v1/products", {"name": "Ada"}, "can only be used for the same endpoint"),
    ],
)
def test_a_key_goes_with_one_request_only(http, path, form, said):
    key = fresh("key")
    post(http, "/v1/customers", {"name": "Ada"}, key)

    response = post(http, path, form, key)

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "idempotency_error"
    assert said in response.json()["error"]["message"]


def test_a_request_that_was_never_carried_out_does_not_use_up_its_key(http):
    key = fresh("key")
    refused = post(http, "/v1/products", {"nam": "Ada"}, key)

    mended = post(http, "/v1/products", {"name": "Ada"}, key)

    assert refused.status_code == 400
    assert mended.status_code == 200


def test_a_decision_against_a_request_is_kept_too(http, sandbox_client):
    customer, plan, key = make_customer(sandbox_client), make_plan(sandbox_client), fresh("key")
    form = {"customer": customer.id, "items[0][price]": plan.id}
    first = post(http, "/v1/subscriptions", form, key)
    card = sandbox_client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    default = {"invoice_settings": {"default_payment_method": card.id}}
    sandbox_client.v1.customers.update(customer.id, default)

    again = post(http, "/v1/subscriptions", form, key)

    assert first.status_code == again.status_code == 400
    assert again.text == first.text


def test_a_crowd_with_one_key_makes_one_object(sandbox, sandbox_client):
    key, email, together = fresh("key"), f"{fresh('ada')}@example.com", threading.Barrier(8)

    def create(_: int) -> str:
        with raw(sandbox) as http:
            together.wait()
            return post(http, "/v1/customers", {"email": email}, key).json()["id"]

    with ThreadPoolExecutor(8) as crowd:
        ids = set(crowd.map(create, range(8)))

    assert len(ids) == 1
    assert len(sandbox_client.v1.customers.list({"email": email}).data) == 1


def test_a_key_whose_request_is_under_way_is_in_use():
    keys = IdempotencyKeys(Store(FrozenClock(NOON)))
    keys.begin("key", "/v1/customers", b"")

    with pytest.raises(Refused) as refused:
        keys.begin("key", "/v1/customers", b"")

    assert refused.value.status == 409
    assert refused.value.fields["code"] == "idempotency_key_in_use"
    keys.end("key")
    assert keys.begin("key", "/v1/customers", b"") is None


def test_a_key_is_forgotten_after_a_day():
    clock = FrozenClock(NOON)
    store = Store(clock)
    keys = IdempotencyKeys(store)
    for _day in range(3):
        assert keys.begin("key", "/v1/customers", b"") is None
        answer = {"path": "/v1/customers", "body": fingerprint(b""), "status": 200, "text": "{}"}
        keys.keep("key", {**answer, "request": "req_1"})
        keys.end("key")
        assert keys.begin("key", "/v1/customers", b"") is not None
        clock.advance(timedelta(days=1))

    assert len(store.every("sandbox.idempotency_key")) == 1
