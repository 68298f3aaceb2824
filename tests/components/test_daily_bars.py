"""Daily bars: one slot per day, weeks for long periods, the running day apart."""

from decimal import Decimal

from portal.components.daily_bars import daily_bars_of, days_per_bar


def bars(daily, *, days, takes_last=False, mean=None):
    values = [Decimal(value) for value in daily]
    return daily_bars_of(values, days=days, takes_last=takes_last, previous_mean=mean)


def test_every_day_of_the_period_has_a_slot():
    drawn = bars([5, 7, 3], days=30)

    assert drawn.done.count("M") == 2
    assert drawn.today.count("M") == 1
    assert drawn.left.count("M") == 27


def test_a_last_value_has_no_running_day():
    drawn = bars([5, 7, 3], days=30, takes_last=True)

    assert drawn.done.count("M") == 3
    assert drawn.today == ""


def test_a_year_is_drawn_in_weeks():
    drawn = bars([1] * 282, days=365)

    assert days_per_bar(365) == 7
    assert drawn.done.count("M") + drawn.today.count("M") + drawn.left.count("M") == 53


def test_a_day_without_usage_keeps_a_line_of_one_pixel():
    assert "v-1h" in bars([0, 0], days=2).done


def test_no_usage_at_all_is_drawn_flat():
    drawn = bars([], days=30)

    assert drawn.done == drawn.today == drawn.mean_y == ""
    assert drawn.left.count("M") == 30


def test_the_mean_of_the_last_period_lies_within_the_picture():
    assert 0 < float(bars([1], days=30, mean=Decimal(500)).mean_y) < 30
    assert bars([1], days=30).mean_y == ""
