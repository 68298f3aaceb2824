"""Money: exact amounts in minor units, and the only places where an amount is rounded or shown."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from babel.numbers import get_currency_symbol

MINUS = "\N{MINUS SIGN}"
# https://docs.stripe.com/currencies (zero-decimal and three-decimal lists).
_ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split())
_THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
# No amount that can be rated has more digits.
_EVERY_DIGIT = 60


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's smallest unit, as Stripe counts; the currency in lower case."""

    amount: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def _same_currency(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")


def exponent(currency: str) -> int:
    """How many decimals the currency's amounts have: 2 for usd, 0 for jpy, 3 for kwd."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def round_amount(exact: Decimal) -> int:
    """An exact amount of minor units as whole ones, ties away from zero.

    Stripe rounds each invoice line once, a half up
    (https://docs.stripe.com/billing/subscriptions/decimal-amounts); ties of negative amounts are
    not documented and go away from zero here.
    """
    return int(exact.to_integral_value(ROUND_HALF_UP))


def major_units(amount: Decimal | int, currency: str) -> Decimal:
    """Minor units as major ones, exactly: 1999 usd is Decimal('19.99')."""
    with localcontext(prec=_EVERY_DIGIT):
        return Decimal(amount).scaleb(-exponent(currency))


def money_text(money: Money, *, signed: bool = False) -> str:
    """An amount as people read it: $1,047.25, −$60.00, and with `signed` +$111.44."""
    sign = MINUS if money.amount < 0 else "+" if signed and money.amount > 0 else ""
    digits = f"{major_units(abs(money.amount), money.currency):,f}"
    return f"{sign}{symbol(money.currency)}{digits}"


def rate_text(unit_amount_decimal: Decimal, currency: str) -> str:
    """A unit price with at least the currency's decimals and as many more as it needs: $0.0004."""
    with localcontext(prec=_EVERY_DIGIT):
        exact = major_units(unit_amount_decimal, currency).normalize()
    places = max(exponent(currency), -int(exact.as_tuple().exponent))
    return f"{symbol(currency)}{exact:,.{places}f}"


def symbol(currency: str) -> str:
    """The sign that stands before an amount: $ or €, or the code and a no-break space."""
    shown = get_currency_symbol(currency.upper(), locale="en_US")
    return f"{shown}\N{NO-BREAK SPACE}" if shown[-1].isalpha() else shown
