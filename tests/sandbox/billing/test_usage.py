from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import from_epoch
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.test_clocks import create_test_clock
from tests.sandbox.billing.company import START, Company, at

NOON = at(2026, 1, 1, 12)
DAY = 86_400


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(NOON))


def total(company: Company, meter: Any, customer: Any, start: int = 0, end: int = 2**32) -> Decimal:
    return company.ledger.total(meter, customer["id"], start, end)


@pytest.mark.parametrize(
    ("formula", "expected"), [("sum", Decimal("7.5")), ("count", Decimal(3)), ("last", Decimal(4))]
)
def test_the_formula_decides_what_the_values_come_to(
    company: Company, formula: str, expected: Decimal
) -> None:
    meter, customer = company.meter(formula=formula), company.customer()
    company.use(customer, "4", NOON - 10)
    company.use(customer, "2.5", NOON - 30)
    company.use(customer, "1", NOON - 20)

    assert total(company, meter, customer) == expected


def test_of_two_values_at_one_second_the_later_arrival_is_the_last(company: Company) -> None:
    meter, customer = company.meter(formula="last"), company.customer()
    company.use(customer, "1", NOON)
    company.use(customer, "2", NOON)

    assert total(company, meter, customer) == 2


def test_a_correction_may_take_the_total_below_zero(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.use(customer, "-3.25")

    assert total(company, meter, customer) == Decimal("-3.25")


def test_a_span_has_its_start_but_not_its_end(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    for value, moment in ((1, NOON - 1), (10, NOON), (100, NOON + 59), (1000, NOON + 60)):
        company.use(customer, value, moment)

    assert total(company, meter, customer, NOON, NOON + 60) == 110


def test_usage_counts_once_the_lag_is_over() -> None:
    company = Company(from_epoch(NOON), lag=timedelta(milliseconds=200))
    meter, customer = company.meter(), company.customer()
    company.use(customer, "5")
    company.clock.advance(timedelta(milliseconds=199))
    before = total(company, meter, customer)
    company.clock.advance(timedelta(milliseconds=1))

    assert (before, total(company, meter, customer)) == (0, 5)


def test_a_used_identifier_is_refused_and_counts_once(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    payload = {"stripe_customer_id": customer["id"], "value": "5"}
    event = {"event_name": "calls", "payload": payload, "identifier": "one"}
    company.ledger.record(event)

    with pytest.raises(Refused, match="An event already exists with identifier one"):
        company.ledger.record(event)
    assert total(company, meter, customer) == 5


def test_the_kept_event_is_stripes_object(company: Company) -> None:
    company.meter()
    customer = company.customer()

    event = company.use(customer, "5")

    assert set(event) == {
        "created", "event_name", "identifier", "livemode", "object", "payload", "timestamp",
    }  # fmt: skip
    assert (event["timestamp"], event["payload"]["value"]) == (NOON, "5")


@pytest.mark.parametrize("moment", [NOON - 35 * DAY, NOON + 300])
def test_usage_at_the_bounds_of_time_is_taken(company: Company, moment: int) -> None:
    meter, customer = company.meter(), company.customer()

    company.use(customer, "1", moment)

    assert total(company, meter, customer) == 1


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (NOON - 35 * DAY - 1, "timestamp_too_far_in_past"),
        (0, "timestamp_too_far_in_past"),
        (NOON + 301, "timestamp_in_future"),
    ],
)
def test_usage_outside_of_the_bounds_is_refused(company: Company, moment: int, code: str) -> None:
    company.meter()
    customer = company.customer()

    with pytest.raises(Refused) as refused:
        company.use(customer, "1", moment)

    assert refused.value.fields["code"] == code


def test_the_bounds_are_those_of_the_customers_clock(company: Company) -> None:
    meter = company.meter()
    clock = create_test_clock(company.call(frozen_time=at(2030, 6, 1)))
    customer = company.customer(test_clock=clock["id"])

    event = company.use(customer, "1", at(2030, 5, 1))

    assert event["created"] == at(2030, 6, 1)
    assert total(company, meter, customer) == 1
    with pytest.raises(Refused):
        company.use(customer, "1", NOON)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_name": "mystery"}, "resource_missing"),
        ({"identifier": "i" * 101}, "parameter_invalid_string"),
        ({"payload": {"value": "1"}}, "meter_event_no_customer_defined"),
        ({"value": "1234567890.123456"}, "meter_event_value_too_many_digits"),
        ({"value": None}, "meter_event_value_not_found"),
        ({"value": "many"}, "meter_event_invalid_value"),
        ({"value": "NaN"}, "meter_event_invalid_value"),
        ({"value": "1_000"}, "meter_event_invalid_value"),
        ({"value": "0.0000000000001"}, "meter_event_value_too_many_digits"),
        ({"value": "1e30"}, "meter_event_value_too_many_digits"),
    ],
)
def test_an_event_that_cannot_be_counted_is_refused(
    company: Company, change: dict[str, Any], code: str
) -> None:
    company.meter()
    payload = {"stripe_customer_id": company.customer()["id"], "value": change.pop("value", "1")}
    event = {"event_name": "calls", "payload": {k: v for k, v in payload.items() if v is not None}}

    with pytest.raises(Refused) as refused:
        company.ledger.record(event | change)

    assert refused.value.fields["code"] == code


