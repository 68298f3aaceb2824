"""The part of an amount that falls on the rest of a period, to the second."""

from decimal import Decimal

from portal.money import round_amount
from portal.rating.precision import exact_digits


def prorated(amount: Decimal | int, start: int, end: int, at: int) -> int:
    """What of an amount for the period from `start` to `end` is for the time from `at` on.

    Moments are seconds since the epoch, with start <= at <= end and start < end. Rounded once to
    the nearest minor unit; a negative amount, a credit, keeps its sign
    (https://docs.stripe.com/billing/subscriptions/prorations).
    """
    if not start <= at <= end or start == end:
        raise ValueError(f"{at} lies outside the period from {start} to {end}")
    with exact_digits():
        exact = Decimal(amount) * (end - at) / (end - start)
    return round_amount(exact)
