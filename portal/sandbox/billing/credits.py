"""Billing credits: what is granted to a customer ahead, and used up by the usage on invoices.

https://docs.stripe.com/billing/subscriptions/usage-based/billing-credits. A grant keeps what is
left of it under `_left`; every change of that is a credit balance transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from portal.rating.invoice import CreditGrant
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
TRANSACTION = "billing.credit_balance_transaction"
_GRANT = "billing.credit_grant"


def grants_for(store: Store, invoice: StripeObject, *, is_final: bool) -> list[CreditGrant]:
    """The grants that an invoice of a subscription could use.

    A draft must leave what earlier drafts will use; a final invoice comes first, come what may.
    """
    if invoice["parent"] is None:
        return []
    grants = [
        grant
        for grant in store.look_each(_GRANT, customer=invoice["customer"])
        if grant["_left"] and grant["amount"]["monetary"]["currency"] == invoice["currency"]
    ]
    held = {} if is_final or not grants else reserved(store, invoice["customer"], before=invoice)
    return [_rated(grant, grant["_left"] - held.get(grant["id"], 0)) for grant in grants]


def reserved(
    store: Store, customer: str, *, before: StripeObject | None = None, but: str | None = None
) -> dict[str, int]:
    """How much of each grant the customer's drafts will use; only earlier ones, `but` not one."""
    held: dict[str, int] = {}
    for draft in store.look_each("invoice", customer=customer, status="draft"):
        is_later = before is not None and draft["created"] >= before["created"]
        if is_later or draft["id"] == but:
            continue
        for line in store.look_each("line_item", invoice=draft["id"]):
            for grant, amount in line.get("_credits", ()):
                held[grant] = held.get(grant, 0) + amount
    return held


def credit_amount(amount: int, transaction: str | None = None) -> StripeObject:
    """A credit as a line shows it; before it is really used it has no transaction."""
    return {
        "amount": amount,
        "credit_balance_transaction": transaction,
        "type": "credit_balance_transaction",
    }


def apply_credits(
    store: Store, invoice: StripeObject, lines: Iterable[StripeObject], at: int
) -> list[StripeObject]:
    """Use up the credits that the lines count on, by their `_credits`; they name the uses then."""
    billed = [_with_credits(store, invoice, line, at) for line in lines]
    _expire_rest(store, invoice, at)
    return billed


def give_back_credits(store: Store, lines: Sequence[StripeObject], at: int) -> None:
    """Return to the grants what the lines of an invoice used, when it is voided."""
    for line in lines:
        for one in line["pretax_credit_amounts"]:
            used = store.get(TRANSACTION, one.get("credit_balance_transaction") or "")
            if used is not None:
                _reinstate(store, used, line, at)


def open_grant(store: Store, grant: StripeObject) -> StripeObject:
    """Keep a new grant, whole, and tell of it."""
    value = grant["amount"]["monetary"]["value"]
    kept = store.put(grant | {"_left": 0})
    store.emit("billing.credit_grant.created", kept)
    _move(store, kept, value, "credits_granted", grant["effective_at"])
    return store.get(_GRANT, grant["id"]) or kept


def close_grant(store: Store, grant: StripeObject, type: str, at: int) -> StripeObject:
    """Take away what is left of a grant; `type` is credits_expired or credits_voided."""
    if grant["_left"]:
        _move(store, grant, -grant["_left"], type, at)
    return grant | {"_left": 0, "_due_at": None}


def expire_grant(store: Store, grant: StripeObject, at: int) -> StripeObject:
    """Let what is left of a grant go when its time has come.

    Usage that ended before still counts: what drafts are about to use stays until they are final.
    """
    held = reserved(store, grant["customer"]).get(grant["id"], 0)
    kept = min(grant["_left"], held)
    if grant["_left"] > kept:
        _move(store, grant, kept - grant["_left"], "credits_expired", at)
    return store.put(grant | {"_left": kept, "_due_at": None})


def _rated(grant: Any, available: int) -> CreditGrant:
    prices = grant["applicability_config"]["scope"].get("prices")
    return CreditGrant(
        id=grant["id"],
        available=available,
        priority=grant["priority"],
        category=grant["category"],
        effective_at=grant["effective_at"],
        expires_at=grant["expires_at"],
        created=grant["created"],
        prices=None if prices is None else frozenset(price["id"] for price in prices),
    )


def _with_credits(store: Store, invoice: StripeObject, line: StripeObject, at: int) -> StripeObject:
    used_by = {"invoice": invoice["id"], "invoice_line_item": line["id"]}
    used = []
    for id, amount in line["_credits"]:
        grant = store.get(_GRANT, id) or {}
        made = _move(store, grant, -amount, "credits_applied", at, used_by)
        used.append(credit_amount(amount, made["id"]))
    discounts = [one for one in line["pretax_credit_amounts"] if one["type"] == "discount"]
    return line | {"pretax_credit_amounts": [*discounts, *used]}


def _expire_rest(store: Store, invoice: StripeObject, at: int) -> None:
    """Expire what was kept of expired grants for this invoice and is not kept for another."""
    grants = store.every(_GRANT, customer=invoice["customer"])
    expired = [one for one in grants if one["_left"] and (one["expires_at"] or at + 1) <= at]
    if expired:
        held = reserved(store, invoice["customer"], but=invoice["id"])
        for grant in expired:
            rest = max(0, grant["_left"] - held.get(grant["id"], 0))
            if rest:
                _move(store, grant, -rest, "credits_expired", at)


def _reinstate(store: Store, used: StripeObject, line: StripeObject, at: int) -> None:
    grant = store.get(_GRANT, used["credit_grant"])
    if grant is None or grant["voided_at"] is not None:
        return
    about = {"invoice": line["invoice"], "invoice_line_item": line["id"]}
    value = used["debit"]["amount"]["monetary"]["value"]
    _move(store, grant, value, "credits_application_invoice_voided", at, about)
    if grant["expires_at"] is not None and grant["expires_at"] <= at:
        returned = store.get(_GRANT, grant["id"]) or grant
        store.put(close_grant(store, returned, "credits_expired", at))


def _move(  # noqa: PLR0913 - of which grant how much, why, when and for what
    store: Store,
    grant: StripeObject,
    value: int,
    type: str,
    at: int,
    about: StripeObject | None = None,
) -> StripeObject:
    """Change what is left of a grant by a transaction: a credit when it grows, else a debit."""
    store.put(grant | {"_left": grant["_left"] + value})
    currency = grant["amount"]["monetary"]["currency"]
    amount = {"monetary": {"currency": currency, "value": abs(value)}, "type": "monetary"}
    kind, detail = ("credit", "credits_application_invoice_voided")
    if value < 0:
        kind, detail = ("debit", "credits_applied")
    made = store.put(
        {
            "id": store.new_id("cbtxn"),
            "object": TRANSACTION,
            "created": at,
            "credit": None,
            "credit_grant": grant["id"],
            "debit": None,
            "effective_at": at,
            "livemode": False,
            "test_clock": grant["test_clock"],
            "type": kind,
            kind: {"amount": amount, detail: about, "type": type},
            "_customer": grant["customer"],
        }
    )
    store.emit("billing.credit_balance_transaction.created", made)
    return made
