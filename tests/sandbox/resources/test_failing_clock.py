"""A test clock that cannot go on says so and leaves everything as it was."""

from portal.clock import FrozenClock, to_epoch
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.resources.customers import create_customer
from portal.sandbox.resources.meters import create_meter
from portal.sandbox.resources.prices import create_price
from portal.sandbox.resources.subscriptions import create_subscription
from portal.sandbox.resources.test_clocks import (
    advance_test_clock,
    create_test_clock,
    resume_advance,
)
from portal.sandbox.routes import Call, Previews
from portal.sandbox.store import Store
from tests.fixtures.database import NOON

MONTH = 31 * 86400


def test_a_clock_that_fails_on_its_way_stays_where_it_was():
    store = Store(FrozenClock(NOON))
    ledger, start = UsageLedger(store), to_epoch(NOON)

    def ask(**params):
        return Call(store, ledger, params, Previews())

    clock = create_test_clock(ask(frozen_time=start))
    aggregation = {"formula": "sum"}
    meter = create_meter(ask(display_name="API", event_name="api", default_aggregation=aggregation))
    price = create_price(
        ask(
            currency="usd",
            unit_amount=1,
            product_data={"name": "API"},
            recurring={"interval": "month", "usage_type": "metered", "meter": meter["id"]},
        )
    )
    customer = create_customer(ask(test_clock=clock["id"]))
    create_subscription(ask(customer=customer["id"], items=[{"price": price["id"]}]))
    store.delete("billing.meter", meter["id"])
    advance_test_clock(ask(frozen_time=start + MONTH), clock["id"])
    store.commit()

    resume_advance(store, ledger, clock["id"])

    stuck = store.get("test_helpers.test_clock", clock["id"])
    assert (stuck["status"], stuck["frozen_time"]) == ("internal_failure", start)
    assert store.every("invoice") == []
    assert store.every("event")[0]["type"] == "test_helpers.test_clock.internal_failure"
