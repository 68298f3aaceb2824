"""The overview: usage so far and the upcoming invoice of one subscription, read at one moment.

Both come from one look at the mirror, so that no page shows them a refresh apart.
"""

from dataclasses import dataclass
from datetime import timedelta

from portal import work_queue
from portal.database import Session
from portal.mirror import queries
from portal.records import watched_customers
from portal.records.stripe_events import STRIPE_OBJECTS, USAGE, object_key
from portal.services import standing, upcoming_invoice, usage
from portal.services.acting import Acting, Right
from portal.services.reports import Standing, UpcomingInvoice, UsageReport

WATCH_LENGTH = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Overview:
    """What is told of the customer's oldest live subscription; its standing alone without one.

    `stripe_answers` is False while the last try to read the usage from Stripe failed.
    """

    usage: UsageReport | None
    upcoming: UpcomingInvoice | None
    standing: Standing
    stripe_answers: bool


async def report(acting: Acting) -> Overview:
    """The overview as the mirror knows it now; Stripe itself is never asked."""
    acting.require(Right.USAGE_READ)
    acting.require(Right.INVOICES_READ)
    async with acting.reading() as session:
        answers = not await _is_stuck(acting, session)
        items = await queries.list_subscription_items(session, acting.customer)
        subscription = items[0].subscription if items else None
        found = await standing.find_standing(session, acting.customer, subscription)
        if not items:
            return Overview(None, None, found, answers)
        oldest = [one for one in items if one.subscription.id == items[0].subscription.id]
        return Overview(
            usage=await usage.report(acting, session, oldest),
            upcoming=await upcoming_invoice.report(acting, session, oldest),
            standing=found,
            stripe_answers=answers,
        )


async def keep_watched(acting: Acting) -> None:
    """Say that somebody is looking at the customer, so that his usage is read often for a while."""
    acting.require(Right.USAGE_READ)
    async with acting.transaction() as session:
        until = acting.now() + WATCH_LENGTH
        await watched_customers.watch(session, acting.customer, until)


async def is_stuck(acting: Acting) -> bool:
    """Whether the last try to read the customer's usage from Stripe failed."""
    acting.require(Right.USAGE_READ)
    async with acting.reading() as session:
        return await _is_stuck(acting, session)


async def _is_stuck(acting: Acting, session: Session) -> bool:
    key = object_key(USAGE, acting.customer)
    return await work_queue.find_error(session, STRIPE_OBJECTS, key) is not None
