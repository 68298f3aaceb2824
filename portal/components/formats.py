"""How quantities, prices per unit, changes, days and periods are written, the same on every page.

Amounts of money are written by `portal.money`; nothing here knows a page.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_name

from portal.clock import Period
from portal.money import MINUS, rate_text

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
EN_DASH = "\N{EN DASH}"
# From this quantity on it is written in the unit beside it: 3 or 4 digits stay significant.
_SCALES = (
    (Decimal(10) ** 13, Decimal(10) ** 12, "T"),
    (Decimal(10) ** 10, Decimal(10) ** 9, "B"),
    (Decimal(10) ** 6, Decimal(10) ** 6, "M"),
    (Decimal(10) ** 4, Decimal(10) ** 3, "k"),
)
_PRICE_UNITS = {1_000: "1,000", 1_000_000: "M", 1_000_000_000: "B"}
_LONGEST_SYMBOL = 3


def unit_symbol(unit_label: str) -> str:
    """The unit when it is a symbol that belongs to the number (GB, kWh), else an empty text.

    A word such as "requests" is not repeated: the meter's name already says it.
    """
    is_short = len(unit_label) <= _LONGEST_SYMBOL
    has_capital = " " not in unit_label and unit_label.lower() != unit_label
    return unit_label if is_short or has_capital else ""


def quantity_text(quantity: Decimal, unit_label: str = "") -> str:
    """A quantity with 3 or 4 significant digits and its unit: 1.64 M, 417.4 M, 88 GB."""
    for threshold, scale, letter in _SCALES:
        if abs(quantity) >= threshold:
            parts = [_digits(quantity / scale), letter]
            break
    else:
        parts = [_digits(quantity)]
    symbol = unit_symbol(unit_label)
    return NO_BREAK_SPACE.join([*parts, symbol] if symbol else parts)


def exact_quantity_text(quantity: Decimal) -> str:
    """A quantity with every digit, for places that explain an amount: 1,642,611."""
    return _signed(f"{abs(quantity):,f}", quantity)


def price_text(
    unit_amount_decimal: Decimal, currency: str, *, price_per: int, unit_label: str
) -> str:
    """A unit price per as many units as people think in: $0.40 / 1,000, $0.25 / GB, $5.00 each."""
    amount = rate_text(unit_amount_decimal * price_per, currency)
    symbol = unit_symbol(unit_label)
    many = "" if price_per == 1 else _PRICE_UNITS.get(price_per, f"{price_per:,}")
    per = NO_BREAK_SPACE.join(part for part in (many, symbol) if part)
    return f"{amount} / {per}" if per else f"{amount} each"


def change_text(now: Decimal, before: Decimal) -> str:
    """The change from a positive `before` in whole percent, always signed: +7%, −12%, 0%.

    A growth to eleven times or more is said as such: 33×.
    """
    if now >= 11 * before:
        return f"{quantity_text(now / before)}×"
    percent = int(((now - before) / before * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return f"{'+' if percent > 0 else MINUS if percent < 0 else ''}{abs(percent):,}%"


def initials(name: str) -> str:
    """The first letters of a name's first two words; signs such as & are no words."""
    return "".join(word[0] for word in name.split() if word[0].isalnum())[:2].upper()


def percent_text(percentage: Decimal) -> str:
    """A percentage with as many decimals as it has: 20%, 8.875%."""
    return f"{percentage.normalize():f}%"


def day_text(moment: datetime) -> str:
    """A day of the current year or near it: 22 Nov."""
    return f"{moment.day} {moment:%b}"


def time_text(moment: datetime) -> str:
    """A time of day in 24 hours: 10:42; the zone is named once on the screen."""
    return f"{moment:%H:%M}"


def period_text(period: Period, *, year: bool = False) -> str:
    """A period by its first and last day, the month once: 1–30 Nov, with `year` 1–30 Nov 2026."""
    first, last = period.start, last_moment(period)
    shown_year = f" {last.year}" if year else ""
    if first.date() == last.date():
        return f"{day_text(last)}{shown_year}"
    if first.year != last.year:
        return f"{day_text(first)} {first.year}{EN_DASH}{day_text(last)} {last.year}"
    start = str(first.day) if first.month == last.month else day_text(first)
    return f"{start}{EN_DASH}{day_text(last)}{shown_year}"


def period_name(period: Period) -> str:
    """The month's name when the period is a calendar month, else the period's days."""
    is_month = (
        period.start.day == 1
        and period.end.day == 1
        and timedelta(days=28) <= period.length <= timedelta(days=31)
    )
    return f"{period.start:%B}" if is_month else period_text(period)


def short_period_name(period: Period) -> str:
    """The month's name, or "last period" where an earlier period's days would not fit."""
    name = period_name(period)
    return "last period" if EN_DASH in name else name


def days_in(period: Period) -> int:
    """How many days the period has, counted from its start; the last need not be whole."""
    return max(-(-period.length // timedelta(days=1)), 1)


def currency_text(currency: str) -> str:
    """The currency as a word that follows "Amounts are": US dollars, Japanese yen."""
    return get_currency_name(currency.upper(), count=2, locale="en_US")


def last_moment(period: Period) -> datetime:
    """The last moment that still belongs to the period: its end does not."""
    return max(period.start, period.end - timedelta(microseconds=1))


def _digits(value: Decimal) -> str:
    size = abs(value)
    if size >= 1000:
        places = 0
    elif size >= 10:
        places = 1
    elif size >= 1 or size == 0:
        places = 2
    else:
        places = 2 - size.adjusted()
    rounded = size.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    digits = f"{rounded:,f}"
    return _signed(digits.rstrip("0").rstrip(".") if "." in digits else digits, value)


def _signed(digits: str, value: Decimal) -> str:
    return f"{MINUS}{digits}" if value < 0 else digits
