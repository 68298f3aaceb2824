"""The read budget: a steady rate, in order, measured on a clock of the test's own."""

import asyncio

from portal.stripe_gateway.budget import ReadBudget


class Time:
    """A clock that goes on only when somebody sleeps on it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def budget(per_second: float, time: Time) -> ReadBudget:
    return ReadBudget(per_second, time=time, sleep=time.sleep)


async def granted(budget: ReadBudget, time: Time, reads: int) -> list[float]:
    moments = []
    for _ in range(reads):
        await budget.take()
        moments.append(round(time.now, 6))
    return moments


async def test_reads_keep_to_the_rate():
    time = Time()

    moments = await granted(budget(10, time), time, 31)

    assert moments[-1] == 3.0


async def test_an_idle_budget_allows_half_a_second_at_once():
    time = Time()
    rested = budget(10, time)
    time.now = 60

    moments = await granted(rested, time, 8)

    assert moments == [60, 60, 60, 60, 60, 60, 60.1, 60.2]


async def test_rest_is_not_saved_up():
    time = Time()
    rested = budget(10, time)
    time.now = 3600

    moments = await granted(rested, time, 106)

    assert moments[-1] == 3610.0


async def test_holding_keeps_everybody_waiting():
    time = Time()
    slowed = budget(10, time)
    slowed.hold(5)

    assert await granted(slowed, time, 2) == [5, 5.1]


async def test_who_comes_first_goes_first():
    budget = ReadBudget(500)
    order: list[int] = []

    async def read(number: int) -> None:
        await budget.take()
        order.append(number)

    await asyncio.gather(*(read(number) for number in range(20)))

    assert order == sorted(order)
