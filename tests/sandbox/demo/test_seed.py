from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalog import load_catalog
from portal.clock import FrozenClock, from_epoch, to_epoch
from portal.sandbox.billing.preview import preview_invoice
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.company import BUYERS, FIRST
from portal.sandbox.demo.reporting import living_consumers
from portal.sandbox.demo.rhythm import HOUR
from portal.sandbox.demo.seed import last_periods, seed
from portal.sandbox.moving import catch_up
from portal.sandbox.store import Store

CATALOG = load_catalog(Path(__file__).parents[3] / "catalog.toml")
NOW = datetime(2026, 11, 22, 10, 42, tzinfo=UTC)
OCTOBER, NOVEMBER, DECEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (10, 11, 12))


class Demo:
    """A seeded store at a moment."""

    def __init__(self, now: datetime = NOW, *, customers: int = 0, chance: int = 7) -> None:
        self.store = Store(FrozenClock(now), seed=chance)
        self.ledger = UsageLedger(self.store)
        seed(self.store, self.ledger, CATALOG, customers=customers, seed=chance)

    def customer(self, name: str) -> dict[str, Any]:
        return next(one for one in self.store.every("customer") if one["name"] == name)

    def invoices(self, name: str) -> list[dict[str, Any]]:
        return self.store.every("invoice", customer=self.customer(name)["id"])[::-1]

    def subscription(self, name: str) -> dict[str, Any]:
        (found,) = self.store.every("subscription", customer=self.customer(name)["id"])
        return found

    def preview(self, name: str) -> dict[str, Any]:
        return preview_invoice(self.store, self.ledger, self.subscription(name))

    def used(self, name: str, event_name: str, start: datetime, end: datetime) -> int:
        (meter,) = self.store.every("billing.meter", event_name=event_name)
        customer = self.customer(name)["id"]
        return int(self.ledger.total(meter, customer, to_epoch(start), to_epoch(end)))


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    made = Demo(customers=3)
    yield made
    made.store.close()


def test_the_vendor_sells_what_the_catalog_lists(demo: Demo) -> None:
    plans = ("build_plan", "scale_plan", "volume_plan")
    meters = ("api_requests", "output_tokens", "storage")
    usage = [f"{plan}_{meter}" for plan in ("build", "scale", "volume") for meter in meters]
    yearly = [f"{plan}_yearly" for plan in plans]
    keys = {
        f"{key}{currency}"
        for key in (*plans, *yearly, *usage, "burst_capacity")
        for currency in ("", "_eur", "_jpy")
    }
    assert {price["lookup_key"] for price in demo.store.every("price")} == keys
    products = {product["name"] for product in demo.store.every("product")}
    assert products == {
        "API requests", "Output tokens", "Storage",
        "Build plan", "Scale plan", "Volume plan", "Burst capacity",
    }  # fmt: skip


