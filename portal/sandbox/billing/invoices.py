"""Invoices as objects: made as drafts, added up, given a number and finalised; paid elsewhere.

https://docs.stripe.com/invoicing/integration/workflow-transitions
"""

from dataclasses import dataclass
from typing import Any

from portal.sandbox.account import account_name
from portal.sandbox.billing.discounts import inherited
from portal.sandbox.billing.parents import subscription_of
from portal.sandbox.billing.totals import settle, with_totals
from portal.sandbox.included import lines_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_NEVER = {"finalized_at": None, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None}


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why and when an invoice is made; `start` is when the period it looks back on began.

    That period is not the service's: the lines have periods of their own.
    """

    billing_reason: str
    at: int
    start: int


def draft_invoice(store: Store, subscription: StripeObject, occasion: Occasion) -> StripeObject:
    """A draft for the subscription, not kept yet and without lines."""
    customer = store.get("customer", subscription["customer"]) or {}
    return {
        "id": None,
        "object": "invoice",
        **_account(store),
        **_amounts(),
        **_customer(customer),
        **_settings(subscription),
        "billing_reason": occasion.billing_reason,
        "created": occasion.at,
        "currency": subscription["currency"],
        "default_tax_rates": list(subscription.get("default_tax_rates", ())),
        "discounts": inherited(store, subscription, occasion.at),
        "period_end": occasion.at,
        "period_start": occasion.start,
        "status": "draft",
        "status_transitions": dict(_NEVER),
        "test_clock": subscription["test_clock"],
    }


def finalize(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """Settle the draft, give it its number and open it for payment; it is fixed from now on."""
    invoice = _settled(store, invoice, at)
    customer = store.get("customer", invoice["customer"]) or {}
    sequence = customer.get("next_invoice_sequence", 1)
    store.put(customer | {"next_invoice_sequence": sequence + 1})
    opened = store.put(
        invoice
        | {
            "automatically_finalizes_at": None,
            "due_date": _due_date(store, invoice, at),
            "effective_at": at,
            "hosted_invoice_url": f"{store.address}/i/{invoice['id']}",
            "invoice_pdf": f"{store.address}/i/{invoice['id']}/pdf",
            "next_payment_attempt": None,
            "rendering": _rendering(invoice),
            "number": f"{customer.get('invoice_prefix')}-{sequence:04d}",
            "status": "open",
            "status_transitions": invoice["status_transitions"] | {"finalized_at": at},
            "_due_at": None,
        }
    )
    store.emit("invoice.finalized", opened)
    return opened


def _settled(store: Store, invoice: StripeObject, at: int) -> StripeObject:
    """The draft added up by what holds now, with the credits and the balance used for it.

    https://docs.stripe.com/api/invoices/object: until now it has followed its customer's details.
    """
    customer = store.get("customer", invoice["customer"]) or {}
    if not customer.get("deleted"):
        invoice = invoice | _customer(customer)
    invoice, lines = with_totals(store, invoice, lines_of(store, invoice), is_final=True)
    invoice, lines = settle(store, invoice, lines, at)
    for line in lines:
        store.put(line)
    return invoice


def _due_date(store: Store, invoice: StripeObject, at: int) -> int | None:
    """By when an invoice that is sent is to be paid; one made by hand says so from the start."""
    if invoice["due_date"] is not None:
        return int(invoice["due_date"])
    subscription = store.get("subscription", subscription_of(invoice) or "") or {}
    days = subscription.get("days_until_due")
    return None if days is None else at + days * 24 * 3600


def _rendering(invoice: StripeObject) -> StripeObject | None:
    """How the PDF looks; the size of its pages is settled now if it was left open."""
    rendering: StripeObject | None = invoice["rendering"]
    if rendering is None or (rendering["pdf"] or {}).get("page_size") != "auto":
        return rendering
    return rendering | {"pdf": {"page_size": "letter"}}


def _account(store: Store) -> StripeObject:
    return {
        "account_country": "US",
        "account_name": account_name(store),
        "account_tax_ids": None,
        "issuer": {"type": "self"},
    }


def _amounts() -> StripeObject:
    counts = ("amount_due", "amount_overpaid", "amount_paid", "amount_paid_off_stripe",
              "amount_remaining", "amount_shipping", "attempt_count",
              "post_payment_credit_notes_amount", "pre_payment_credit_notes_amount",
              "starting_balance", "subtotal", "subtotal_excluding_tax", "total",
              "total_excluding_tax")  # fmt: skip
    lists = ("total_discount_amounts", "total_pretax_credit_amounts", "total_taxes")
    return dict.fromkeys(counts, 0) | {name: [] for name in lists} | {"ending_balance": None}


def _customer(customer: StripeObject) -> StripeObject:
    return {
        "customer": customer.get("id"),
        "customer_account": None,
        "customer_address": customer.get("address"),
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"),
        "customer_shipping": customer.get("shipping"),
        "customer_tax_exempt": customer.get("tax_exempt", "none"),
        "customer_tax_ids": [],
    }


def _settings(subscription: StripeObject) -> StripeObject:
    """Everything else; what this sandbox never fills is null."""
    unused = ("application", "automatically_finalizes_at", "custom_fields", "default_source",
              "description", "due_date", "effective_at", "footer", "from_invoice",
              "hosted_invoice_url", "invoice_pdf", "last_finalization_error", "latest_revision",
              "next_payment_attempt", "number", "on_behalf_of", "receipt_number", "rendering",
              "shipping_cost", "shipping_details", "statement_descriptor", "status_details",
              "threshold_reason", "webhooks_delivered_at")  # fmt: skip
    automatic_tax = ("disabled_reason", "liability", "provider", "status")
    payment = ("default_mandate", "payment_method_options", "payment_method_types")
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return dict.fromkeys(unused) | {
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {"enabled": False} | dict.fromkeys(automatic_tax),
        "collection_method": subscription["collection_method"],
        "default_payment_method": None,
        "livemode": False,
        "metadata": {},
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": details,
        },
        "payment_settings": dict.fromkeys(payment),
    }
