"""How an amount came about, in rows that a person can check with a pocket calculator.

The rows are read off the rated lines; nothing is computed a second time.
"""

from decimal import Decimal

from portal.money import MINUS, Money, money_text, rate_text
from portal.rating.price import Price
from portal.rating.rate import LineKind, RatedAmount, RatedLine


def explain(rated: RatedAmount) -> tuple[str, ...]:
    """One row per line: "1,000,000 × $0.00 included", "3,812,400 × $0.0004 = $1,524.96".

    Usage that was corrected below zero has a row before them, which says what became of it.
    """
    rows = (_row(rated.price, line) for line in rated.lines)
    if rated.quantity < 0:
        return (f"{MINUS}{_digits(-rated.quantity)} counts as 0", *rows)
    return tuple(rows)


def _row(price: Price, line: RatedLine) -> str:
    if line.kind is LineKind.FLAT:
        return f"tier {line.tier} flat fee{_result(price, line)}"
    rate = rate_text(line.unit_amount_decimal or Decimal(0), price.currency)
    if line.kind is LineKind.PACKAGE and price.transform_quantity is not None:
        package = price.transform_quantity
        packages = f"{_digits(line.quantity)} ÷ {package.divide_by:,} rounded {package.round}"
        return f"{packages} = {_digits(line.packages)} × {rate}{_result(price, line)}"
    if not line.unit_amount_decimal:
        return f"{_digits(line.quantity)} × {rate} included"
    return f"{_digits(line.quantity)} × {rate}{_result(price, line)}"


def _result(price: Price, line: RatedLine) -> str:
    """The line's amount, and what it was before rounding where that differs."""
    amount = money_text(Money(line.amount, price.currency))
    if line.exact == line.amount:
        return f" = {amount}"
    return f" = {rate_text(line.exact, price.currency)}, rounded {amount}"


def _digits(quantity: Decimal | None) -> str:
    """Every digit, thousands apart, without trailing zeros: 642,611 or 0.5."""
    text = f"{quantity or Decimal(0):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