def test_a_counting_meter_needs_no_value(company: Company) -> None:
    meter, customer = company.meter(formula="count"), company.customer()

    company.ledger.record(
        {"event_name": "calls", "payload": {"stripe_customer_id": customer["id"]}}
    )

    assert total(company, meter, customer) == 1


def test_an_event_that_was_rolled_back_never_counts() -> None:
    company = Company(from_epoch(NOON), lag=timedelta(seconds=1))
    meter, customer = company.meter(), company.customer()
    company.store.commit()
    company.use(customer, "5")
    company.store.rollback()
    company.clock.advance(timedelta(seconds=2))

    assert total(company, meter, customer) == 0


def test_an_event_that_comes_again_after_a_rollback_counts_once() -> None:
    company = Company(from_epoch(NOON), lag=timedelta(seconds=1))
    meter, customer = company.meter(), company.customer()
    company.store.commit()
    event = {
        "event_name": "calls",
        "identifier": "same",
        "payload": {"stripe_customer_id": customer["id"], "value": "7"},
    }
    company.ledger.record(event)
    company.store.rollback()
    company.ledger.record(event)
    company.clock.advance(timedelta(seconds=2))

    assert total(company, meter, customer) == 7


def test_a_ledger_that_starts_anew_knows_the_kept_usage(company: Company) -> None:
    meter, customer = company.meter(formula="last"), company.customer()
    company.use(customer, "1", NOON)
    company.use(customer, "2", NOON)

    again = UsageLedger(company.store)

    assert again.total(meter, customer["id"], 0, 2**32) == 2


def summaries(
    company: Company, meter: Any, customer: Any, start: int, end: int, window: str | None
) -> list[dict[str, Any]]:
    return list(company.ledger.summaries(meter, customer["id"], start, end, window))


