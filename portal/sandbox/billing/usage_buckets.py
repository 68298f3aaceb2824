"""What every customer has used, hour by hour: from the events of late, and from what was kept.

An hour's events are held as long as one may be canceled or come twice. Then they are forgotten,
and what they came to is kept in their place, so that a sandbox may run for ever. A meter of which
only the latest value of an hour or a day counts needs the events of the whole window for that.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import islice, takewhile
from typing import Any, NamedTuple

from portal.sandbox.billing.meter_events import KIND
from portal.sandbox.billing.usage_series import DAY, HOUR, Aggregate, UsageSeries
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_MINUTE = 60
_FOLDED = "sandbox.usage"
# Stripe keeps identifiers unique, and cancels events, for a day.
_HELD_SECONDS = int(timedelta(hours=25).total_seconds())
# So that nobody waits long for an answer meanwhile.
_FOLDED_AT_ONCE = 100


class Bucket(NamedTuple):
    """A customer's usage of a meter in the hour or the day that begins at `start`."""

    meter: str
    customer: str
    start: int

    @property
    def id(self) -> str:
        """Under which id it is kept."""
        return "/".join((self.meter, self.customer, str(self.start)))


class UsageBuckets:
    """The usage that counts by now; all of it can be made anew from what the store holds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._series: dict[tuple[str, str], UsageSeries] = {}
        # The identifiers of the events that are held; what was counted last comes last.
        self._held: dict[Bucket, list[str]] = {}
        for folded in store.look_each(_FOLDED):
            series = self._kept(folded["_meter"], folded["_owner"])
            for at, found in _unfolded(folded):
                series.put(at, found)
        for event in reversed(list(store.look_each(KIND))):
            self.count(event)

    def series(self, meter: str, customer: str) -> UsageSeries:
        """A customer's usage of a meter along time."""
        found = self._series.get((meter, customer))
        return UsageSeries() if found is None else found

    def count(self, event: Mapping[str, Any]) -> Bucket:
        """Count one more event, unless it is canceled already."""
        meter = self._store.look("billing.meter", event["_meter"]) or {}
        bucket = _bucket_of(event, _length(meter))
        held = self._held.pop(bucket, [])
        held.append(event["identifier"])
        self._held[bucket] = held
        if "_canceled" not in event:
            series = self._kept(bucket.meter, bucket.customer)
            if meter.get("event_time_window"):
                series.replace(bucket.start, bucket.start + _length(meter), UsageSeries())
            series.add(event["timestamp"], Decimal(event["_value"]))
        return bucket

    def count_anew(self, event: Mapping[str, Any]) -> Bucket:
        """Count the hour or the day of an event once more from its beginning."""
        length = self._length_at(event["_meter"])
        bucket = _bucket_of(event, length)
        series = self._kept(bucket.meter, bucket.customer)
        series.replace(bucket.start, bucket.start + length, self._counted(bucket))
        return bucket

    def fold(self) -> None:
        """Forget the events that need not be held any more."""
        oldest = self._store.now() - _HELD_SECONDS
        old = takewhile(lambda held: self._is_older(held[1], oldest), self._held.items())
        for bucket, identifiers in list(islice(old, _FOLDED_AT_ONCE)):
            self._fold(bucket, identifiers)
            del self._held[bucket]

    def _kept(self, meter: str, customer: str) -> UsageSeries:
        """The series to be changed, which is there from then on."""
        found = self._series.get((meter, customer))
        if found is None:
            found = self._series[meter, customer] = UsageSeries()
        return found

    def _fold(self, bucket: Bucket, identifiers: list[str]) -> None:
        end = bucket.start + self._length_at(bucket.meter)
        cuts = self._cuts(bucket.customer, bucket.start, end)
        coarse = self._counted(bucket).coarse(bucket.start, end, cuts)
        self._store.put(_folded(bucket, coarse.moments(bucket.start, end)))
        self._kept(bucket.meter, bucket.customer).replace(bucket.start, end, coarse)
        for identifier in identifiers:
            self._store.delete(KIND, identifier)

    def _counted(self, bucket: Bucket) -> UsageSeries:
        """What the bucket comes to: what was kept of it, then its events in order of arrival."""
        meter = self._store.look("billing.meter", bucket.meter) or {}
        looks = (self._store.look(KIND, one) for one in self._held.get(bucket, ()))
        events = [one for one in looks if one is not None and "_canceled" not in one]
        series = UsageSeries()
        if meter.get("event_time_window"):
            events = events[-1:]
        if not (events and meter.get("event_time_window")):
            for at, found in _unfolded(self._store.look(_FOLDED, bucket.id) or {"_spans": ()}):
                series.put(at, found)
        for event in events:
            series.add(event["timestamp"], Decimal(event["_value"]))
        return series

    def _cuts(self, customer: str, start: int, end: int) -> list[int]:
        """Where the customer's periods begin and end, and the whole minutes around them."""
        found = set()
        for subscription in self._store.look_each("subscription", customer=customer):
            items = self._store.look_each("subscription_item", subscription=subscription["id"])
            for moment in (one for item in items for one in _bounds(item)):
                minute = moment - moment % _MINUTE
                found |= {minute, moment, minute + _MINUTE}
        return sorted(moment for moment in found if start < moment < end)

    def _is_older(self, identifiers: list[str], than: int) -> bool:
        latest = self._store.look(KIND, identifiers[-1])
        return latest is None or latest["_received"] < than

    def _length_at(self, meter: str) -> int:
        return _length(self._store.look("billing.meter", meter) or {})


def _length(meter: Mapping[str, Any]) -> int:
    return DAY if meter.get("event_time_window") == "day" else HOUR


def _bucket_of(event: Mapping[str, Any], length: int) -> Bucket:
    start = event["timestamp"] - event["timestamp"] % length
    return Bucket(event["_meter"], event["_owner"], start)


def _bounds(item: Mapping[str, Any]) -> Iterator[int]:
    """The moments at which usage is divided between invoices or prices."""
    spans = [item, *item.get("_segments", ())]
    names = ("current_period_start", "current_period_end", "_usage_from", "start", "end")
    for span in spans:
        yield from (span[name] for name in names if span.get(name) is not None)


def _folded(bucket: Bucket, spans: Iterator[tuple[int, Aggregate]]) -> StripeObject:
    """The bucket as it is kept: what each span of it comes to, with its first second."""
    return {
        "object": _FOLDED,
        "id": bucket.id,
        "_meter": bucket.meter,
        "_owner": bucket.customer,
        "_spans": [[at, str(one.sum), one.count, str(one.last), one.last_at] for at, one in spans],
    }


def _unfolded(folded: Mapping[str, Any]) -> Iterator[tuple[int, Aggregate]]:
    for at, total, count, last, last_at in folded["_spans"]:
        found = Aggregate()
        found.sum, found.count = Decimal(total), count
        found.last, found.last_at = Decimal(last), last_at
        yield at, found
