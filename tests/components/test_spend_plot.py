"""The cumulative spend: both curves at equal elapsed time, thinned, labelled, never colliding."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.clock import Period
from portal.components.spend_plot import spend_plot
from portal.services.reports import SpendPoint
from tests.make import (
    NOVEMBER,
    NOW,
    licensed_charge,
    meter_usage,
    previous_period,
    usage_report,
)


def test_the_curve_ends_now_at_the_spend_to_date():
    report = usage_report()
    plot = spend_plot(report)
    last = [point for point in plot.points if point.spent is not None][-1]

    assert (last.minute, last.spent) == (plot.now_minute, report.spend_to_date.amount)
    assert plot.now_label == "Today, 10:42"


def test_the_plan_is_the_base_and_usage_lies_above_it():
    plot = spend_plot(usage_report())

    assert plot.plan_label == "Scale plan $499.00"
    assert plot.points[0].usage == (49_900, 49_900)
    assert plot.points[0].plan == 49_900


def test_an_add_on_that_began_later_is_not_part_of_the_base():
    burst = licensed_charge(
        "Burst capacity",
        amount=4_500,
        period=Period(datetime(2026, 11, 22, tzinfo=UTC), NOVEMBER.end),
    )
    plot = spend_plot(usage_report(licensed=[licensed_charge(), burst]))

    assert plot.points[-1].plan == 49_900
    assert plot.usage_label == "usage and add-ons"


def test_the_longer_period_sets_the_width_and_october_ends_at_its_edge():
    plot = spend_plot(usage_report(previous=previous_period()))

    assert plot.minutes == 31 * 24 * 60
    assert plot.points[-1].minute == plot.minutes
    assert plot.points[-1].previous == 129_174
    assert plot.points[-1].spent is None


def test_a_point_reads_out_both_periods():
    plot = spend_plot(usage_report(previous=previous_period()))
    now = next(point for point in plot.points if point.minute == plot.now_minute)

    assert now.readout == "Sun 22 Nov 10:42 · $756.04 · October $935.81"


def test_a_curve_with_every_hour_is_thinned_to_what_can_be_seen():
    hours = [SpendPoint(NOVEMBER.start + timedelta(hours=at), 49_900 + at) for at in range(515)]

    assert len(spend_plot(usage_report(curve=hours)).points) <= 126


def test_the_summary_is_one_sentence_for_each_period():
    plot = spend_plot(usage_report(previous=previous_period()))

    assert plot.summary == (
        "Cumulative spend, 1–30 Nov 2026: $756.04 so far on 22 Nov. October ended at $1,291.74."
    )


def test_very_large_amounts_are_short_in_the_gutter():
    big = [licensed_charge(amount=123_456_789_012)]
    plot = spend_plot(usage_report(licensed=big))

    assert plot.ends[0].amount == "$1,235\N{NO-BREAK SPACE}M"


def test_a_period_that_has_ended_stops_at_its_edge():
    late = replace(usage_report(), now=NOVEMBER.end + timedelta(hours=3))

    assert spend_plot(late).now_minute == 30 * 24 * 60


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_end_labels_stay_a_line_apart_with_the_larger_above(spend, before):
    report = usage_report(
        [meter_usage(quantity=0)],
        [licensed_charge(amount=spend)],
        previous=previous_period(at_this_point=before // 2, at_end=before),
    )
    plot = spend_plot(report)
    upper, lower = (float(end.top.removesuffix("%")) for end in plot.ends)

    assert lower - upper >= 4.7
    assert plot.highest >= max(spend, before)


def test_nothing_spent_yet_still_makes_a_chart():
    report = usage_report([meter_usage(quantity=0)], [], now=NOW)

    assert spend_plot(report).amounts[0].label == "$0"
