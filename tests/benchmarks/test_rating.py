"""How fast prices are rated, one quantity at a time and many at once, and what memory it takes."""

import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from portal.rating.price import Price, Tier, TransformQuantity
from portal.rating.rate import rate
from portal.rating.sweep import PriceSweep, rate_all

ACCOUNTS = 100_000
MEBIBYTE = 2**20

REQUESTS = Price(
    "price_requests",
    "usd",
    "tiered",
    tiers=(
        Tier(Decimal(1_000_000), Decimal(0)),
        Tier(Decimal(2_000_000), Decimal("0.04")),
        Tier(None, Decimal("0.032")),
    ),
    tiers_mode="graduated",
)
TOKENS = Price(
    "price_tokens",
    "usd",
    "tiered",
    tiers=(
        Tier(Decimal(250_000_000), Decimal("0.000065"), Decimal(900)),
        Tier(None, Decimal("0.00004"), Decimal(500)),
    ),
    tiers_mode="volume",
)
STORAGE = Price("price_storage", "usd", "per_unit", Decimal("2.5"))
MINUTES = Price(
    "price_minutes",
    "usd",
    "per_unit",
    Decimal(1000),
    transform_quantity=TransformQuantity(60, "up"),
)


def requests(count: int) -> list[Decimal]:
    return [Decimal(step * 3_000_000 // count) for step in range(count)]


def usage_of_all_accounts() -> list[tuple[Price, Decimal]]:
    """Three meters of each account; storage has three decimals."""
    return [
        pair
        for account in range(ACCOUNTS)
        for pair in (
            (REQUESTS, Decimal(account * 37)),
            (TOKENS, Decimal(account * 4_999)),
            (STORAGE, Decimal(account * 7).scaleb(-3)),
        )
    ]


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.bench
@pytest.mark.parametrize("price", [REQUESTS, TOKENS, STORAGE, MINUTES], ids=lambda one: one.id)
def test_25_000_price_lines_are_rated_in_a_second(benchmark: Any, price: Price) -> None:
    quantities = requests(500)

    lines = benchmark(lambda: sum(len(rate(price, quantity).lines) for quantity in quantities))

    assert lines / benchmark.stats.stats.median > 25_000


@pytest.mark.bench
@pytest.mark.parametrize("price", [REQUESTS, TOKENS, STORAGE, MINUTES], ids=lambda one: one.id)
def test_200_000_price_lines_are_rated_in_a_second_when_many_are_rated_at_once(
    benchmark: Any, price: Price
) -> None:
    quantities = requests(20_000)
    sweep = PriceSweep(price)
    lines = sum(map(len, sweep.line_amounts(quantities)))

    benchmark(lambda: sweep.amounts(quantities))

    benchmark.extra_info["lines per second"] = int(lines / benchmark.stats.stats.median)
    assert lines / benchmark.stats.stats.median > 200_000


@pytest.mark.bench
def test_three_meters_of_100_000_accounts_are_rated_in_5_seconds(benchmark: Any) -> None:
    usage = usage_of_all_accounts()

    amounts = benchmark(lambda: rate_all(usage))

    assert len(amounts) == 3 * ACCOUNTS
    assert benchmark.stats.stats.max < 5


@pytest.mark.bench
def test_three_meters_of_100_000_accounts_are_rated_in_100_mebibytes() -> None:
    usage = usage_of_all_accounts()

    assert peak(lambda: rate_all(usage)) < 100 * MEBIBYTE
