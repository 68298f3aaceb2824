"""Usage that is taken back, replaced, wrong, or old: what it comes to in the end."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import from_epoch
from portal.sandbox.billing.meter_errors import report_failures
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.meter_adjustments import create_adjustment
from portal.sandbox.resources.meters import create_meter
from portal.sandbox.store import Store
from tests.sandbox.billing.company import Company, at

NOON = at(2026, 1, 10, 12)
HOUR, DAY = 3600, 86_400


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(NOON))


def total(company: Company, meter: Any, customer: Any, start: int = 0, end: int = 2**32) -> Decimal:
    return company.ledger.total(meter, customer["id"], start, end)


def windowed(company: Company, window: str, formula: str = "sum") -> dict[str, Any]:
    return create_meter(
        company.call(
            event_name="calls",
            display_name="calls",
            default_aggregation={"formula": formula},
            event_time_window=window,
        )
    )


def cancel(company: Company, event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    asked = {"event_name": "calls", "type": "cancel"} | changes
    return create_adjustment(company.call(cancel={"identifier": event["identifier"]}, **asked))


def later(company: Company, **span: int) -> None:
    company.clock.advance(timedelta(**span))


# Taken back.


def test_a_canceled_event_does_not_count(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.use(customer, 5)
    wrong = company.use(customer, 70)

    assert cancel(company, wrong)["status"] == "complete"
    assert total(company, meter, customer) == 5


def test_a_correction_counts_once_the_lag_is_over() -> None:
    company = Company(from_epoch(NOON), lag=timedelta(seconds=2))
    meter, customer = company.meter(), company.customer()
    wrong = company.use(customer, 70)
    later(company, seconds=2)

    assert cancel(company, wrong)["status"] == "pending"
    assert total(company, meter, customer) == 70
    later(company, seconds=2)
    assert total(company, meter, customer) == 0


def test_an_event_that_is_canceled_before_it_counts_never_does() -> None:
    company = Company(from_epoch(NOON), lag=timedelta(seconds=2))
    meter, customer = company.meter(), company.customer()
    wrong = company.use(customer, 70)
    cancel(company, wrong)
    later(company, seconds=2)

    assert total(company, meter, customer) == 0


def test_the_value_before_the_canceled_one_is_the_last_again(company: Company) -> None:
    meter, customer = company.meter(formula="last"), company.customer()
    company.use(customer, 3, NOON - 60)
    cancel(company, company.use(customer, 9, NOON - 30))

    assert total(company, meter, customer) == 3


def test_a_canceled_identifier_stays_used(company: Company) -> None:
    company.meter()
    customer = company.customer()
    event = company.use(customer, 5)
    cancel(company, event)

    payload = {"stripe_customer_id": customer["id"], "value": "5"}
    again = {"event_name": "calls", "payload": payload, "identifier": event["identifier"]}
    with pytest.raises(Refused, match="already exists"):
        company.ledger.record(again)


def test_a_correction_reaches_a_draft(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.subscribe(customer, company.metered(meter, unit_amount=10))
    company.run_to(at(2026, 2, 10, 11, 59))
    company.use(customer, 5)
    wrong = company.use(customer, 70)
    company.run_to(at(2026, 2, 10, 12))
    (draft,) = company.invoices(customer)
    assert (draft["status"], draft["total"]) == ("draft", 750)

    cancel(company, wrong)
    company.run_to(at(2026, 2, 10, 13))

    (invoice,) = company.invoices(customer)
    assert (invoice["status"], invoice["total"]) == ("paid", 50)


def test_a_correction_after_the_final_invoice_changes_the_summaries_only(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.subscribe(customer, company.metered(meter, unit_amount=10))
    company.run_to(at(2026, 2, 10, 11, 59))
    wrong = company.use(customer, 70)
    company.run_to(at(2026, 2, 10, 13))

    cancel(company, wrong)
    company.run_to(at(2026, 2, 10, 14))

    (invoice,) = company.invoices(customer)
    assert (invoice["total"], total(company, meter, customer)) == (700, 0)


@pytest.mark.parametrize(
    ("changes", "hours", "said"),
    [
        ({"cancel": {"identifier": "nothing"}}, 0, "No such meter event: 'nothing'"),
        ({"cancel": {}}, 0, "Missing required param"),
        ({"event_name": "tokens"}, 0, "No such meter event"),
        ({}, 24, "within 24 hours"),
    ],
)
def test_what_cannot_be_taken_back(
    company: Company, changes: dict[str, Any], hours: int, said: str
) -> None:
    company.meter()
    event = company.use(company.customer(), 5)
    later(company, hours=hours)
    asked = {"event_name": "calls", "type": "cancel"}

    with pytest.raises(Refused, match=said):
        create_adjustment(
            company.call(**asked | {"cancel": {"identifier": event["identifier"]}} | changes)
        )


def test_an_event_is_taken_back_once(company: Company) -> None:
    company.meter()
    event = company.use(company.customer(), 5)
    cancel(company, event)

    with pytest.raises(Refused, match="already canceled"):
        cancel(company, event)


# Replaced: meters whose values are added up before they are sent.


def test_in_a_window_the_value_that_came_in_last_replaces_the_others(company: Company) -> None:
    meter, customer = windowed(company, "hour"), company.customer()
    company.use(customer, 5, NOON - 60)
    company.use(customer, 7, NOON - 1200)
    company.use(customer, 100, NOON - 3601)

    assert total(company, meter, customer) == 107


def test_a_days_window_is_a_day_of_utc(company: Company) -> None:
    meter, customer = windowed(company, "day"), company.customer()
    for value, moment in ((1, NOON - DAY), (2, NOON - 11 * HOUR), (4, NOON - 1), (8, NOON - 2)):
        company.use(customer, value, moment)

    assert total(company, meter, customer) == 9


def test_a_replaced_value_is_back_when_the_one_after_it_is_canceled(company: Company) -> None:
    meter, customer = windowed(company, "day"), company.customer()
    company.use(customer, 5, NOON - 3 * HOUR)
    cancel(company, company.use(customer, 7, NOON - 1))

    assert total(company, meter, customer) == 5


def test_a_late_value_replaces_what_has_long_been_folded(company: Company) -> None:
    meter, customer = windowed(company, "day"), company.customer()
    company.use(customer, 5, NOON)
    later(company, days=3)
    company.ledger.fold()
    late = company.use(customer, 7, NOON - 1)
    assert total(company, meter, customer) == 7

    cancel(company, late)

    assert total(company, meter, customer) == 5


# Wrong: told of in error reports.


def reports(company: Company) -> list[dict[str, Any]]:
    report_failures(company.store)
    return company.store.every("v2.core.event")[::-1]


def streamed(company: Company, **changes: Any) -> None:
    payload = {"stripe_customer_id": "cus_nobody", "value": "1"} | changes.pop("payload", {})
    company.ledger.stream([{"event_name": "calls", "payload": payload} | changes])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "meter_event_customer_not_found"),
        ({"payload": {"stripe_customer_id": ""}}, "meter_event_no_customer_defined"),
        ({"payload": {"value": "many"}}, "meter_event_invalid_value"),
        ({"payload": {"value": "1234567890123456"}}, "meter_event_value_too_many_digits"),
        ({"timestamp": NOON - 36 * DAY}, "timestamp_too_far_in_past"),
        ({"timestamp": NOON + 301}, "timestamp_in_future"),
        ({"event_name": "old"}, "archived_meter"),
        ({"event_name": "mystery"}, "no_meter"),
    ],
)
def test_every_kind_of_error_has_its_code(
    company: Company, changes: dict[str, Any], code: str
) -> None:
    meter, old = company.meter(), company.meter("old")
    company.store.put(old | {"status": "inactive"})
    streamed(company, **changes)
    later(company, seconds=10)

    (report,) = reports(company)

    (kind,) = report["data"]["reason"]["error_types"]
    assert kind["code"] == code
    about = {"archived_meter": old["id"], "no_meter": None}.get(code, meter["id"])
    assert (report["related_object"] or {}).get("id") == about


def test_a_report_tells_of_a_window_and_is_made_once(company: Company) -> None:
    company.meter()
    for _ in range(7):
        streamed(company)
    streamed(company, payload={"value": "many"})
    assert reports(company) == []
    later(company, seconds=1)
    streamed(company)

    (report,) = reports(company)

    first, second = report["data"]["reason"]["error_types"]
    assert report["data"]["developer_message_summary"] == "There are 8 invalid events"
    assert report["data"]["validation_start"] == "2026-01-10T12:00:00.000Z"
    assert report["data"]["validation_end"] == "2026-01-10T12:00:01.000Z"
    assert (first["error_count"], len(first["sample_errors"])) == (7, 5)
    assert second["error_count"] == 1
    assert reports(company) == [report]


def test_windows_are_ten_seconds_when_usage_takes_long(company: Company) -> None:
    slow = Company(from_epoch(NOON + 3), lag=timedelta(seconds=60))
    slow.meter()
    streamed(slow)
    later(slow, seconds=6)
    assert reports(slow) == []
    later(slow, seconds=1)

    (report,) = reports(slow)

    assert report["data"]["validation_end"] == "2026-01-10T12:00:10.000Z"


def test_an_unusable_event_may_come_again_under_its_identifier(company: Company) -> None:
    meter = company.meter()
    streamed(company, identifier="same")
    customer = company.customer()

    payload = {"stripe_customer_id": customer["id"], "value": "5"}
    company.ledger.record({"event_name": "calls", "payload": payload, "identifier": "same"})

    assert total(company, meter, customer) == 5


# Old: folded.


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


def test_events_are_forgotten_after_a_day_and_what_they_came_to_is_not(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    for value in range(10):
        company.use(customer, value, NOON - value * 600)
    later(company, hours=24)
    company.ledger.fold()
    assert len(company.store.every("billing.meter_event")) == 10

    later(company, hours=2)
    company.ledger.fold()

    assert company.store.every("billing.meter_event") == []
    assert total(company, meter, customer) == 45
    assert UsageLedger(company.store).total(meter, customer["id"], 0, 2**32) == 45


def test_a_folded_hour_is_still_divided_where_a_period_begins(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.run_to(NOON + 754)
    company.subscribe(customer, company.metered(meter))
    for value, moment in ((1, NOON + 719), (2, NOON + 753), (4, NOON + 754), (8, NOON + 780)):
        company.use(customer, value, moment)
    later(company, hours=26)
    company.ledger.fold()

    begun = total(company, meter, customer, NOON + 754)
    minutes = [total(company, meter, customer, NOON + second) for second in (720, 780)]

    assert (begun, minutes) == (12, [14, 8])
    assert company.store.every("billing.meter_event") == []


def test_folded_usage_outlives_a_restart(file: Path) -> None:
    company = Company(from_epoch(NOON))
    company.store = Store(company.clock, file=file, seed=1)
    company.ledger = UsageLedger(company.store)
    meter, customer = company.meter(), company.customer()
    company.use(customer, "2.5", NOON - HOUR)
    later(company, hours=26)
    company.ledger.fold()
    company.use(customer, "0.25", NOON - HOUR)
    company.store.commit()
    company.store.close()

    again = Store(company.clock, file=file)

    assert UsageLedger(again).total(meter, customer["id"], 0, 2**32) == Decimal("2.75")
    again.close()


moments = st.integers(min_value=-3 * DAY, max_value=300)
values = st.decimals(min_value=-1000, max_value=1000, places=3)
steps = st.lists(
    st.tuples(moments, values, st.booleans(), st.integers(min_value=0, max_value=30)), max_size=25
)


@given(steps, st.sampled_from(["sum", "count", "last"]), st.sampled_from([None, "hour", "day"]))
def test_canceling_is_as_if_it_had_never_been_sent(
    history: list[tuple[int, Decimal, bool, int]], formula: str, window: str | None
) -> None:
    told, never_told = Company(from_epoch(NOON)), Company(from_epoch(NOON))
    people = []
    for company in (told, never_told):
        meter = windowed(company, window, formula) if window else company.meter(formula=formula)
        people.append((meter, company.customer()))
    for offset, value, is_canceled, hours in history:
        event = told.use(people[0][1], value, NOON + offset)
        if is_canceled:
            cancel(told, event)
        else:
            never_told.use(people[1][1], value, NOON + offset)
        for company in (told, never_told):
            later(company, hours=hours)
        told.ledger.fold()

    day = (NOON - DAY, NOON)
    for span in ((0, 2**32), (day[0] - day[0] % HOUR, day[1])):
        assert total(told, *people[0], *span) == total(never_told, *people[1], *span)
