"""What takes something off a company's invoices, or adds to them: short ways to make it."""

from decimal import Decimal
from typing import Any

from portal.sandbox.resources.coupons import create_coupon
from portal.sandbox.resources.credit_balance import (
    list_credit_balance_transactions,
    retrieve_credit_balance_summary,
)
from portal.sandbox.resources.credit_grants import create_credit_grant
from portal.sandbox.resources.customer_balance import (
    create_balance_transaction,
    list_balance_transactions,
)
from portal.sandbox.resources.prices import create_price
from portal.sandbox.resources.products import create_product
from portal.sandbox.resources.promotion_codes import create_promotion_code
from portal.sandbox.resources.tax_rates import create_tax_rate
from tests.sandbox.billing.company import MONTHLY, Company

StripeObject = dict[str, Any]


def coupon(company: Company, **terms: Any) -> str:
    """A coupon for ever, unless its terms say otherwise; percentages as text."""
    if "percent_off" in terms:
        terms["percent_off"] = Decimal(terms["percent_off"])
    if "amount_off" in terms:
        terms = {"currency": "usd"} | terms
    return str(create_coupon(company.call(**{"duration": "forever"} | terms))["id"])


def promotion_code(company: Company, of: str, **terms: Any) -> str:
    promotion = {"type": "coupon", "coupon": of}
    return str(create_promotion_code(company.call(promotion=promotion, **terms))["id"])


def tax_rate(company: Company, percentage: str, *, inclusive: bool = False) -> str:
    asked = {"display_name": "VAT", "inclusive": inclusive, "percentage": Decimal(percentage)}
    return str(create_tax_rate(company.call(**asked))["id"])


def grant(
    company: Company, customer: StripeObject, value: int, *prices: str, **terms: Any
) -> StripeObject:
    """Credit in dollars for all metered prices, or for some."""
    amount = {"type": "monetary", "monetary": {"currency": "usd", "value": value}}
    every: StripeObject = {"price_type": "metered"}
    scope = {"prices": [{"id": price} for price in prices]} if prices else every
    asked = {"amount": amount, "applicability_config": {"scope": scope}}
    return create_credit_grant(company.call(customer=customer["id"], **asked, **terms))


def left_of(company: Company, grant: StripeObject) -> tuple[int, int]:
    """What is available of a grant, and what its ledger holds."""
    wanted = {"type": "credit_grant", "credit_grant": grant["id"]}
    asked = company.call(customer=grant["customer"], filter=wanted)
    (balance,) = retrieve_credit_balance_summary(asked)["balances"]
    names = ("available_balance", "ledger_balance")
    available, ledger = (balance[name]["monetary"]["value"] for name in names)
    return available, ledger


def credit_moves(company: Company, customer: StripeObject) -> list[tuple[str, int]]:
    """What happened to a customer's credit, the oldest first; a debit is negative."""
    found = list_credit_balance_transactions(company.call(customer=customer["id"])).objects
    moves = []
    for one in found:
        kind, sign = ("credit", 1) if one["type"] == "credit" else ("debit", -1)
        moves.append((one[kind]["type"], sign * one[kind]["amount"]["monetary"]["value"]))
    return moves[::-1]


def owe(company: Company, customer: StripeObject, amount: int, currency: str = "usd") -> None:
    """Let the customer owe more; a negative amount is credit."""
    create_balance_transaction(company.call(amount=amount, currency=currency), customer["id"])


def balance_moves(company: Company, customer: StripeObject) -> list[tuple[str, int, int]]:
    """What happened to a customer's balance, the oldest first, and what it was then."""
    found = list_balance_transactions(company.call(), customer["id"]).objects
    return [(one["type"], one["amount"], one["ending_balance"]) for one in found][::-1]


def plan_in(company: Company, currency: str, amount: int, **price: Any) -> str:
    """A monthly plan in a currency."""
    product = create_product(company.call(name="Plan"))["id"]
    asked = {"currency": currency, "product": product, "recurring": MONTHLY}
    return str(create_price(company.call(unit_amount=amount, **asked, **price))["id"])
