"""Axes: round amounts, few lines, days that fit."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.clock import Period
from portal.components.chart_scale import amount_label, amount_ticks, time_ticks, top_amount
from portal.money import Money
from tests.make import NOVEMBER


def test_amounts_are_round_and_start_at_zero():
    ticks = amount_ticks(top_amount(129_174, "usd"), "usd")

    assert [tick.label for tick in ticks] == ["$0", "$500", "$1,000"]
    assert ticks[0].at == "100.00%"


@given(st.integers(0, 10**15), st.sampled_from(["usd", "jpy", "kwd"]))
def test_there_are_at_most_four_lines_above_zero(largest, currency):
    top = top_amount(largest, currency)
    ticks = amount_ticks(top, currency)

    assert top > largest or largest == 0
    assert 2 <= len(ticks) <= 5
    assert len({tick.label for tick in ticks}) == len(ticks)
    assert max(len(tick.label) for tick in ticks) <= 12


def test_large_amounts_are_short_on_an_axis():
    assert amount_label(Money(125_000_000, "usd")) == "$1.25\N{NO-BREAK SPACE}M"
    assert amount_label(Money(250, "usd")) == "$2.50"
    assert amount_label(Money(150_000, "jpy")) == "¥150\N{NO-BREAK SPACE}k"


def test_a_month_is_marked_by_its_weeks_and_its_last_day():
    ticks = time_ticks(NOVEMBER, 30 * 24 * 60)

    assert [tick.label for tick in ticks] == ["1 Nov", "8 Nov", "15 Nov", "22 Nov", "30 Nov"]
    assert [tick.label for tick in ticks if not tick.minor] == ["1 Nov", "15 Nov", "30 Nov"]


def test_a_single_day_is_marked_by_hours():
    day = Period(NOVEMBER.start, NOVEMBER.start + timedelta(days=1))

    assert [tick.label for tick in time_ticks(day, 24 * 60)] == ["00:00", "06:00", "12:00", "18:00"]


@given(st.integers(1, 800))
def test_any_period_has_few_distinct_marks_in_order(days):
    period = Period(NOVEMBER.start, NOVEMBER.start + timedelta(days=days))
    ticks = time_ticks(period, days * 24 * 60)
    places = [float(tick.at.removesuffix("%")) for tick in ticks]

    assert 2 <= len(ticks) <= 8
    assert places == sorted(set(places))
    assert places[-1] <= 100
