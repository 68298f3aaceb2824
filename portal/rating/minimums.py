"""How much of what is due can be charged; the rest waits on the customer's balance.

https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
"""

from decimal import Decimal

from portal.money import round_amount

# In minor units. Stripe converts other currencies to the account's; here they have no minimum.
_MINIMUM = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17_500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
    "usd": 50,
}  # fmt: skip
# https://docs.stripe.com/currencies#special-cases and #three-decimal: the last digits must be 0.
_STEP = {"isk": 100, "ugx": 100, "bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10}


def chargeable(amount: int, currency: str) -> int:
    """What is charged of an amount due: nothing of too small a one, else to the nearest step."""
    if amount < _MINIMUM.get(currency, 0):
        return 0
    step = _STEP.get(currency, 1)
    return round_amount(Decimal(amount) / step) * step
