"""Metered usage: events taken in, counted once their lag is over, and added up by the formula.

https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from random import Random
from typing import Any
from uuid import UUID

from portal.sandbox.billing.meter_errors import note_failure
from portal.sandbox.billing.meter_events import (
    KIND,
    Unusable,
    check_identifier,
    meter_event,
    refusal,
)
from portal.sandbox.billing.summaries import Summaries
from portal.sandbox.billing.usage_buckets import Bucket, UsageBuckets
from portal.sandbox.billing.usage_series import UsageSeries
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


class UsageLedger:
    """All usage of all customers; what it was made of is in the store.

    Usage counts once `lag` has passed on the store's own clock, whatever clock the customer lives
    on. `grace` is how long after a period's end usage inside it still reaches the draft.
    """

    def __init__(
        self,
        store: Store,
        meter_lag: timedelta = timedelta(0),
        grace: timedelta = timedelta(hours=1),
    ) -> None:
        self.grace = grace
        self.lag = meter_lag
        self._store = store
        # By identifier, the first to count first. One whose event was undone may come again.
        self._waiting: dict[str, datetime] = {}
        self._canceling: dict[str, datetime] = {}
        self._touched: set[tuple[str, str]] = set()
        self._identifiers = Random(store.new_id("mtrevt"))
        self._buckets = UsageBuckets(store)

    def record(self, event: Mapping[str, Any]) -> StripeObject:
        """Take in an event that is checked at once, and give back Stripe's v1 object for it.

        Raises Refused for an unknown event name, a value that is no number, a time outside of the
        bounds and an identifier that is known already. A customer who is not there is only found
        out later, and told of in an error report.
        """
        identifier = event.get("identifier") or self._new_identifier()
        if "identifier" in event:
            check_identifier(self._store, identifier)
        try:
            kept = self._keep(meter_event(self._store, event, identifier))
        except Unusable as failure:
            if failure.code != "meter_event_customer_not_found":
                raise refusal(failure, event["event_name"]) from None
            kept = note_failure(self._store, identifier, event, failure, self.lag)
        return {
            "object": KIND,
            "created": kept["created"],
            "event_name": event["event_name"],
            "identifier": identifier,
            "livemode": False,
            "payload": event["payload"],
            "timestamp": kept["timestamp"],
        }

    def stream(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take in events that are only checked afterwards; one that is known already is skipped."""
        for event in events:
            identifier = event.get("identifier") or self._new_identifier()
            if self._store.look(KIND, identifier) is not None:
                continue
            try:
                self._keep(meter_event(self._store, event, identifier))
            except Unusable as failure:
                note_failure(self._store, identifier, event, failure, self.lag)

    def cancel(self, identifier: str) -> bool:
        """Take an event back, once the lag is over; whether that is done already."""
        # What it counts for by now it counts for until the lag is over.
        self._settle()
        event = self._store.get(KIND, identifier)
        if event is None:
            raise LookupError(f"there is no event {identifier} to cancel")
        self._store.put(event | {"_canceled": True})
        self._canceling[identifier] = self._store.clock.now() + self.lag
        self._settle()
        return identifier not in self._canceling

    def total(self, meter: StripeObject, customer: str, start: int, end: int) -> Decimal:
        """The customer's usage from `start` up to `end` by the meter's formula; may be negative."""
        series = self._settled(meter["id"], customer)
        return series.between(start, end).value(meter["default_aggregation"]["formula"])

    def summaries(
        self, meter: StripeObject, customer: str, start: int, end: int, window: str | None
    ) -> Summaries:
        """The customer's event summaries of a range, the newest first, as Stripe lists them."""
        return Summaries(self._settled(meter["id"], customer), meter, customer, start, end, window)

    def take_touched(self) -> set[tuple[str, str]]:
        """The meters and their customers whose usage has changed since this was last asked."""
        self._settle()
        touched, self._touched = self._touched, set()
        return touched

    def fold(self) -> None:
        """Keep what was used and forget the events, where none can be canceled or come twice."""
        self._settle()
        self._buckets.fold()

    def _keep(self, event: StripeObject) -> StripeObject:
        self._waiting.pop(event["identifier"], None)
        self._waiting[event["identifier"]] = self._store.clock.now() + self.lag
        return self._store.put(event)

    def _new_identifier(self) -> str:
        return str(UUID(int=self._identifiers.getrandbits(128)))

    def _settled(self, meter: str, customer: str) -> UsageSeries:
        self._settle()
        return self._buckets.series(meter, customer)

    def _settle(self) -> None:
        """Count what has waited long enough, unless the event was undone in the meantime."""
        now = self._store.clock.now()
        for identifier in _ready(self._waiting, now):
            event = self._store.look(KIND, identifier)
            if event is not None:
                self._touch(self._buckets.count(event))
        for identifier in _ready(self._canceling, now):
            event = self._store.look(KIND, identifier)
            if event is not None:
                self._touch(self._buckets.count_anew(event))

    def _touch(self, bucket: Bucket) -> None:
        self._touched.add((bucket.meter, bucket.customer))


def _ready(waiting: dict[str, datetime], now: datetime) -> list[str]:
    """Take out what need not wait any more, the first to have come first."""
    ready = list(takewhile(lambda one: waiting[one] <= now, waiting))
    for identifier in ready:
        del waiting[identifier]
    return ready
