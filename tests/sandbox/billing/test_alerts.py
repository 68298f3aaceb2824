"""Alerts on usage: set off once by each customer, by usage that comes in after they are made."""

from typing import Any

import pytest

from portal.sandbox.refusals import Refused
from portal.sandbox.resources import billing_alerts
from portal.sandbox.resources.test_clocks import create_test_clock
from tests.sandbox.billing.company import START, Company, at


@pytest.fixture
def company() -> Company:
    return Company()


def alert(company: Company, meter: dict[str, Any], gte: int, **changes: Any) -> dict[str, Any]:
    asked = {"meter": meter["id"], "gte": gte, "recurrence": "one_time"} | changes
    return make_alert(company, asked)


def make_alert(company: Company, threshold: dict[str, Any]) -> dict[str, Any]:
    call = company.call(alert_type="usage_threshold", title="A lot", usage_threshold=threshold)
    return billing_alerts.create_alert(call)


def heard(company: Company) -> list[dict[str, Any]]:
    """What the events about alerts say, the oldest first."""
    company.run_to(int(company.clock.now().timestamp()))
    told = company.store.every("event", type="billing.alert.triggered")
    return [event["data"]["object"] for event in reversed(told)]


def test_an_alert_is_set_off_when_usage_reaches_its_number(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    made = alert(company, meter, 100)
    company.use(customer, 99)
    assert heard(company) == []
    company.use(customer, "1.5")

    (told,) = heard(company)

    assert told["object"] == "billing.alert_triggered"
    assert told["alert"]["id"] == made["id"]
    assert (told["customer"], told["value"]) == (customer["id"], 100.5)


def test_each_customer_sets_it_off_once_for_ever(company: Company) -> None:
    meter, one, other = company.meter(), company.customer(), company.customer()
    alert(company, meter, 10)
    for customer in (one, one, other, one):
        company.use(customer, 50)
        heard(company)

    assert [told["customer"] for told in heard(company)] == [one["id"], other["id"]]


def test_usage_from_before_counts_but_only_new_usage_sets_it_off(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.use(customer, 99)
    heard(company)
    alert(company, meter, 90)
    assert heard(company) == []

    company.use(customer, 1)

    assert [told["value"] for told in heard(company)] == [100]


def test_a_filter_limits_it_to_one_customer(company: Company) -> None:
    meter, one, other = company.meter(), company.customer(), company.customer()
    alert(company, meter, 10, filters=[{"type": "customer", "customer": one["id"]}])
    company.use(other, 50)
    company.use(one, 50)

    assert [told["customer"] for told in heard(company)] == [one["id"]]


def test_customers_on_a_test_clock_set_off_nothing(company: Company) -> None:
    meter = company.meter()
    clock = create_test_clock(company.call(frozen_time=int(START.timestamp())))
    alert(company, meter, 10)
    company.use(company.customer(test_clock=clock["id"]), 50, at(2026, 1, 1))

    assert heard(company) == []


def test_an_inactive_alert_waits_and_an_archived_one_is_gone(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    made = alert(company, meter, 10)
    billing_alerts.deactivate_alert(company.call(), made["id"])
    company.use(customer, 50)
    assert heard(company) == []

    billing_alerts.activate_alert(company.call(), made["id"])
    company.use(customer, 50)
    assert len(heard(company)) == 1
    archived = billing_alerts.archive_alert(company.call(), made["id"])

    assert archived["status"] == "archived"
    assert list(billing_alerts.list_alerts(company.call(meter=meter["id"])).objects) == []
    assert billing_alerts.retrieve_alert(company.call(), made["id"])["status"] == "archived"
    with pytest.raises(Refused, match="cannot be undone"):
        billing_alerts.activate_alert(company.call(), made["id"])


@pytest.mark.parametrize(
    ("threshold", "param"),
    [
        ({"gte": 0}, "usage_threshold[gte]"),
        ({"meter": "mtr_nothing"}, "usage_threshold[meter]"),
        ({"filters": [{"type": "customer"}]}, "usage_threshold[filters][0][customer]"),
        (
            {"filters": [{"type": "customer", "customer": "cus_nobody"}]},
            "usage_threshold[filters][0][customer]",
        ),
        ({"filters": [{"type": "customer", "customer": "a"}] * 2}, "usage_threshold[filters]"),
    ],
)
def test_an_alert_that_cannot_be(company: Company, threshold: dict[str, Any], param: str) -> None:
    meter = company.meter()

    with pytest.raises(Refused) as refused:
        make_alert(company, {"meter": meter["id"], "gte": 10, "recurrence": "one_time"} | threshold)

    assert refused.value.fields["param"] == param


def test_a_meter_has_at_most_25_alerts_for_a_customer(company: Company) -> None:
    meter, one, other = company.meter(), company.customer(), company.customer()
    for _ in range(25):
        alert(company, meter, 10, filters=[{"type": "customer", "customer": one["id"]}])

    with pytest.raises(Refused, match="at most 25"):
        alert(company, meter, 10, filters=[{"type": "customer", "customer": one["id"]}])
    assert alert(company, meter, 10, filters=[{"type": "customer", "customer": other["id"]}])
