"""Test clocks: https://docs.stripe.com/billing/testing/test-clocks. They only move forward."""

import logging
from typing import Any

from portal.sandbox import lookup
from portal.sandbox.billing.cycles import WHEN_DUE, advance
from portal.sandbox.billing.periods import next_boundary
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.events import save_change
from portal.sandbox.http.paging import Listing
from portal.sandbox.included import items_of
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.customers import remove
from portal.sandbox.routes import Call, Previews, Routes
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
_log = logging.getLogger(__name__)
routes = Routes()
_KIND = "test_helpers.test_clock"
_PATH = "/v1/test_helpers/test_clocks"
_KEPT_SECONDS = 30 * 86400
# Our own bound, the start of 2100: the periods of what is on a clock must be dates as well.
_LATEST = 4_102_444_800
# What carries its customer's clock.
_BILLED = ("invoice", "invoiceitem", "subscription", "subscription_schedule")
_NO_SUBSCRIPTION = {"interval": "year", "interval_count": 1}


@routes.post(_PATH, "test_helpers.TestClockCreateParams", "customer frozen_time name")
def create_test_clock(call: Call) -> StripeObject:
    """Make a clock that stands at a moment; customers are put on it when they are made, or now."""
    _check_date(call.params["frozen_time"])
    now = call.store.now()
    clock = {
        "id": call.store.new_id("clock"),
        "object": _KIND,
        "created": now,
        "deletes_after": now + _KEPT_SECONDS,
        "frozen_time": call.params["frozen_time"],
        "livemode": False,
        "name": call.params.get("name"),
        "status": "ready",
        "status_details": {},
        "_due_at": now + _KEPT_SECONDS,
    }
    call.store.put(clock)
    call.store.emit(f"{_KIND}.created", clock)
    if "customer" in call.params:
        _attach(call.store, clock, call.params["customer"])
    return clock


@routes.get(_PATH, "test_helpers.TestClockListParams")
def list_test_clocks(call: Call) -> Listing:
    """Clocks, newest first."""
    return Listing(call.store.each(_KIND), _KIND)


@routes.get(f"{_PATH}/{{id}}", "test_helpers.TestClockRetrieveParams")
def retrieve_test_clock(call: Call, id: str) -> StripeObject:
    """The clock; `status` says whether it is still moving."""
    return lookup.get(call.store, _KIND, id)


@routes.delete(f"{_PATH}/{{id}}", "test_helpers.TestClockDeleteParams")
def delete_test_clock(call: Call, id: str) -> StripeObject:
    """Delete the clock and every customer on it."""
    _remove(call, lookup.get(call.store, _KIND, id))
    return {"id": id, "object": _KIND, "deleted": True}


@routes.post(f"{_PATH}/{{id}}/advance", "test_helpers.TestClockAdvanceParams", "frozen_time")
def advance_test_clock(call: Call, id: str) -> StripeObject:
    """Start moving the clock; it is `advancing` until everything due on the way is done."""
    clock, target = lookup.get(call.store, _KIND, id), call.params["frozen_time"]
    if clock["status"] != "ready":
        raise Refused("This test clock is already advancing.", status=429)
    if target <= clock["frozen_time"]:
        raise Refused(
            "A test clock can only move forward: the frozen time must be after the current one.",
            param="frozen_time",
        )
    _check_date(target)
    if target > _farthest(call.store, clock):
        raise Refused(
            "A test clock can advance at most two intervals of the shortest subscription on it "
            "(two years without a subscription).",
            param="frozen_time",
        )
    details = {"advancing": {"target_frozen_time": target}}
    moving = call.store.put(clock | {"status": "advancing", "status_details": details})
    call.store.emit(f"{_KIND}.advancing", moving)
    call.afterwards.append(lambda: resume_advance(call.store, call.ledger, id))
    return moving


def resume_advance(store: Store, ledger: UsageLedger, id: str) -> None:
    """Do what is due up to the target of a clock that is advancing, and stop it there.

    Where an invoice waits for an answer to its `invoice.created` the clock waits too, still
    advancing. If anything fails nothing of it has happened, and the clock says `internal_failure`
    from then on.
    """
    clock = store.get(_KIND, id)
    if clock is None or clock["status"] != "advancing":
        return
    target = clock["status_details"]["advancing"]["target_frozen_time"]
    try:
        arrived, status = advance(store, ledger, clock, target), "ready"
    except Exception:
        _log.exception("the test clock %s cannot advance", id)
        store.rollback()
        arrived, status = clock, "internal_failure"
    if status == "ready" and arrived["frozen_time"] < target:
        store.put(arrived | {"_waits": True})
        return
    stopped = store.put(arrived | {"status": status, "status_details": {}, "_waits": False})
    store.emit(f"{_KIND}.{status}", stopped)


def _attach(store: Store, clock: StripeObject, id: str) -> None:
    """Put a customer who lived in real time on the clock, with all that hangs on them."""
    customer = lookup.named(store, "customer", id, "customer")
    if customer["test_clock"] is not None:
        raise Refused("This customer is on a test clock already.", param="customer")
    if clock["frozen_time"] < store.now() and store.every("subscription", customer=id):
        raise Refused(
            "The frozen time must not be before the present of a customer with subscriptions.",
            param="frozen_time",
        )
    for kind in _BILLED:
        for owned in store.every(kind, customer=id):
            store.put(owned | {"test_clock": clock["id"]})
    save_change(store, "customer.updated", customer | {"test_clock": clock["id"]})


def _remove(call: Call, clock: StripeObject) -> None:
    for customer in call.store.every("customer", test_clock=clock["id"]):
        remove(call, customer)
    call.store.delete(_KIND, clock["id"])
    call.store.emit(f"{_KIND}.deleted", clock)


def _expire(store: Store, ledger: UsageLedger, clock: StripeObject) -> None:
    """Delete a clock that has been kept as long as it may be."""
    _remove(Call(store, ledger, {}, Previews()), clock)


WHEN_DUE[_KIND] = _expire


def _check_date(moment: int) -> None:
    if not 0 <= moment <= _LATEST:
        raise Refused(
            f"The frozen time must be between 0 and {_LATEST}.",
            code="parameter_invalid_integer",
            param="frozen_time",
        )


def _farthest(store: Store, clock: StripeObject) -> int:
    """Two intervals on, by the shortest interval of any live subscription on the clock."""
    live = [
        subscription
        for subscription in store.every("subscription", test_clock=clock["id"])
        if subscription["status"] not in ("canceled", "incomplete_expired")
    ]
    prices = [
        store.get("price", item["price"])
        for subscription in live
        for item in items_of(store, subscription)
    ]
    recurring = [price["recurring"] for price in prices if price] or [_NO_SUBSCRIPTION]
    return min(_two_intervals_after(clock["frozen_time"], each) for each in recurring)


def _two_intervals_after(moment: int, recurring: StripeObject) -> int:
    return next_boundary(moment, recurring, next_boundary(moment, recurring, moment))
