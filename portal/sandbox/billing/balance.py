"""A customer's balance: what was overpaid or is still owed, applied to the next invoice.

https://docs.stripe.com/billing/customer/balance: a negative balance is the customer's credit. Every
change of it is a transaction; each currency has a balance of its own.
"""

from typing import Any, TypedDict, Unpack

from portal.sandbox import lookup
from portal.sandbox.events import save_change
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
# The account's own, in which a balance is kept as long as the customer has no currency.
_USUAL_CURRENCY = "usd"


class About(TypedDict, total=False):
    """What a transaction is about; `invoice` and `credit_note` are ids."""

    credit_note: str | None
    description: str | None
    invoice: str | None
    metadata: StripeObject


def balance_in(store: Store, customer: str, currency: str) -> int:
    """The customer's balance in the currency."""
    owner = store.look("customer", customer) or {}
    return int(owner.get("_balances", {}).get(currency, 0))


def settle_balance(store: Store, invoice: StripeObject, at: int) -> None:
    """Apply the balance to an invoice that is finalised, and keep on it what cannot be charged.

    A total too small to be charged waits there whole; of other totals at most what cannot be
    charged in whole coins of the currency.
    """
    customer, currency, due = invoice["customer"], invoice["currency"], invoice["amount_due"]
    starting = invoice["starting_balance"]
    owed = starting + invoice["total"]
    kept = "adjustment" if due else "invoice_too_small"
    for type, amount in (
        ("applied_to_invoice", min(owed, 0) - starting),
        (kept, max(owed, 0) - due),
    ):
        if amount:
            move_balance(store, customer, currency, amount, type, at, invoice=invoice["id"])


def give_back_balance(store: Store, invoice: StripeObject, at: int) -> None:
    """Undo what an invoice took from the balance when it is voided, if there still is a balance."""
    if (store.look("customer", invoice["customer"]) or {}).get("deleted"):
        return
    moved = store.every("customer_balance_transaction", invoice=invoice["id"])
    used = sum(one["amount"] for one in moved if one["type"] != "credit_note")
    if used:
        customer, currency = invoice["customer"], invoice["currency"]
        move_balance(
            store, customer, currency, -used, "unapplied_from_invoice", at, invoice=invoice["id"]
        )


def set_balance(store: Store, customer: StripeObject, wanted: int) -> StripeObject:
    """The customer, not kept yet, with the balance brought to an amount by one adjustment."""
    difference = wanted - customer["balance"]
    if not difference:
        return customer
    currency, at = customer["currency"] or _USUAL_CURRENCY, store.now(customer)
    return entered(store, customer, currency, difference, "adjustment", at)[0]


def move_balance(  # noqa: PLR0913 - whose balance, by how much, why and when
    store: Store,
    customer: str,
    currency: str,
    amount: int,
    type: str,
    at: int,
    **about: Unpack[About],
) -> StripeObject:
    """Change a balance by a transaction; a positive amount makes the customer owe more."""
    owner = lookup.get(store, "customer", customer)
    changed, transaction = entered(store, owner, currency, amount, type, at, **about)
    save_change(store, "customer.updated", changed)
    return transaction


def entered(  # noqa: PLR0913 - whose balance, by how much, why and when
    store: Store,
    customer: StripeObject,
    currency: str,
    amount: int,
    type: str,
    at: int,
    **about: Unpack[About],
) -> tuple[StripeObject, StripeObject]:
    """The customer, not kept yet, after a transaction, and the transaction."""
    balances = {**customer.get("_balances", {})}
    balances[currency] = balances.get(currency, 0) + amount
    transaction = store.put(
        {
            "id": store.new_id("cbtxn"),
            "object": "customer_balance_transaction",
            "amount": amount,
            "checkout_session": None,
            "created": at,
            "credit_note": about.get("credit_note"),
            "currency": currency,
            "customer": customer["id"],
            "customer_account": None,
            "description": about.get("description"),
            "ending_balance": balances[currency],
            "invoice": about.get("invoice"),
            "livemode": False,
            "metadata": about.get("metadata", {}),
            "type": type,
        }
    )
    usual = customer["currency"] or currency
    changed = {"_balances": balances, "balance": balances.get(usual, 0), "currency": usual}
    return customer | changed, transaction
