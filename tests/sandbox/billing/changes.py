"""Short ways to change a company's subscriptions and to look at what came of it."""

from typing import Any

from portal.clock import from_epoch
from portal.sandbox.resources.subscription_updates import update_subscription
from tests.sandbox.billing.company import Company

StripeObject = dict[str, Any]


def change(
    company: Company, subscription: StripeObject, moment: int, **params: Any
) -> StripeObject:
    """Update the subscription at a moment; an item without an id is the first one's change."""
    company.run_to(moment)
    return update_subscription(company.call(**params), subscription["id"])


def item_of(company: Company, subscription: StripeObject, position: int = 0) -> StripeObject:
    """One of the subscription's items, in the order in which they were added."""
    items = company.store.every("subscription_item", subscription=subscription["id"])
    return items[::-1][position]


def pending(company: Company, subscription: StripeObject) -> list[tuple[str, int]]:
    """What waits for the next invoice: texts and amounts."""
    found = company.store.every("invoiceitem", customer=subscription["customer"], invoice=None)
    return [(item["description"], item["amount"]) for item in found[::-1]]


def billed(company: Company, invoice: StripeObject) -> list[tuple[str, int]]:
    """An invoice's lines: texts and amounts."""
    return [(line["description"], line["amount"]) for line in company.lines(invoice)]


def latest(company: Company, subscription: StripeObject) -> StripeObject:
    """The subscription's latest invoice."""
    return company.get("invoice", company.get("subscription", subscription["id"])["latest_invoice"])


def classic() -> StripeObject:
    """What a request says to be billed in classic mode."""
    return {"billing_mode": {"type": "classic"}}


def started(moment: int) -> Company:
    """A company on a clock that stands at the moment."""
    return Company(from_epoch(moment))
