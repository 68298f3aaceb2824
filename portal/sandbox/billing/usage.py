"""Metered usage: events taken in, counted once their lag is over, and added up by the formula.

https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from random import Random
from typing import Any
from uuid import UUID

from portal.sandbox.billing.meter_events import event_value, meter_event, metered_customer
from portal.sandbox.billing.summaries import Summaries
from portal.sandbox.billing.usage_series import UsageSeries
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


class UsageLedger:
    """All usage of all customers; the events themselves are in the store.

    Usage counts once `meter_lag` has passed on the store's own clock, whatever clock the customer
    lives on. `grace` is how long after a period's end usage inside it still reaches the draft.
    """

    def __init__(
        self,
        store: Store,
        meter_lag: timedelta = timedelta(0),
        grace: timedelta = timedelta(hours=1),
    ) -> None:
        self.grace = grace
        self._store = store
        self._lag = meter_lag
        # By identifier, the first to count first. One whose event was undone may come again.
        self._waiting: dict[str, datetime] = {}
        self._series: dict[tuple[str, str], UsageSeries] = {}
        self._touched: set[str] = set()
        self._identifiers = Random(store.new_id("mtrevt"))
        for event in reversed(store.every("billing.meter_event")):
            self._count(event)
        self._touched.clear()

    def record(self, event: StripeObject) -> StripeObject:
        """Take in a v1 meter event and give back Stripe's object for it.

        Raises Refused for an unknown event name or customer, a value that is no number, a time
        outside of the bounds and an identifier that is known already.
        """
        identifier = event.get("identifier") or str(UUID(int=self._identifiers.getrandbits(128)))
        kept = self._store.put(meter_event(self._store, event, identifier))
        self._waiting.pop(identifier, None)
        self._waiting[identifier] = self._store.clock.now() + self._lag
        return {name: value for name, value in kept.items() if not name.startswith("_")}

    def total(self, meter: StripeObject, customer: str, start: int, end: int) -> Decimal:
        """The customer's usage from `start` up to `end` by the meter's formula; may be negative."""
        series = self._settled(meter["id"], customer)
        return series.between(start, end).value(meter["default_aggregation"]["formula"])

    def summaries(
        self, meter: StripeObject, customer: str, start: int, end: int, window: str | None
    ) -> Summaries:
        """The customer's event summaries of a range, the newest first, as Stripe lists them."""
        return Summaries(self._settled(meter["id"], customer), meter, customer, start, end, window)

    def take_touched(self) -> set[str]:
        """The customers whose usage has changed since this was last asked."""
        self._settle()
        touched, self._touched = self._touched, set()
        return touched

    def _settled(self, meter: str, customer: str) -> UsageSeries:
        self._settle()
        return self._series.get((meter, customer)) or UsageSeries()

    def _settle(self) -> None:
        """Count what has waited long enough, unless the event was undone in the meantime."""
        now = self._store.clock.now()
        ready = list(takewhile(lambda one: self._waiting[one] <= now, self._waiting))
        for identifier in ready:
            del self._waiting[identifier]
            event = self._store.look("billing.meter_event", identifier)
            if event is not None:
                self._count(event)

    def _count(self, event: Mapping[str, Any]) -> None:
        meter = self._store.look("billing.meter", event["_meter"])
        if meter is None:
            return
        customer = metered_customer(meter, event)
        series = self._series.setdefault((meter["id"], customer), UsageSeries())
        series.add(event["timestamp"], event_value(meter, event))
        self._touched.add(customer)
