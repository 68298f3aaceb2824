from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.clock import Period
from portal.rating.price import Price, Tier
from portal.rating.rate import rate
from portal.services.spend_curve import HourlyUsage, spend_curve

START = datetime(2026, 11, 1, tzinfo=UTC)
NOVEMBER = Period(START, datetime(2026, 12, 1, tzinfo=UTC))
HOUR = timedelta(hours=1)
SCALE = Price(
    "price_scale",
    "usd",
    "tiered",
    tiers=(Tier(Decimal(1000), Decimal(0)), Tier(None, Decimal("0.04"))),
    tiers_mode="graduated",
)


@dataclass(frozen=True)
class Item:
    price: Price
    hours: HourlyUsage


def hourly(formula: str, *values: int, start: datetime = START) -> HourlyUsage:
    return HourlyUsage([(start + i * HOUR, Decimal(v)) for i, v in enumerate(values)], formula)


def test_a_day_is_the_sum_of_its_hours() -> None:
    usage = hourly("sum", *([10] * 30))
    assert usage.daily(NOVEMBER, START + 30 * HOUR) == (240, 60)


def test_a_day_of_a_meter_of_levels_is_the_value_it_ended_with() -> None:
    usage = hourly("last", 78, 79, 80)
    assert usage.daily(NOVEMBER, START + 25 * HOUR) == (80, 80)


def test_the_quantity_until_a_moment_leaves_out_the_hours_that_begin_later() -> None:
    usage = hourly("sum", 1, 2, 4)
    assert [usage.until(START + i * HOUR) for i in range(4)] == [0, 1, 3, 7]


def test_the_curve_starts_with_the_fees_and_ends_now() -> None:
    curve = spend_curve([Item(SCALE, hourly("sum", 900, 600))], 49900, NOVEMBER, START + 2 * HOUR)
    assert [(point.at, point.amount) for point in curve] == [
        (START, 49900),
        (START + 2 * HOUR, 49920),
    ]


def test_the_curve_never_leaves_the_period() -> None:
    curve = spend_curve([], 100, NOVEMBER, NOVEMBER.end + timedelta(days=3))
    assert curve[-1].at == NOVEMBER.end


def test_a_period_that_has_just_begun_is_one_point() -> None:
    assert len(spend_curve([], 100, NOVEMBER, START)) == 1


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=200))
def test_the_curve_ends_at_what_all_the_hours_cost(values: list[int]) -> None:
    end = START + len(values) * HOUR
    curve = spend_curve([Item(SCALE, hourly("sum", *values))], 0, NOVEMBER, end)
    assert curve[-1].amount == rate(SCALE, Decimal(sum(values))).amount
