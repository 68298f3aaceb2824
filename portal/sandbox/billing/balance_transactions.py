"""What a charge or a refund does to the vendor's balance, and Stripe's fee for it.

https://docs.stripe.com/reports/balance-transaction-types
"""

from decimal import Decimal
from typing import Any

from portal.money import exponent, round_amount
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# Stripe's list price for cards, https://stripe.com/pricing: 2.9 % and 30 hundredths.
_FEE_RATE = Decimal("0.029")
_FIXED_FEE = Decimal("0.30")
_DAY_SECONDS = 24 * 3600
_AVAILABLE_AFTER_DAYS = 7


def charged(store: Store, charge: StripeObject, at: int) -> StripeObject:
    """Keep the transaction of a captured charge, less its fee."""
    amount, currency = charge["amount_captured"], charge["currency"]
    fee = round_amount(amount * _FEE_RATE + _FIXED_FEE.scaleb(exponent(currency)))
    details = {
        "amount": fee,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    made = _transaction(store, charge, amount, at)
    return store.put(made | {"fee": fee, "fee_details": [details], "net": amount - fee})


def refunded(store: Store, charge: StripeObject, refund: StripeObject, at: int) -> StripeObject:
    """Keep the transaction of a refund; Stripe keeps its fee."""
    made = _transaction(store, charge, -refund["amount"], at) | {
        "description": "REFUND FOR CHARGE",
        "reporting_category": "refund",
        "source": refund["id"],
        "status": "available",
        "type": "refund",
    }
    return store.put(made)


def _transaction(store: Store, charge: StripeObject, amount: int, at: int) -> StripeObject:
    midnight = at - at % _DAY_SECONDS
    return {
        "id": store.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": midnight + _AVAILABLE_AFTER_DAYS * _DAY_SECONDS,
        "balance_type": "payments",
        "created": at,
        "currency": charge["currency"],
        "description": charge["description"],
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": "charge",
        "source": charge["id"],
        "status": "pending",
        "type": "charge",
    }