def test_there_are_companies_of_very_different_size(demo: Demo) -> None:
    spent = sorted(sum(one["total"] for one in demo.invoices(buyer.name)) for buyer in BUYERS)

    assert len(BUYERS) >= 25
    assert len({buyer.name for buyer in BUYERS}) == len({buyer.key for buyer in BUYERS})
    assert all(buyer.email.endswith(".example") for buyer in BUYERS)
    # The largest tenth brings about as much as the smaller half and more.
    assert sum(spent[-3:]) > sum(spent[: len(spent) // 2])


def test_those_who_have_been_there_long_were_billed_for_seven_months(demo: Demo) -> None:
    of_april = to_epoch(datetime(2026, 4, 1, tzinfo=UTC))
    for buyer in (one for one in BUYERS if (one.months, one.days) == (7, None)):
        first, *others = demo.invoices(buyer.name)
        assert (first["billing_reason"], first["created"]) == ("subscription_create", of_april)
        assert [one["billing_reason"] for one in others] == ["subscription_cycle"] * 7
        assert {one["status"] for one in (first, *others)} == {"paid"}
        latest = others[-1]
        assert (latest["created"], latest["period_start"]) == (
            to_epoch(NOVEMBER),
            to_epoch(OCTOBER),
        )
        paid_at = latest["status_transitions"]["paid_at"]
        assert paid_at == to_epoch(NOVEMBER + timedelta(hours=1))


def test_every_customer_has_a_next_invoice_for_the_period_under_way(demo: Demo) -> None:
    for buyer in BUYERS:
        preview = demo.preview(buyer.name)
        assert preview["created"] > to_epoch(NOW)
        assert preview["total"] >= 0
        if buyer.days is None and not buyer.terms.is_yearly:
            assert preview["created"] == to_epoch(DECEMBER)


def test_one_could_not_pay_and_is_tried_again(demo: Demo) -> None:
    assert demo.subscription("Fennel & Field")["status"] == "past_due"
    latest = demo.invoices("Fennel & Field")[-1]
    assert (latest["status"], latest["attempt_count"]) == ("open", 3)
    assert latest["next_payment_attempt"] > to_epoch(NOW)


def test_one_is_trying_it_out(demo: Demo) -> None:
    trying = demo.subscription("Easel Studio")
    assert trying["status"] == "trialing"
    assert trying["trial_end"] > to_epoch(NOW)
    assert [one["total"] for one in demo.invoices("Easel Studio")] == [0]


def test_one_leaves_with_the_period(demo: Demo) -> None:
    leaving = demo.subscription("Summit Trails")
    assert (leaving["status"], leaving["cancel_at"]) == ("active", to_epoch(DECEMBER))


def test_one_pays_with_credits_and_has_some_left(demo: Demo) -> None:
    (grant,) = demo.store.every("billing.credit_grant")
    assert demo.customer("Meridian Health")["id"] == grant["customer"]
    assert 0 < grant["_left"] < grant["amount"]["monetary"]["value"]


def test_one_has_a_discount_and_one_pays_tax(demo: Demo) -> None:
    discounted, taxed = demo.invoices("Polaris Bank")[-1], demo.invoices("Osprey Retail")[-1]
    (discount,) = discounted["total_discount_amounts"]
    (tax,) = taxed["total_taxes"]

    assert discount["amount"] == discounted["subtotal"] - discounted["total"] > 0
    assert tax["amount"] == taxed["total"] - taxed["subtotal"] > 0


@pytest.mark.parametrize(("name", "currency"), [("Baltic Lines", "eur"), ("Kumo Works", "jpy")])
def test_two_pay_in_other_currencies(demo: Demo, name: str, currency: str) -> None:
    assert {one["currency"] for one in demo.invoices(name)} == {currency}
    assert {one["total"] for one in demo.invoices(name)} != {demo.invoices(name)[0]["total"]}


def test_one_pays_by_the_year_and_its_usage_by_the_month(demo: Demo) -> None:
    first, *monthly = demo.invoices("Halcyon Mutual")
    assert first["total"] == 499_000
    assert len(monthly) == 5
    assert all(0 < one["total"] < 50_000 for one in monthly)


def test_one_has_just_come_and_used_nothing_yet(demo: Demo) -> None:
    (invoice,) = demo.invoices("Kelp Robotics")
    assert (invoice["total"], invoice["created"]) == (
        49_900,
        to_epoch(NOW.replace(hour=0, minute=0)),
    )
    assert demo.used("Kelp Robotics", "api_request", OCTOBER, DECEMBER) == 0


def test_usage_has_a_rhythm_of_its_weeks_long_ago_too(demo: Demo) -> None:
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    for name in ("Vantage Maps", "Acme Robotics", "Deltawave Power"):
        days = [
            demo.used(name, "api_request", monday + timedelta(day), monday + timedelta(day + 1))
            for day in range(7)
        ]
        assert max(days[5:]) < min(days[:5])


def test_who_is_gone_uses_nothing_any_more(demo: Demo) -> None:
    later = Demo()
    later.store.clock = FrozenClock(DECEMBER + timedelta(days=2))
    catch_up(later.store, later.ledger)

    gone = later.used("Summit Trails", "api_request", DECEMBER, DECEMBER + timedelta(days=2))
    still = later.used("Acme Robotics", "api_request", DECEMBER, DECEMBER + timedelta(days=2))

    assert later.subscription("Summit Trails")["status"] == "canceled"
    assert (gone, still > 0) == (0, True)


def test_acme_is_on_scale_with_a_card_and_usage_of_three_meters(demo: Demo) -> None:
    acme = demo.customer("Acme Robotics")
    card = demo.store.get("payment_method", acme["invoice_settings"]["default_payment_method"])
    assert card is not None
    assert (card["card"]["brand"], card["card"]["last4"]) == ("visa", "4242")
    assert 1_400_000 < demo.used("Acme Robotics", "api_request", NOVEMBER, NOW) < 1_900_000
    assert 84 <= demo.used("Acme Robotics", "storage_gb", NOVEMBER, NOW) <= 91
    descriptions = [line["description"] for line in demo.preview("Acme Robotics")["lines"]]
    assert descriptions[-1] == "1 × Scale plan (at $499.00 / month)"
    assert any("× API requests (Tier 2 at $0.0004 / month)" in text for text in descriptions)


def test_the_customers_are_of_different_size(demo: Demo) -> None:
    totals = {buyer.name: demo.preview(buyer.name)["total"] for buyer in FIRST}

    assert totals["Tern Weather"] == 9_900
    assert totals["Acme Freight"] < 49_900 <= totals["Lumen Survey"] < totals["Acme Robotics"]
    assert totals["Harbour Labs"] >= 134_900


def test_nothing_was_used_after_this_moment_and_the_last_hour_is_cut(demo: Demo) -> None:
    latest = max(event["timestamp"] for event in demo.store.every("billing.meter_event"))
    hour = NOW.replace(minute=0)
    full = living_consumers(demo.store)[0]
    whole = full.buyer.rhythm.in_hour(full.own_story, to_epoch(hour)).requests

    assert latest <= to_epoch(NOW)
    used = demo.used("Acme Robotics", "api_request", hour, hour + timedelta(hours=1))
    assert used == whole * 42 * 60 // HOUR


def test_further_customers_come_with_an_invoice_and_usage_by_the_day(demo: Demo) -> None:
    own = {buyer.name for buyer in BUYERS}
    further = [one for one in demo.store.every("customer") if one["name"] not in own]

    assert len({one["name"] for one in further}) == 3
    for customer in further:
        (invoice,) = demo.store.every("invoice", customer=customer["id"])
        assert (invoice["status"], invoice["created"]) == ("paid", to_epoch(NOVEMBER))
        assert demo.used(customer["name"], "api_request", NOVEMBER, NOW) > 0


def test_the_stores_own_clock_is_back_in_its_place(demo: Demo) -> None:
    assert demo.store.now() == to_epoch(NOW)


def test_the_same_seed_makes_the_same_company(demo: Demo) -> None:
    again = Demo(customers=3)

    for kind in ("customer", "price", "subscription", "invoice", "line_item"):
        assert again.store.every(kind) == demo.store.every(kind)


def test_early_in_a_month_billing_began_on_the_15th() -> None:
    demo = Demo(datetime(2026, 3, 3, 8, 15, tzinfo=UTC))

    first, *_, latest = demo.invoices("Acme Robotics")

    assert first["created"] == to_epoch(datetime(2025, 7, 15, tzinfo=UTC))
    assert latest["created"] == to_epoch(datetime(2026, 2, 15, tzinfo=UTC))
    next_one = demo.preview("Acme Robotics")["created"]
    assert next_one == to_epoch(datetime(2026, 3, 15, tzinfo=UTC))


@pytest.mark.parametrize("now", [datetime(2026, 3, 31, 0, 0, 5, tzinfo=UTC),
                                 datetime(2028, 2, 29, 23, 59, tzinfo=UTC)])  # fmt: skip
def test_the_special_ones_are_so_on_any_day(now: datetime) -> None:
    demo = Demo(now)

    statuses = {buyer.name: demo.subscription(buyer.name)["status"] for buyer in BUYERS}

    assert statuses.pop("Fennel & Field") == "past_due"
    assert statuses.pop("Easel Studio") == "trialing"
    assert set(statuses.values()) == {"active"}


@given(st.integers(min_value=1_600_000_000, max_value=4_000_000_000).map(from_epoch))
def test_the_current_period_is_well_under_way_on_any_day(now: datetime) -> None:
    since, turn = last_periods(now)

    assert timedelta(days=10) <= now - turn < timedelta(days=31)
    assert timedelta(days=28) <= turn - since <= timedelta(days=31)
    assert (since.day, since.hour) == (turn.day, 0)


def test_a_store_that_was_not_seeded_has_no_consumers() -> None:
    assert living_consumers(Store()) == []
