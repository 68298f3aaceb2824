"""The demo company made by living through it: from the past to now, on a clock of its own.

Customers and subscriptions begin by Stripe's requests, usage comes hour by hour, and the billing
cycle makes every invoice.
"""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from portal.catalog import Catalog
from portal.clock import FrozenClock, to_epoch
from portal.sandbox.billing.invoices import ACCOUNT
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.company import BUYERS, further_buyers
from portal.sandbox.demo.life import Life
from portal.sandbox.demo.rhythm import Story
from portal.sandbox.demo.usage import Consumer
from portal.sandbox.store import Store

_OPENED_BEFORE = timedelta(days=14)
_BETWEEN_CUSTOMERS = timedelta(days=1)
# Until this day of a month, a period that began on the 1st would show too little.
_WELL_UNDER_WAY = 10


def seed(
    store: Store, ledger: UsageLedger, catalog: Catalog, *, customers: int = 0, seed: int = 1
) -> None:
    """Fill an empty store with the demo company as it is at this moment; nothing is committed.

    `customers` adds so many more, with usage by the day. The same seed makes the same company.
    """
    present = store.clock
    since, turn = last_periods(present.now())
    story = Story(to_epoch(since), to_epoch(turn), str(seed))
    past = store.clock = FrozenClock(since - _OPENED_BEFORE)
    try:
        _open_account(store, catalog, story)
        life = Life(store, ledger, catalog, past)
        consumers = []
        for buyer in BUYERS:
            past.advance(_BETWEEN_CUSTOMERS)
            consumers.append(life.welcome(buyer, story))
        past.move_to(since)
        for consumer in consumers:
            life.subscribe(consumer, by_the_hour=True)
        life.live_until(story.turn)
        for buyer in further_buyers(customers, [plan.key for plan in catalog.plans], seed):
            life.subscribe(life.welcome(buyer, story), by_the_hour=False)
        life.live_until(to_epoch(present.now()))
    finally:
        store.clock = present


def living_consumers(store: Store) -> list[Consumer]:
    """The demo's own customers in a store that was seeded earlier; none in any other."""
    account = store.get("account", ACCOUNT) or {}
    if "_story" not in account:
        return []
    story = Story(**account["_story"])
    customers = {one["metadata"].get("demo"): one["id"] for one in store.each("customer")}
    return [
        Consumer(buyer, customers[buyer.key], story) for buyer in BUYERS if buyer.key in customers
    ]


def last_periods(now: datetime) -> tuple[datetime, datetime]:
    """When the previous and the current billing period began, both at midnight of UTC.

    They begin on the 1st or, early in a month, on the 15th, so that the current one is well under
    way on any day.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if now.day > _WELL_UNDER_WAY:
        turn = midnight.replace(day=1)
    else:
        turn = _month_before(midnight.replace(day=15))
    return _month_before(turn), turn


def _month_before(moment: datetime) -> datetime:
    return (moment.replace(day=1) - timedelta(days=1)).replace(day=moment.day)


def _open_account(store: Store, catalog: Catalog, story: Story) -> None:
    """Whose account this is; its name stands on the invoices, its story is for a later run."""
    profile = {"name": catalog.vendor.name}
    account = {"id": ACCOUNT, "object": "account", "business_profile": profile}
    store.put(account | {"_story": asdict(story)})
