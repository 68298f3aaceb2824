"""Looking at the overview as a person does, right after Stripe was asked."""

from portal import work_queue
from portal.mirror.backfill import sync
from portal.pages.overview.view import OverviewView, overview_view
from portal.records.stripe_events import STRIPE_OBJECTS, USAGE, object_key
from portal.services import overview
from portal.services.acting import Acting, Actor
from portal.services.overview import Overview
from portal.stripe_ids import CustomerId
from portal.wiring import Wiring


def owner(portal: Wiring, customer: str, role: str = "owner") -> Acting:
    return Acting(
        actor=Actor("Acme Robotics", "ada@acme.example", role),
        customer=CustomerId(customer),
        session_key="",
        database=portal.database,
        clock=portal.clock,
        catalog=portal.catalog,
    )


async def refresh(portal: Wiring, customer: str) -> None:
    """What the refresher queues for a customer who is looked at, done at once."""
    async with portal.database.transaction() as session:
        key = object_key(USAGE, customer)
        await work_queue.mark(session, STRIPE_OBJECTS, [key], portal.clock.now())
    await portal.worker.drain()


async def copy_what_stripe_has(portal: Wiring, customer: str) -> None:
    await sync(
        portal.gateway,
        portal.database,
        portal.changes,
        customer=CustomerId(customer),
        progress=lambda *_: None,
    )


async def look(portal: Wiring, customer: str) -> tuple[Overview, OverviewView]:
    await refresh(portal, customer)
    found = await overview.report(owner(portal, customer))
    view = overview_view(
        found.usage,
        found.upcoming,
        standing=found.standing,
        stripe_answers=found.stripe_answers,
    )
    return found, view
