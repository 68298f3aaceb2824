"""The demo company made by living through it: from the past to now, on a clock of its own.

Customers and subscriptions begin by Stripe's requests, usage comes by the day and by the hour, and
the billing cycle makes every invoice.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil

from portal.catalog import Catalog
from portal.clock import FrozenClock, from_epoch, to_epoch
from portal.sandbox.account import open_account
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo import reporting
from portal.sandbox.demo.buyer import Buyer
from portal.sandbox.demo.company import FIRST, OTHERS
from portal.sandbox.demo.further import further_buyers
from portal.sandbox.demo.life import Life
from portal.sandbox.demo.rhythm import DAY, Story
from portal.sandbox.demo.usage import Consumer
from portal.sandbox.store import Store

_MONTHS = 7
_OPENED_BEFORE = timedelta(days=14)
_BETWEEN_CUSTOMERS = timedelta(days=1)
# Until this day of a month, a period that began on the 1st would show too little.
_WELL_UNDER_WAY = 10
# Every month has these days.
_LAST_DAY_OF_ALL = 28
_FAILING_CARD = "pm_card_chargeCustomerFail"
_CANCELED_BEFORE = timedelta(days=2)


def seed(
    store: Store, ledger: UsageLedger, catalog: Catalog, *, customers: int = 0, seed: int = 1
) -> None:
    """Fill an empty store with the demo company as it is at this moment; nothing is committed.

    `customers` adds so many more, with usage by the day. The same seed makes the same company.
    """
    present = store.clock
    now = present.now()
    since, turn = last_periods(now)
    opened = months_before(turn, _MONTHS)
    past = store.clock = FrozenClock(opened - _OPENED_BEFORE)
    try:
        open_account(store, catalog.vendor.name)
        story = Story(to_epoch(since), to_epoch(turn), str(seed))
        vendor = _Vendor(Life(store, ledger, catalog, past), store, ledger, story)
        vendor.open(past, to_epoch(opened))
        for buyer in OTHERS:
            vendor.expect(buyer, now)
        plans = [plan.key for plan in catalog.plans]
        vendor.expect_further(further_buyers(customers, plans, seed))
        vendor.live(to_epoch(now))
    finally:
        store.clock = present


def last_periods(now: datetime) -> tuple[datetime, datetime]:
    """When the previous and the current billing period began, both at midnight of UTC.

    They begin on the 1st or, early in a month, on the 15th, so that the current one is well under
    way on any day.
    """
    midnight = _midnight(now)
    if now.day > _WELL_UNDER_WAY:
        turn = midnight.replace(day=1)
    else:
        turn = months_before(midnight.replace(day=15), 1)
    return months_before(turn, 1), turn


def months_before(moment: datetime, months: int) -> datetime:
    """The same day of an earlier month; it must be one that every month has."""
    number = moment.year * 12 + moment.month - 1 - months
    return moment.replace(year=number // 12, month=number % 12 + 1)


class _Vendor:
    """Plans what is to happen in the vendor's life, and then lets it happen."""

    def __init__(self, life: Life, store: Store, ledger: UsageLedger, story: Story) -> None:
        self._life, self._store, self._ledger, self._story = life, store, ledger, story
        self._further: list[Consumer] = []

    def open(self, clock: FrozenClock, opened: int) -> None:
        """The first customers come one after the other, and subscribe on one day."""
        watched, hourly, daily = reporting.GROUPS
        for group in reporting.GROUPS:
            hourly_from = None if group == daily else self._story.since
            reporting.begin(self._store, group, self._story, opened, hourly_from)
        for buyer in FIRST:
            clock.advance(_BETWEEN_CUSTOMERS)
            consumer = self._life.welcome(buyer, self._story)
            group = watched if buyer is FIRST[0] else hourly
            self._life.plan(opened, partial(self._begin, consumer, group))

    def expect(self, buyer: Buyer, now: datetime) -> None:
        """The customer comes when their first period begins; what is special happens later."""
        period = from_epoch(self._story.turn)
        if buyer.days is not None:
            period = _midnight(now) - timedelta(days=buyer.days)
            period = period.replace(day=min(period.day, _LAST_DAY_OF_ALL))
        start = to_epoch(months_before(period, buyer.months))
        arrived: list[Consumer] = []
        self._life.plan(start, lambda: arrived.append(self._arrive(buyer)))
        if buyer.terms.fails:
            self._life.plan(
                to_epoch(period) - DAY,
                lambda: self._life.give_card(arrived[0].customer, _FAILING_CARD),
            )
        if buyer.terms.cancels:
            self._life.plan(
                to_epoch(_midnight(now) - _CANCELED_BEFORE), lambda: self._life.cancel(arrived[0])
            )

    def expect_further(self, buyers: Iterator[Buyer]) -> None:
        """Those that are there for their number come with the current period."""
        self._life.plan(self._story.turn, lambda: self._welcome_all(buyers))

    def live(self, now: int) -> None:
        """Let all of it happen up to now, and the usage of this very hour be told.

        It is told just so early that it counts by now, and whoever comes first need not wait.
        """
        told_at = now - ceil(self._ledger.lag.total_seconds())
        self._life.live_until(told_at)
        for group in reporting.GROUPS:
            reporting.report(self._store, self._ledger, group, told_at)
        for consumer in self._further:
            consumer.use(self._ledger, self._story.turn, told_at - told_at % DAY)
        self._life.live_until(now)

    def _begin(self, consumer: Consumer, group: str) -> None:
        self._life.subscribe(consumer)
        reporting.join(self._store, group, consumer)

    def _arrive(self, buyer: Buyer) -> Consumer:
        consumer = self._life.welcome(buyer, self._story)
        self._begin(consumer, reporting.GROUPS[-1])
        return consumer

    def _welcome_all(self, buyers: Iterator[Buyer]) -> None:
        for buyer in buyers:
            consumer = self._life.welcome(buyer, self._story)
            self._life.subscribe(consumer)
            self._further.append(consumer)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
