from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portal.sandbox.demo.company import BUYERS
from portal.sandbox.demo.rhythm import DAY, HOUR, Rhythm, Story
from portal.sandbox.demo.usage import Consumer
from tests.sandbox.billing.company import Company, at

SINCE, TURN = at(2026, 10, 1), at(2026, 11, 1)
STORY = Story(SINCE, TURN, "1")
STEADY = Rhythm(requests=24_000, tokens=20_000, storage=10_000)


def requests_of(rhythm: Rhythm, start: int, end: int) -> int:
    return sum(rhythm.in_hour(STORY, hour).requests for hour in range(start, end, HOUR))


def test_the_same_seed_makes_the_same_hour_and_another_one_a_different() -> None:
    again = STEADY.in_hour(STORY, TURN)

    assert STEADY.in_hour(STORY, TURN) == again
    assert STEADY.in_hour(replace(STORY, seed="2"), TURN) != again


def test_weekends_are_quieter_than_weekdays() -> None:
    tuesday, saturday = at(2026, 11, 3), at(2026, 11, 7)

    week = requests_of(STEADY, tuesday, tuesday + DAY)
    weekend = requests_of(STEADY, saturday, saturday + DAY)

    assert weekend < week * 8 // 10


def test_afternoons_are_busier_than_nights() -> None:
    night, afternoon = at(2026, 11, 3, 3), at(2026, 11, 3, 15)

    assert requests_of(STEADY, afternoon, afternoon + HOUR) > 3 * requests_of(
        STEADY, night, night + HOUR
    )


def test_usage_grows_within_a_period_and_so_does_storage() -> None:
    growing = replace(STEADY, growth=100, storage_growth=100)
    first, last = at(2026, 11, 3), at(2026, 11, 24)

    assert requests_of(growing, last, last + DAY) > requests_of(growing, first, first + DAY)
    assert growing.in_hour(STORY, last).storage > growing.in_hour(STORY, first).storage


def test_the_first_customer_uses_about_as_much_as_planned_for() -> None:
    acme = BUYERS[0].rhythm
    hours = [acme.in_hour(STORY, hour) for hour in range(SINCE, TURN, HOUR)]

    assert 2_100_000 < sum(hour.requests for hour in hours) < 2_450_000
    assert 520_000_000 < sum(hour.tokens for hour in hours) < 620_000_000
    assert 75 <= hours[-1].storage <= 79


@given(st.lists(st.integers(0, HOUR), max_size=6).map(sorted), st.integers(0, 23))
def test_the_parts_of_an_hour_add_up_to_the_hour(cuts: list[int], hour_of_day: int) -> None:
    hour = TURN + hour_of_day * HOUR
    edges = [hour, *(hour + cut for cut in cuts), hour + HOUR]

    assert reported(hour, edges) == reported(hour, [hour, hour + HOUR])


def reported(hour: int, edges: list[int]) -> int:
    """Acme's requests of the hour when they are reported span by span."""
    company = Company()
    company.run_to(hour + HOUR)
    meter, customer = company.meter("api_request"), company.customer()
    company.meter("output_tokens")
    company.meter("storage_gb", "last")
    consumer = Consumer(BUYERS[0], customer["id"], STORY)
    for start, end in pairwise(edges):
        if start < end:
            consumer.use(company.ledger, start, end)
    return int(company.ledger.total(meter, customer["id"], hour, hour + HOUR))
