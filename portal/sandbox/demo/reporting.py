"""The demo's usage as something that falls due: every group of customers is reported on in turn.

How far that has got lies in the store. So the usage of a pause is made up for in its order, among
the bills that have fallen due meanwhile, and so it is when the clock is moved.
"""

from dataclasses import asdict
from typing import Any

from portal.sandbox.billing.cycles import WHEN_DUE
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.company import BUYERS
from portal.sandbox.demo.rhythm import DAY, HOUR, Story
from portal.sandbox.demo.usage import Consumer
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
KIND = "sandbox.demo_usage"
# The customer that visitors look at, those that are told of by the hour, and all others.
GROUPS = ("watched", "hourly", "daily")
_BY_KEY = {buyer.key: buyer for buyer in BUYERS}
_USING = frozenset(("active", "past_due", "trialing", "unpaid"))


def begin(store: Store, group: str, story: Story, at: int, hourly_from: int | None) -> None:
    """Let a group without customers begin; until `hourly_from`, or for ever, days are told whole.

    A day is told of when it is over.
    """
    group_object = {"object": KIND, "id": group, "story": asdict(story), "customers": {}}
    store.put(_reported(group_object | {"hourly_from": hourly_from}, at))


def join(store: Store, group: str, consumer: Consumer) -> None:
    """Report on this customer too, from where the group has got to."""
    found = store.get(KIND, group) or {}
    found["customers"][consumer.buyer.key] = consumer.customer
    store.put(found)


def report(store: Store, ledger: UsageLedger, group: str, upto: int) -> None:
    """Report what the customers of a group have used since this was last done."""
    found = store.get(KIND, group)
    if found is None or upto <= found["reported"]:
        return
    for consumer in _consumers(found):
        if _has_a_plan(store, consumer.customer):
            consumer.use(ledger, found["reported"], upto)
    store.put(_reported(found, upto))


def living_consumers(store: Store) -> list[Consumer]:
    """The demo's own customers in a store that was seeded; none in any other."""
    groups = [store.get(KIND, group) for group in GROUPS]
    return [consumer for group in groups if group for consumer in _consumers(group)]


def _consumers(group: StripeObject) -> list[Consumer]:
    story = Story(**group["story"])
    return [Consumer(_BY_KEY[key], id, story) for key, id in group["customers"].items()]


def _reported(group: StripeObject, upto: int) -> StripeObject:
    hourly_from = group["hourly_from"]
    step = DAY if hourly_from is None or upto < hourly_from else HOUR
    return group | {"reported": upto, "_due_at": upto - upto % step + step}


def _has_a_plan(store: Store, customer: str) -> bool:
    subscriptions = store.look_each("subscription", customer=customer)
    return any(subscription["status"] in _USING for subscription in subscriptions)


def _report_when_due(store: Store, ledger: UsageLedger, group: StripeObject) -> None:
    report(store, ledger, group["id"], group["_due_at"])


WHEN_DUE[KIND] = _report_when_due
