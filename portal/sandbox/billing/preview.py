"""What an invoice would be: the real thing is done, pictured and undone.

https://docs.stripe.com/api/invoices/create_preview. A preview is the charge by construction: it
comes of the same renewal, change or cancellation as the invoice that it foretells.
"""

from typing import Any

from portal.sandbox.billing.charges import cycle_charges
from portal.sandbox.billing.drafts import issue_draft, wait_for_usage
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.renewal import next_moment, start_of_period
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import lines_of
from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def preview_invoice(store: Store, ledger: UsageLedger, subscription: StripeObject) -> StripeObject:
    """The next invoice of a subscription by what counts now, with its lines in a plain list.

    It is dated at the renewal and looks back on the period that ends then. Raises Refused when
    the subscription will bill nothing any more.
    """
    with store.speculating():
        at = next_moment(store, subscription)
        charges = list(cycle_charges(store, subscription, at)) if at is not None else []
        if at is None or not charges:
            raise nothing_to_bill(subscription["customer"])
        occasion = Occasion("upcoming", at, start_of_period(store, subscription))
        draft = issue_draft(store, ledger, subscription, charges, occasion, with_pending=True)
        return pictured(store, wait_for_usage(store, ledger, draft))


def pictured(store: Store, invoice: StripeObject) -> StripeObject:
    """An invoice as a preview shows it: with its lines inside, and ids that nothing else has."""
    names = {invoice["id"]: store.new_id("upcoming_in")}
    lines = lines_of(store, invoice)
    names |= {line["id"]: store.new_id("il_tmp") for line in lines}
    picture: StripeObject = _renamed(invoice | {"lines": lines}, names)
    return picture


def nothing_to_bill(customer: str) -> Refused:
    """Stripe's answer where there is no next invoice."""
    return Refused(
        f"No upcoming invoices for customer: '{customer}'",
        status=404,
        code="invoice_upcoming_none",
    )


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The same value with every id that is in the list replaced."""
    if isinstance(value, dict):
        return {name: _renamed(part, names) for name, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value
