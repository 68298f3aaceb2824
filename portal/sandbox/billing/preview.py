"""The next invoice of a subscription as it would be made by now; nothing is kept.

https://docs.stripe.com/api/invoices/create_preview: charges and lines are those of the real one.
"""

from typing import Any

from portal.sandbox.billing.charges import cycle_charges
from portal.sandbox.billing.invoices import Occasion, draft_invoice, with_totals
from portal.sandbox.billing.lines import charge_lines
from portal.sandbox.billing.renewal import next_moment, start_of_period
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def preview_invoice(store: Store, ledger: UsageLedger, subscription: StripeObject) -> StripeObject:
    """The invoice with its lines embedded under "lines", all of them in a plain list.

    It is dated at the renewal and looks back on the period that ends then. Raises Refused when
    the subscription will bill nothing any more.
    """
    at = next_moment(store, subscription)
    charges = list(cycle_charges(store, ledger, subscription, at)) if at is not None else []
    if at is None or not charges:
        raise Refused(
            f"No upcoming invoices for customer: '{subscription['customer']}'",
            status=404,
            code="invoice_upcoming_none",
        )
    occasion = Occasion("upcoming", at, start_of_period(store, subscription))
    invoice = draft_invoice(store, subscription, occasion) | {"id": store.new_id("upcoming_in")}
    lines = [line for charge in charges for line in charge_lines(store, subscription, charge)]
    for line in lines:
        line |= {"id": store.new_id("il_tmp"), "invoice": invoice["id"]}
    finalizes_at = at + int(ledger.grace.total_seconds())
    times = {"automatically_finalizes_at": finalizes_at, "next_payment_attempt": finalizes_at}
    return with_totals(invoice, lines) | times | {"lines": lines}