def test_hours_come_newest_first_and_those_without_usage_are_left_out(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    for value, moment in ((1, NOON - 7200), (2, NOON - 7100), (4, NOON + 5)):
        company.use(customer, value, moment)

    rows = summaries(company, meter, customer, NOON - 4 * 3600, NOON + 3600, "hour")

    assert [(row["start_time"], row["end_time"], row["aggregated_value"]) for row in rows] == [
        (NOON, NOON + 3600, 4),
        (NOON - 7200, NOON - 3600, 3),
    ]


def test_days_are_those_of_utc(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.use(customer, 1, at(2025, 12, 31, 23, 59, 59))
    company.use(customer, 2, at(2026, 1, 1))

    rows = summaries(company, meter, customer, at(2025, 12, 31), at(2026, 1, 2), "day")

    assert [(row["start_time"], row["aggregated_value"]) for row in rows] == [
        (at(2026, 1, 1), 2),
        (at(2025, 12, 31), 1),
    ]


def test_a_whole_range_has_one_summary_even_without_usage(company: Company) -> None:
    meter, customer = company.meter(), company.customer()

    (row,) = summaries(company, meter, customer, NOON - 120, NOON + 60, None)

    assert (row["object"], row["meter"]) == ("billing.meter_event_summary", meter["id"])
    assert (row["start_time"], row["end_time"]) == (NOON - 120, NOON + 60)
    assert row["aggregated_value"] == 0


def test_a_summary_keeps_its_id_while_usage_goes_on(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    company.use(customer, 1)
    (before,) = summaries(company, meter, customer, NOON, NOON + 3600, "hour")
    company.use(customer, 1)
    (after,) = summaries(company, meter, customer, NOON, NOON + 3600, "hour")

    assert before["id"] == after["id"]
    assert (before["aggregated_value"], after["aggregated_value"]) == (1, 2)


def test_a_later_page_begins_right_after_the_summary_that_is_named(company: Company) -> None:
    meter, customer = company.meter(), company.customer()
    for hours in (1, 2, 5, 9):
        company.use(customer, hours, NOON - hours * 3600)
    asked = (meter, customer["id"], NOON - DAY, NOON, "hour")
    rows = list(company.ledger.summaries(*asked))

    for position, row in enumerate(rows):
        following = company.ledger.summaries(*asked).after(row["id"])
        assert following is not None
        assert list(following) == rows[position + 1 :]


@pytest.mark.parametrize("id", ["", "mtrusg_test_1", "mtrusg_test_" + "0" * 24])
def test_a_summary_of_another_question_is_no_cursor(company: Company, id: str) -> None:
    meter, customer = company.meter(), company.customer()

    assert company.ledger.summaries(meter, customer["id"], 0, NOON, "hour").after(id) is None


values = st.decimals(min_value=-(10**6), max_value=10**6, places=6)
offsets = st.integers(min_value=-3 * DAY, max_value=300)
usage = st.lists(st.tuples(offsets, values), max_size=30)


@given(usage, offsets, offsets)
def test_a_span_adds_up_exactly_however_the_usage_arrived(
    usage: list[tuple[int, Decimal]], one: int, other: int
) -> None:
    company = Company(from_epoch(NOON))
    meter, customer = company.meter(), company.customer()
    for offset, value in usage:
        company.use(customer, value, NOON + offset)
    start, end = sorted((NOON + one, NOON + other))

    expected = sum((value for offset, value in usage if start <= NOON + offset < end), Decimal(0))

    assert total(company, meter, customer, start, end) == expected


@given(usage, st.sampled_from(["sum", "count"]))
def test_the_hours_of_a_range_add_up_to_its_total(
    usage: list[tuple[int, Decimal]], formula: str
) -> None:
    company = Company(START + timedelta(hours=12))
    meter, customer = company.meter(formula=formula), company.customer()
    for offset, value in usage:
        company.use(customer, value, NOON + offset)
    start, end = NOON - 4 * DAY, NOON + 3600

    hours = summaries(company, meter, customer, start, end, "hour")

    total_of_hours = sum(Decimal(str(row["aggregated_value"])) for row in hours)
    assert total_of_hours == total(company, meter, customer, start, end)


@given(st.lists(st.tuples(offsets, values), max_size=15), st.randoms(), st.booleans())
def test_neither_the_order_nor_the_way_in_changes_what_usage_comes_to(
    usage: list[tuple[int, Decimal]], random: Any, counts: bool
) -> None:
    shuffled = random.sample(usage, len(usage))
    totals = []
    for history, is_streamed in ((usage, False), (shuffled, False), (shuffled, True)):
        company = Company(from_epoch(NOON))
        meter = company.meter(formula="count" if counts else "sum")
        customer = company.customer()
        for offset, value in history:
            payload = {"stripe_customer_id": customer["id"], "value": str(value)}
            event = {"event_name": "calls", "payload": payload, "timestamp": NOON + offset}
            if is_streamed:
                company.ledger.stream([event])
            else:
                company.ledger.record(event)
        rows = summaries(company, meter, customer, NOON - 4 * DAY, NOON + 3600, "hour")
        totals.append((total(company, meter, customer), [r["aggregated_value"] for r in rows]))

    assert totals[0] == totals[1] == totals[2]
