"""One object of Stripe's read again, and what follows for others once it has been applied."""

from collections.abc import Iterable
from datetime import datetime

from portal import work_queue
from portal.changes import Changes
from portal.database import Database, Session
from portal.inbox.handlers import Concerned
from portal.mirror.applied import Applied, Outcome
from portal.mirror.apply import Facts
from portal.mirror.known_usage import known_usage
from portal.records import watched_customers
from portal.records.stripe_events import STRIPE_OBJECTS, USAGE, object_key
from portal.stripe_gateway import reads
from portal.stripe_gateway.client import Gateway
from portal.stripe_gateway.usage.snapshot import read_usage_snapshot
from portal.stripe_ids import CustomerId

# After a change of one of these the preview of the customer's next invoice may be another.
_ONE_CUSTOMERS = frozenset({"customer", "invoice", "subscription", "test_clock"})
# These may concern every customer at once: more than can be read again in a moment.
_CATALOGUE = frozenset({"meter", "price", "product"})


async def read_again(gateway: Gateway, database: Database, about: Concerned) -> Facts:
    """What Stripe says of the object now; no transaction is open while it is asked."""
    if about.kind != USAGE:
        return await reads.retrieve(gateway, about.kind, about.id)
    customer = CustomerId(about.id)
    async with database.reading() as session:
        known = await known_usage(session, customer)
    return await read_usage_snapshot(gateway, customer, known)


async def queue_what_follows(
    session: Session, about: Concerned, applied: Applied, now: datetime
) -> None:
    """Queue the objects that are referred to and unknown, and the usage of whom it concerns.

    After a change of the catalogue that is only the customers whose pages are open; the others'
    usage is read at their hourly turn.
    """
    keys = {object_key(kind, object_id) for kind, object_id in applied.unknown}
    if about.kind in _ONE_CUSTOMERS and not _is_first_sight_of_customer(about, applied):
        keys |= _usage_keys(applied.customers)
    elif about.kind in _CATALOGUE and applied.customers:
        watched = await watched_customers.list_watched(session, now)
        keys |= _usage_keys(applied.customers & watched)
    await work_queue.mark(session, STRIPE_OBJECTS, keys, now)


async def announce(session: Session, changes: Changes, applied: Applied) -> None:
    """Tell the open pages of everybody for whom something shows differently."""
    if applied.customers:
        await changes.announce(session, *applied.customers)


def _is_first_sight_of_customer(about: Concerned, applied: Applied) -> bool:
    # His subscriptions, which is where usage and previews come from, are seen apart from him.
    return about.kind == "customer" and applied.outcome is Outcome.NEW


def _usage_keys(customers: Iterable[CustomerId]) -> set[str]:
    return {object_key(USAGE, customer) for customer in customers}
