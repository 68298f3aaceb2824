"""One look at a customer's usage in the sandbox: what it sees, and what it need not read again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import stripe

from portal.clock import Period
from portal.stripe_gateway.client import Gateway
from portal.stripe_gateway.facts import Gone, MeterFacts, SubscriptionFacts
from portal.stripe_gateway.usage.facts import (
    NOTHING_KNOWN,
    KnownUsage,
    MeterPeriod,
    UsageSnapshotFacts,
)
from portal.stripe_gateway.usage.snapshot import read_usage_snapshot
from portal.stripe_ids import CustomerId
from tests.fixtures.sandbox import SandboxProcess
from tests.fixtures.stripe_account import StripeAccount
from tests.fixtures.stripe_wire import (
    StripeWire,
    WireAnswer,
    WireRequest,
    gateway_to,
    passing_on,
    scripted,
)

# The second period of the subscription is under way.
STARTED = datetime(2026, 10, 5, 12, 34, 56, tzinfo=UTC)
RENEWED = datetime(2026, 11, 5, 12, 34, 56, tzinfo=UTC)
NOW = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
SUMMARIES = "event_summaries"
PREVIEW = "/v1/invoices/create_preview"


@dataclass
class Subscriber:
    """A customer on a test clock with one metered item."""

    account: StripeAccount
    customer: CustomerId
    meter: stripe.billing.Meter

    def use(self, value: int, at: datetime) -> None:
        self.account.report(self.meter, self.customer, value, int(at.timestamp()))


def subscriber(account: StripeAccount, formula: str = "sum", **price: Any) -> Subscriber:
    clock = account.clock(STARTED)
    customer = account.customer(test_clock=clock)
    meter = account.meter(formula)
    account.subscribe(customer, [account.price(meter, **price)])
    account.advance(clock, NOW)
    return Subscriber(account, CustomerId(customer), meter)


@pytest.fixture
def acme(stripe_account: StripeAccount) -> Subscriber:
    """A customer who used 100 in the last period and 42 in this one."""
    made = subscriber(stripe_account)
    made.use(90, datetime(2026, 10, 20, 8, tzinfo=UTC))
    made.use(10, RENEWED.replace(minute=10))
    made.use(1, RENEWED.replace(minute=50))
    made.use(20, datetime(2026, 11, 9, 23, 59, 59, tzinfo=UTC))
    made.use(16, datetime(2026, 11, 10, 9, 1, tzinfo=UTC))
    made.use(5, datetime(2026, 11, 10, 9, 2, tzinfo=UTC))
    stripe_account.wait_for_usage(made.meter, made.customer, 142)
    return made


async def look(
    gateway: Gateway, customer: CustomerId, known: KnownUsage = NOTHING_KNOWN
) -> UsageSnapshotFacts:
    found = await read_usage_snapshot(gateway, customer, known)
    assert isinstance(found, UsageSnapshotFacts)
    return found


def known_from(snapshot: UsageSnapshotFacts) -> KnownUsage:
    """What a mirror would know after the look."""
    meters = [one for one in snapshot.objects if isinstance(one, MeterFacts)]
    return KnownUsage(
        formulas={meter.id: meter.formula for meter in meters},
        as_of={MeterPeriod(one.meter_id, one.period): snapshot.as_of for one in snapshot.totals},
        windows={one.meter_id: one.windows for one in reversed(snapshot.windows)},
    )


def counted(snapshot: UsageSnapshotFacts) -> dict[datetime, int]:
    return {one.start: int(one.value) for found in snapshot.windows for one in found.windows}


async def test_a_first_look_sees_this_period_and_the_one_before(gateway: Gateway, acme: Subscriber):
    snapshot = await look(gateway, acme.customer)

    assert [(one.period.start, one.value) for one in snapshot.totals] == [
        (RENEWED, 42),
        (STARTED, 100),
    ]
    assert counted(snapshot) == {
        datetime(2026, 10, 20, 8, tzinfo=UTC): 90,
        # The hour of the renewal is cut where the period is.
        RENEWED.replace(minute=0, second=0): 10,
        RENEWED.replace(second=0): 1,
        datetime(2026, 11, 9, 23, tzinfo=UTC): 20,
        datetime(2026, 11, 10, 9, tzinfo=UTC): 21,
    }


async def test_the_preview_bills_the_total(gateway: Gateway, acme: Subscriber):
    snapshot = await look(gateway, acme.customer)

    assert snapshot.agrees
    preview = snapshot.previews[0]
    assert (preview.total, sum(line.amount for line in preview.lines)) == (42, 42)
    assert preview.customer_id == acme.customer


async def test_a_customer_on_a_test_clock_lives_at_its_time(gateway: Gateway, acme: Subscriber):
    snapshot = await look(gateway, acme.customer)

    assert snapshot.as_of == NOW
    assert snapshot.read_at != NOW
    assert any(one.kind == "test_clock" for one in snapshot.objects)


async def test_what_was_read_along_the_way_is_not_lost(gateway: Gateway, acme: Subscriber):
    snapshot = await look(gateway, acme.customer)

    kinds = {type(one) for one in snapshot.objects}
    assert {MeterFacts, SubscriptionFacts} <= kinds


async def test_a_second_look_reads_only_what_may_have_changed(
    sandbox: SandboxProcess, gateway: Gateway, acme: Subscriber
):
    known = known_from(await look(gateway, acme.customer))
    async with StripeWire(passing_on(sandbox.url)) as wire:
        watched = gateway_to(wire.url)

        snapshot = await look(watched, acme.customer, known)
        await watched.close()

    assert sorted(wire.paths()) == [
        f"/v1/billing/meters/{acme.meter.id}/{SUMMARIES}",
        f"/v1/billing/meters/{acme.meter.id}/{SUMMARIES}",
        "/v1/subscriptions",
    ]
    assert wire.paths("POST") == [PREVIEW]
    assert [one.value for one in snapshot.totals] == [42]
    assert snapshot.windows[0].span == Period(
        NOW.replace(day=8, minute=0), NOW.replace(hour=10, minute=0)
    )


async def test_a_correction_of_older_usage_makes_all_of_the_period_be_read(
    gateway: Gateway, acme: Subscriber
):
    known = known_from(await look(gateway, acme.customer))
    acme.use(8, datetime(2026, 11, 6, 3, tzinfo=UTC))
    acme.account.wait_for_usage(acme.meter, acme.customer, 150)

    snapshot = await look(gateway, acme.customer, known)

    assert snapshot.totals[0].value == 50
    assert snapshot.windows[0].span.start == RENEWED.replace(second=0)
    assert counted(snapshot)[datetime(2026, 11, 6, 3, tzinfo=UTC)] == 8


async def test_windows_that_were_missed_for_days_are_all_read(gateway: Gateway, acme: Subscriber):
    known = known_from(await look(gateway, acme.customer))
    long_ago = {one: NOW - timedelta(days=4) for one in known.as_of}

    snapshot = await look(gateway, acme.customer, replace(known, as_of=long_ago))

    assert snapshot.windows[0].span.start == RENEWED.replace(second=0)


async def test_a_meter_of_levels_shows_the_last_one(
    gateway: Gateway, stripe_account: StripeAccount
):
    storage = subscriber(stripe_account, "last")
    storage.use(7, datetime(2026, 11, 6, 3, tzinfo=UTC))
    storage.use(5, datetime(2026, 11, 9, 3, tzinfo=UTC))
    stripe_account.wait_for_usage(storage.meter, storage.customer, 5)

    first = await look(gateway, storage.customer)
    second = await look(gateway, storage.customer, known_from(first))

    assert first.totals[0].value == second.totals[0].value == 5
    assert first.agrees
    assert sorted(counted(first).values()) == [5, 7]
    assert sorted(counted(second).values()) == [5]


async def test_all_lines_of_a_preview_are_read(gateway: Gateway, stripe_account: StripeAccount):
    tiers = [{"up_to": 10 * n, "unit_amount": 14 - n} for n in range(1, 13)]
    tiered = subscriber(
        stripe_account,
        billing_scheme="tiered",
        tiers_mode="graduated",
        tiers=[*tiers, {"up_to": "inf", "unit_amount": 1}],
    )
    tiered.use(125, NOW)
    stripe_account.wait_for_usage(tiered.meter, tiered.customer, 125)

    snapshot = await look(gateway, tiered.customer)

    assert snapshot.agrees
    assert [line.quantity for line in snapshot.previews[0].lines] == [10] * 12 + [5]


async def test_a_cancelled_subscription_has_neither_usage_nor_preview(
    gateway: Gateway, acme: Subscriber
):
    subscription = acme.account.client.v1.subscriptions.list({"customer": acme.customer}).data[0]
    acme.account.client.v1.subscriptions.cancel(subscription.id)

    snapshot = await look(gateway, acme.customer)

    assert (snapshot.previews, snapshot.totals, snapshot.windows) == ((), (), ())
    assert snapshot.agrees


async def test_usage_goes_on_when_the_preview_is_refused(
    sandbox: SandboxProcess, acme: Subscriber, caplog: pytest.LogCaptureFixture
):
    through = passing_on(sandbox.url)
    refusal = {"type": "invalid_request_error", "code": "customer_tax_location_invalid"}

    async def without_previews(request: WireRequest) -> WireAnswer:
        refused = WireAnswer(400, {"error": {**refusal, "message": "Where does she live?"}})
        return refused if request.path == PREVIEW else await through(request)

    async with StripeWire(without_previews) as wire:
        gateway = gateway_to(wire.url)
        snapshot = await look(gateway, acme.customer)
        await gateway.close()

    assert snapshot.previews == ()
    assert snapshot.totals[0].value == 42
    assert "Where does she live?" in caplog.text


async def test_an_unknown_customer_is_gone():
    refusal = {"type": "invalid_request_error", "code": "resource_missing", "message": "No such"}
    unknown = scripted(
        WireAnswer(400, {"error": {**refusal, "param": "customer"}}),
        WireAnswer(404, {"error": refusal}),
    )
    async with StripeWire(unknown) as wire:
        gateway = gateway_to(wire.url)
        found = await read_usage_snapshot(gateway, CustomerId("cus_unknown"))
        await gateway.close()

    assert isinstance(found, Gone)
    assert (found.kind, found.id) == ("customer", "cus_unknown")


async def looking_while(
    sandbox: SandboxProcess,
    before: Callable[[WireRequest], None],
    customer: CustomerId,
    known: KnownUsage = NOTHING_KNOWN,
) -> tuple[UsageSnapshotFacts, int]:
    """A look during which something happens; and how many previews it asked for."""
    async with StripeWire(passing_on(sandbox.url, before)) as wire:
        gateway = gateway_to(wire.url)
        snapshot = await look(gateway, customer, known)
        await gateway.close()
    return snapshot, wire.paths("POST").count(PREVIEW)


async def test_usage_between_total_and_preview_makes_both_be_read_again(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount
):
    acme = subscriber(prompt_account)
    acme.use(40, NOW)
    left = [2]

    def use_once(request: WireRequest) -> None:
        if request.path == PREVIEW and left:
            acme.use(left.pop(), NOW)

    snapshot, previews = await looking_while(prompt_sandbox, use_once, acme.customer)

    assert snapshot.agrees
    assert previews == 2
    assert snapshot.totals[0].value == snapshot.previews[0].total == 42


async def test_usage_that_never_rests_ends_the_look_after_three_rounds(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount
):
    acme = subscriber(prompt_account)

    def use_always(request: WireRequest) -> None:
        if request.path == PREVIEW:
            acme.use(1, NOW)

    snapshot, previews = await looking_while(prompt_sandbox, use_always, acme.customer)

    assert not snapshot.agrees
    assert previews == 3
    assert snapshot.totals[0].value == Decimal(2)


async def test_usage_between_total_and_windows_does_not_throw_older_windows_away(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount
):
    acme = subscriber(prompt_account)
    acme.use(40, datetime(2026, 11, 6, tzinfo=UTC))
    known = known_from((await looking_while(prompt_sandbox, lambda _: None, acme.customer))[0])

    def use_before_windows(request: WireRequest) -> None:
        if "value_grouping_window" in request.query:
            acme.use(2, NOW)

    snapshot, _ = await looking_while(prompt_sandbox, use_before_windows, acme.customer, known)

    assert snapshot.totals[0].value == 40
    assert snapshot.windows[0].span.start == NOW.replace(day=8, minute=0)
    assert counted(snapshot) == {NOW.replace(minute=0): 2}


async def test_usage_between_total_and_windows_of_a_young_period_is_no_trouble(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount
):
    meter = prompt_account.meter()
    customer = CustomerId(prompt_account.customer())
    prompt_account.subscribe(customer, [prompt_account.price(meter)])
    known = known_from((await looking_while(prompt_sandbox, lambda _: None, customer))[0])

    left = [2]

    def use_before_windows(request: WireRequest) -> None:
        if SUMMARIES in request.path and _days(request) < 3 and left:
            prompt_account.report(meter, customer, left.pop())

    def _days(request: WireRequest) -> float:
        return (int(request.query["end_time"][0]) - int(request.query["start_time"][0])) / 86400

    snapshot, _ = await looking_while(prompt_sandbox, use_before_windows, customer, known)

    assert snapshot.totals[0].value == 0
    assert sum(counted(snapshot).values()) == 2


async def test_a_difference_that_stays_is_not_read_a_third_time(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount
):
    """Usage in the last seconds before a renewal falls into the minute that two periods share."""
    acme = subscriber(prompt_account)
    acme.use(7, RENEWED.replace(second=10))

    snapshot, previews = await looking_while(prompt_sandbox, lambda _: None, acme.customer)

    assert not snapshot.agrees
    assert previews == 2
