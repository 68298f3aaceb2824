"""Whom the demo offers to sign in as: each with its plan and with what is special about it."""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.database import Database
from portal.mirror.customer_list import ListedCustomer, list_named
from portal.services.reports import Standing
from portal.services.standing import standing_of
from portal.stripe_ids import CustomerId

# As many as one can look through; the others are found by name.
MOST_OFFERED = 50


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer to sign in as; `traits` are what the next invoice has beside plan and usage."""

    id: CustomerId
    name: str
    plan: str
    standing: Standing | None
    currency: str
    traits: tuple[str, ...]


async def list_demo_customers(database: Database, name: str = "") -> list[DemoCustomer]:
    """The customers whose name contains the text, the oldest first, at most MOST_OFFERED."""
    async with database.reading() as session:
        return [_told(one) for one in await list_named(session, name.strip(), MOST_OFFERED)]


def _told(listed: ListedCustomer) -> DemoCustomer:
    subscription = listed.subscription
    return DemoCustomer(
        id=CustomerId(listed.customer.id),
        name=listed.customer.name or listed.customer.id,
        plan=listed.plan.name if listed.plan else "",
        standing=standing_of(subscription) if subscription else None,
        currency=subscription.currency if subscription else listed.customer.currency or "",
        traits=tuple(_traits(listed)),
    )


def _traits(listed: ListedCustomer) -> Iterator[str]:
    preview = listed.preview
    if preview is None:
        return
    if preview.discount_amount:
        yield "discount"
    if preview.credit_amount:
        yield "credits"
    if preview.tax_amount:
        yield "tax"
    if preview.starting_balance:
        yield "balance"
