"""Which object an event is about, for snapshot and thin events, and for what is neither."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.inbox.handlers import Concerned, concerned


def snapshot(word: str, **fields: Any) -> dict[str, Any]:
    return {"object": "event", "data": {"object": {"object": word, **fields}}}


def thin(word: str, object_id: str) -> dict[str, Any]:
    return {"object": "v2.core.event", "related_object": {"type": word, "id": object_id}}


@pytest.mark.parametrize(
    ("word", "object_id", "kind"),
    [
        ("customer", "cus_1", "customer"),
        ("subscription", "sub_1", "subscription"),
        ("invoice", "in_1", "invoice"),
        ("payment_method", "pm_1", "payment_method"),
        ("price", "price_1", "price"),
        ("product", "prod_1", "product"),
        ("billing.meter", "mtr_1", "meter"),
        ("test_helpers.test_clock", "clock_1", "test_clock"),
    ],
)
def test_a_mirrored_object_is_read_again_itself(word: str, object_id: str, kind: str):
    assert concerned(snapshot(word, id=object_id)) == (kind, object_id)
    assert concerned(thin(word, object_id)) == (kind, object_id)


@pytest.mark.parametrize(
    ("event", "about"),
    [
        (snapshot("invoice", customer="cus_1"), ("usage", "cus_1")),
        (snapshot("invoice", id="upcoming_in_1", customer="cus_1"), ("usage", "cus_1")),
        (snapshot("invoice_payment", id="inpay_1", invoice="in_1"), ("invoice", "in_1")),
        (snapshot("invoiceitem", id="ii_1", customer="cus_1"), ("usage", "cus_1")),
        (snapshot("subscription_schedule", customer="cus_1"), ("usage", "cus_1")),
        (snapshot("credit_note", id="cn_1", invoice="in_1"), ("invoice", "in_1")),
        (snapshot("discount", id="di_1", customer={"id": "cus_1"}), ("usage", "cus_1")),
        (snapshot("setup_intent", payment_method="pm_1"), ("payment_method", "pm_1")),
        (snapshot("checkout.session", id="cs_1", customer="cus_1"), ("customer", "cus_1")),
        (snapshot("billing.alert_triggered", customer="cus_1"), ("usage", "cus_1")),
        (snapshot("billing.credit_grant", customer="cus_1"), ("usage", "cus_1")),
    ],
)
def test_an_object_that_is_not_mirrored_points_at_one_that_is(
    event: dict[str, Any], about: tuple[str, str]
):
    assert concerned(event) == Concerned(*about)


@pytest.mark.parametrize(
    "event",
    [
        {},
        snapshot("charge", id="ch_1"),
        snapshot("invoice"),
        snapshot("invoice", id=None, customer=None),
        snapshot("subscription_schedule", customer=None),
        snapshot("subscription", id=["sub_1"]),
        snapshot("subscription", id="sub_1\x00"),
        snapshot("subscription", id="s" * 256),
        snapshot("subscription", id="a/b"),
        {"object": "event", "data": []},
        {"object": "event", "data": {"object": "subscription"}},
        {"object": "v2.core.event"},
        {"object": "v2.core.event", "related_object": None},
        {"object": "v2.core.event", "type": "v1.billing.meter.no_meter_found", "data": {}},
        thin("subscription_schedule", "sub_sched_1"),
    ],
)
def test_an_event_about_nothing_mirrored_concerns_nothing(event: dict[str, Any]):
    assert concerned(event) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["object", "id", "customer", "data"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(about=_json, word=st.sampled_from(["event", "v2.core.event"]))
def test_no_shape_of_an_event_breaks_the_handlers(about: Any, word: str):
    concerned({"object": word, "data": about, "related_object": about})
