"""Events are kept as long as Stripe shows them, and as long as somebody waits for them."""

from datetime import timedelta

import pytest

from portal.sandbox.events import DELIVERY, forget_old
from portal.sandbox.resources.webhook_endpoints import create_webhook_endpoint
from tests.sandbox.billing.company import Company


@pytest.fixture
def company():
    return Company()


def types(company: Company) -> list[str]:
    return [event["type"] for event in company.store.every("event")]


def test_events_are_forgotten_after_thirty_days(company):
    company.customer(card=None)
    company.clock.advance(timedelta(days=30) - timedelta(seconds=1))
    forget_old(company.store)
    assert types(company) == ["customer.created"]

    company.clock.advance(timedelta(seconds=1))
    forget_old(company.store)
    assert types(company) == []


def test_events_that_came_later_stay(company):
    company.customer(card=None)
    company.clock.advance(timedelta(days=30))
    company.meter()
    forget_old(company.store)
    assert types(company) == ["billing.meter.created"]


def test_an_event_that_is_still_to_be_delivered_is_not_forgotten(company):
    create_webhook_endpoint(company.call(url="http://127.0.0.1:9/", enabled_events=["*"]))
    company.customer(card=None)
    company.clock.advance(timedelta(days=31))
    forget_old(company.store)
    assert types(company) == ["customer.created"]

    for delivery in company.store.every(DELIVERY):
        company.store.delete(DELIVERY, delivery["id"])
    forget_old(company.store)
    assert types(company) == []


def test_a_long_list_of_old_events_is_forgotten_bit_by_bit(company):
    for _ in range(501):
        company.customer(card=None)
    company.clock.advance(timedelta(days=31))
    forget_old(company.store)
    assert len(types(company)) == 1
