from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.catalog import load_catalog
from portal.clock import FrozenClock, from_epoch, to_epoch
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.company import BUYERS
from portal.sandbox.demo.reporting import living_consumers
from portal.sandbox.demo.seed import seed
from portal.sandbox.demo.stream import UsageStream, stream_usage
from portal.sandbox.moving import catch_up
from portal.sandbox.store import Store

CATALOG = load_catalog(Path(__file__).parents[3] / "catalog.toml")
NOW = datetime(2026, 11, 17, 15, 0, 30, tzinfo=UTC)


class Running:
    """A seeded sandbox whose time is moved by hand."""

    def __init__(self) -> None:
        self.clock = FrozenClock(NOW)
        self.store = Store(self.clock, seed=1)
        self.ledger = UsageLedger(self.store)
        seed(self.store, self.ledger, CATALOG)

    def requests(self, position: int = 0) -> int:
        (meter,) = self.store.every("billing.meter", event_name="api_request")
        customer = living_consumers(self.store)[position].customer
        return int(self.ledger.total(meter, customer, to_epoch(NOW) - 60, 2**32))


@pytest.fixture(scope="module")
def running() -> Running:
    return Running()


def test_the_stream_keeps_the_rhythm_of_the_hour(running: Running) -> None:
    stream = UsageStream(running.store, running.ledger)
    before = running.requests()
    began = running.clock.now()
    for _ in range(300):
        running.clock.advance(timedelta(seconds=2))
        stream.report()

    acme = living_consumers(running.store)[0]
    whole = acme.buyer.rhythm.in_hour(acme.own_story, to_epoch(began) // 3600 * 3600).requests
    assert abs(running.requests() - before - whole * 600 // 3600) <= 1


def test_the_others_are_heard_of_less_often_but_lose_nothing(running: Running) -> None:
    harbour = 2
    stream = UsageStream(running.store, running.ledger)
    before = running.requests(harbour)
    running.clock.advance(timedelta(seconds=60))
    for _ in range(29):
        stream.report()
    silent = running.requests(harbour)
    stream.report()

    assert silent == before
    assert running.requests(harbour) > before


def test_what_a_pause_would_have_brought_is_made_up_for(running: Running) -> None:
    UsageStream(running.store, running.ledger).report()
    before, paused = running.requests(), running.clock.now()
    running.clock.advance(timedelta(minutes=10))

    catch_up(running.store, running.ledger)
    UsageStream(running.store, running.ledger).report()

    acme = living_consumers(running.store)[0]
    whole = acme.buyer.rhythm.in_hour(acme.own_story, to_epoch(paused) // 3600 * 3600).requests
    assert abs(running.requests() - before - whole * 600 // 3600) <= 1


def test_a_report_over_the_turn_of_an_hour_counts_both(running: Running) -> None:
    running.clock.move_to(datetime(2026, 11, 17, 16, 59, 0, tzinfo=UTC))
    stream = UsageStream(running.store, running.ledger)
    stream.report()
    before = running.requests()
    running.clock.advance(timedelta(minutes=2))

    stream.report()

    events = running.store.every("billing.meter_event")
    (meter,) = running.store.every("billing.meter", event_name="api_request")
    moments = {event["timestamp"] for event in events if event["_meter"] == meter["id"]}
    assert to_epoch(datetime(2026, 11, 17, 16, 59, 30, tzinfo=UTC)) in moments
    assert to_epoch(datetime(2026, 11, 17, 17, 0, 30, tzinfo=UTC)) in moments
    assert running.requests() > before


def test_after_a_long_pause_bills_and_usage_have_gone_on_in_their_order() -> None:
    paused, live = Running(), Running()
    moment = to_epoch(NOW) + 40 * 86_400

    paused.clock.move_to(from_epoch(moment))
    catch_up(paused.store, paused.ledger)
    while to_epoch(live.clock.now()) < moment:
        live.clock.move_to(min(live.clock.now() + timedelta(hours=1), from_epoch(moment)))
        catch_up(live.store, live.ledger)

    for buyer in BUYERS:
        assert bills(paused, buyer.name) == bills(live, buyer.name)
    assert [bill[1] for bill in bills(paused, "Acme Robotics")[-2:]] == ["paid", "paid"]
    assert paused.requests() == live.requests() > 0


def bills(running: Running, name: str) -> list[tuple[int, str, int]]:
    """The customer's invoices: when each was made, what became of it, what it came to."""
    (customer,) = [one for one in running.store.each("customer") if one["name"] == name]
    invoices = running.store.every("invoice", customer=customer["id"])[::-1]
    return [(one["created"], one["status"], one["total"]) for one in invoices]


async def test_without_a_demo_the_stream_ends() -> None:
    store = Store()

    await stream_usage(store, UsageLedger(store), lambda work: work())
