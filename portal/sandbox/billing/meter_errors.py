"""Usage that could not be counted: noted when it comes in, told of afterwards in error reports.

https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api#handle-errors: a
report covers a window of time and one meter; the events without a meter have reports of their own.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from itertools import groupby
from typing import Any

from portal.sandbox.billing.meter_events import Unusable
from portal.sandbox.store import Store
from portal.sandbox.thin_events import keep_thin, rfc3339

StripeObject = dict[str, Any]
_KIND = "sandbox.unusable_meter_event"
_WINDOW_SECONDS = 10
# A quick sandbox tells of its errors as much sooner as it counts its usage.
_WINDOWS_PER_LAG = 10
# Our own bound; Stripe only says that there are samples.
_MOST_SAMPLES = 5


def note_failure(
    store: Store, identifier: str, event: Mapping[str, Any], failure: Unusable, lag: timedelta
) -> StripeObject:
    """Keep what is wrong with an event until it is reported; the identifier may be used again."""
    seconds = min(max(int(lag.total_seconds() * _WINDOWS_PER_LAG), 1), _WINDOW_SECONDS)
    now = store.now()
    start = now - now % seconds
    return store.put(
        {
            "object": _KIND,
            "id": store.new_id("unusable"),
            "identifier": identifier,
            "code": failure.code,
            "created": now,
            "message": str(failure),
            "meter": failure.meter,
            "timestamp": int(event.get("timestamp", now)),
            "_start": start,
            "_end": start + seconds,
        }
    )


def report_failures(store: Store) -> None:
    """Tell of everything that went wrong in the windows that are over by now."""
    now = store.now()
    over = [one for one in reversed(store.every(_KIND)) if one["_end"] <= now]
    for (_, start, end), failures in groupby(sorted(over, key=_report_of), key=_report_of):
        _report(store, list(failures), start, end)


def _report_of(failure: StripeObject) -> tuple[str, int, int]:
    is_of_a_meter = failure["code"] != "no_meter"
    return failure["meter"] if is_of_a_meter else "", failure["_start"], failure["_end"]


def _report(store: Store, failures: list[StripeObject], start: int, end: int) -> None:
    meter = store.get("billing.meter", failures[0]["meter"]) if failures[0]["meter"] else None
    type = "no_meter_found" if meter is None else "error_report_triggered"
    keep_thin(
        store,
        f"v1.billing.meter.{type}",
        meter,
        {
            "developer_message_summary": _summary(len(failures)),
            "reason": {"error_count": len(failures), "error_types": _error_types(failures)},
            "validation_end": rfc3339(end),
            "validation_start": rfc3339(start),
        },
    )
    for failure in failures:
        store.delete(_KIND, failure["id"])


def _summary(count: int) -> str:
    return "There is 1 invalid event" if count == 1 else f"There are {count} invalid events"


def _error_types(failures: list[StripeObject]) -> list[StripeObject]:
    """The kinds of errors with a few examples of each, the most frequent kind first."""
    counts = Counter(failure["code"] for failure in failures)
    return [
        {
            "code": code,
            "error_count": count,
            "sample_errors": [
                {
                    "error_message": failure["message"],
                    "request": {"identifier": failure["identifier"]},
                }
                for failure in failures
                if failure["code"] == code
            ][:_MOST_SAMPLES],
        }
        for code, count in counts.most_common()
    ]
