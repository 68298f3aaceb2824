"""A customer of the demo: on which plan, with what rhythm, since when, and what is special."""

from dataclasses import dataclass
from decimal import Decimal

from portal.sandbox.demo.rhythm import Rhythm

IDLE = Rhythm(requests=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is not the same for everybody; percentages are of the invoice, amounts minor units.

    `is_yearly` pays the plan by the year and the usage by the month; `cancels` leaves with the
    present period; `fails` had a card that worked until the latest period ended.
    """

    currency: str = "usd"
    discount: int = 0
    tax: Decimal = Decimal(0)
    credits: int = 0
    trial_days: int = 0
    is_yearly: bool = False
    cancels: bool = False
    fails: bool = False


PLAIN = Terms()


@dataclass(frozen=True, slots=True)
class Buyer:
    """`key` is kept in the customer's metadata, plans are catalog keys.

    It has been with the vendor for so many `months` before the present billing period began; or,
    with `days`, before a period of its own that began so many days ago.
    """

    key: str
    name: str
    email: str
    plan: str
    add_ons: tuple[str, ...] = ()
    rhythm: Rhythm = IDLE
    terms: Terms = PLAIN
    months: int = 7
    days: int | None = None
