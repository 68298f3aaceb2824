"""What a request may set on an invoice: due dates, texts, discounts, tax rates, collection.

https://docs.stripe.com/api/invoices/update
"""

from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.manual_invoices import schedule
from portal.sandbox.billing.redemption import Purchase, apply_discounts
from portal.sandbox.fields import given, group, merged_metadata
from portal.sandbox.refusals import NotSupported, Refused
from portal.sandbox.resources.customers import check_payment_method
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
SETTINGS = (
    "auto_advance automatically_finalizes_at collection_method custom_fields days_until_due "
    "default_payment_method default_tax_rates description discounts due_date footer metadata "
    "rendering.amount_tax_display rendering.pdf statement_descriptor"
)
# https://docs.stripe.com/invoicing/invoice-edits: the rest of a finalised one stays as it is.
_OF_A_FINAL_ONE = frozenset(("auto_advance", "default_payment_method", "expand", "metadata"))
_PLAIN = ("auto_advance", "collection_method", "description", "footer", "statement_descriptor")
_DAY_SECONDS = 24 * 3600
_MOST_CUSTOM_FIELDS = 4
_MOST_DAYS_UNTIL_DUE = 3650


def apply_settings(store: Store, invoice: StripeObject, params: StripeObject) -> StripeObject:
    """The invoice with what the request names set; not kept yet."""
    invoice = dict(invoice)
    invoice.update(given(params, _PLAIN))
    if params.get("default_payment_method") is not None:
        _set_payment_method(store, invoice, params["default_payment_method"])
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = _tax_rates(store, params["default_tax_rates"] or [])
    if "custom_fields" in params:
        invoice["custom_fields"] = _custom_fields(params["custom_fields"])
    if "metadata" in params:
        invoice["metadata"] = merged_metadata(invoice["metadata"], params["metadata"])
    if "rendering" in params:
        invoice["rendering"] = _rendering(invoice, params["rendering"])
    _set_due_date(invoice, params)
    if "discounts" not in params:
        return invoice
    customer = lookup.get(store, "customer", invoice["customer"])
    purchase = Purchase(customer, invoice["currency"])
    return apply_discounts(store, invoice, params["discounts"], purchase)


def apply_timing(draft: StripeObject, params: StripeObject) -> None:
    """Say when the draft is finalised by itself, where the request touches that."""
    if {"auto_advance", "collection_method"} & params.keys():
        schedule(draft)
    wanted = params.get("automatically_finalizes_at")
    if wanted is not None:
        if wanted <= draft["created"]:
            raise Refused(
                "This timestamp must be in the future.", param="automatically_finalizes_at"
            )
        when = {"automatically_finalizes_at": wanted, "_due_at": wanted}
        draft |= {"auto_advance": True, **when}


def check_still_open(invoice: StripeObject, params: StripeObject) -> None:
    """Refuse to change what is fixed once an invoice is finalised."""
    fixed = sorted(params.keys() - _OF_A_FINAL_ONE)
    if invoice["status"] != "draft" and fixed:
        raise Refused("Finalized invoices can't be updated in this way", param=fixed[0])


def _set_payment_method(store: Store, invoice: StripeObject, wanted: str) -> None:
    if wanted:
        check_payment_method(store, invoice["customer"], wanted, "default_payment_method")
    invoice["default_payment_method"] = wanted or None


def _tax_rates(store: Store, ids: list[str]) -> list[str]:
    for position, id in enumerate(ids):
        lookup.named(store, "tax_rate", id, f"default_tax_rates[{position}]")
    return list(ids)


def _custom_fields(asked: Any) -> list[StripeObject] | None:
    if not asked:
        return None
    if len(asked) > _MOST_CUSTOM_FIELDS:
        raise Refused(
            f"An invoice can have at most {_MOST_CUSTOM_FIELDS} custom fields.",
            param="custom_fields",
        )
    return [{"name": field["name"], "value": field["value"]} for field in asked]


def _rendering(invoice: StripeObject, asked: StripeObject) -> StripeObject:
    known = invoice["rendering"] or {"pdf": None, "template": None, "template_version": None}
    shown = given(asked, ("amount_tax_display",))
    pdf = group(asked.get("pdf"), ("page_size",)) or known["pdf"]
    return {"amount_tax_display": None} | known | shown | {"pdf": pdf}


def _set_due_date(invoice: StripeObject, params: StripeObject) -> None:
    """An invoice that is sent has a day by which it is to be paid, and no other has one."""
    asked = [params[name] for name in ("due_date", "days_until_due") if name in params]
    is_sent = invoice["collection_method"] == "send_invoice"
    if not is_sent and asked:
        raise Refused(
            "You can only specify 'due_date' or 'days_until_due' if invoice collection method is "
            "'send_invoice'."
        )
    if len(asked) > 1:
        raise Refused(
            "You may only specify one of these parameters: due_date, days_until_due.",
            param="due_date",
        )
    if "days_until_due" in params:
        _check_days(params["days_until_due"])
        invoice["due_date"] = invoice["created"] + params["days_until_due"] * _DAY_SECONDS
    elif "due_date" in params:
        if params["due_date"] < invoice["created"]:
            raise Refused("The due date must be in the future.", param="due_date")
        invoice["due_date"] = params["due_date"]
    if is_sent and invoice["due_date"] is None:
        raise Refused(
            "If invoice collection method is 'send_invoice', you must specify 'due_date' or "
            "'days_until_due'."
        )
    if not is_sent:
        invoice["due_date"] = None


def _check_days(days: int) -> None:
    if not 0 <= days <= _MOST_DAYS_UNTIL_DUE:
        raise Refused(
            f"`days_until_due` must be between 0 and {_MOST_DAYS_UNTIL_DUE}.",
            param="days_until_due",
        )


def check_subscription(invoice: StripeObject, params: StripeObject) -> None:
    """A subscription's own drafts keep to its collection method."""
    is_its = invoice["parent"] is not None and invoice["billing_reason"] != "manual"
    if is_its and "collection_method" in params:
        raise NotSupported(
            "This sandbox does not change how a subscription's invoice is collected.",
            param="collection_method",
        )
