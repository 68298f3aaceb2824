"""Whatever is done with a subscription, in any order: its periods, status and money stay right."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.clock import from_epoch, to_epoch
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.subscription_pauses import pause, resume
from portal.sandbox.resources.subscription_schedules import (
    change_schedule,
    create_schedule,
    release_schedule,
)
from portal.sandbox.resources.subscription_updates import update_subscription
from portal.sandbox.resources.subscriptions import delete_subscription
from tests.sandbox.billing.company import Company

DAY = 24 * 3600
START = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
STATUSES = {
    "active", "canceled", "incomplete", "incomplete_expired", "past_due", "paused", "trialing",
}  # fmt: skip
CARDS = ("pm_card_visa", "pm_card_chargeCustomerFail")
BEHAVIORS = ("create_prorations", "always_invoice", "none")


class Life:
    """A company with one subscription of a plan and of usage, and what can be done with it."""

    def __init__(self, mode, **params):
        self.company = Company(START)
        self.customer = self.company.customer()
        meter = self.company.meter()
        self.plans = [self.company.licensed(amount) for amount in (10_00, 99_99, 500_01)]
        self.usage = self.company.metered(meter)
        self.subscription = self.company.subscribe(
            self.customer, self.plans[0], self.usage, billing_mode={"type": mode}, **params
        )["id"]

    def now(self):
        return self.company.get("subscription", self.subscription)

    def items(self):
        return self.company.store.every("subscription_item", subscription=self.subscription)

    def call(self, endpoint, **params):
        """A refusal is an answer too; it changes nothing."""
        self.company.store.commit()
        try:
            endpoint(self.company.call(**params), self.subscription)
        except Refused:
            self.company.store.rollback()
        self.company.store.commit()

    def wait(self, seconds):
        self.company.run_to(to_epoch(self.company.clock.now()) + seconds)

    def use(self, value):
        self.company.use(self.customer, value)

    def card(self, card):
        self.company.give_card(self.customer["id"], card)

    def change_plan(self, plan, quantity, behavior):
        held = [item for item in self.items() if item["quantity"] is not None]
        asked = {"id": held[0]["id"], "price": self.plans[plan], "quantity": quantity}
        self.call(update_subscription, items=[asked], proration_behavior=behavior)

    def try_a_plan(self, plan):
        held = [item for item in self.items() if item["quantity"] is not None]
        asked = {"id": held[0]["id"], "price": self.plans[plan]}
        self.call(
            update_subscription,
            items=[asked],
            proration_behavior="always_invoice",
            payment_behavior="pending_if_incomplete",
        )

    def free_for(self, days):
        now = to_epoch(self.company.clock.now())
        self.call(update_subscription, trial_end="now" if days == 0 else now + days * DAY)

    def end_with_period(self, wanted):
        self.call(update_subscription, cancel_at_period_end=wanted)

    def end_after(self, days):
        now = to_epoch(self.company.clock.now())
        self.call(update_subscription, cancel_at=now + days * DAY)

    def new_anchor(self, behavior):
        self.call(
            update_subscription,
            billing_cycle_anchor={"type": "now"},
            proration_behavior=behavior,
        )

    def collect(self, behavior):
        asked = {"behavior": behavior} if behavior else ""
        self.call(update_subscription, pause_collection=asked)

    def pause(self):
        self.call(pause)

    def resume(self, behavior):
        self.call(resume, proration_behavior=behavior)

    def schedule(self):
        self.call(lambda call, id: create_schedule(self._params(call, from_subscription=id)))

    def queue(self, plan, days, behavior, end_behavior):
        """Let another plan follow the phase that is on, if a schedule is."""
        known = self.company.store.get("subscription_schedule", self.now()["schedule"] or "")
        if known is None or known["current_phase"] is None:
            return
        span = known["current_phase"]
        held = [
            {name: item[name] for name in ("price", "quantity") if item[name] is not None}
            for item in self.items()
        ]
        later = [{"price": self.plans[plan]}, {"price": self.usage}]
        phases = [
            {**span, "items": held},
            {
                "items": later,
                "end_date": span["end_date"] + days * DAY,
                "proration_behavior": behavior,
            },
        ]
        asked = {"phases": phases, "end_behavior": end_behavior}
        self.call(lambda call, _: change_schedule(self._params(call, **asked), known["id"]))

    def release(self):
        self.call(lambda call, _: release_schedule(call, self.now()["schedule"] or "none"))

    def cancel(self, invoices):
        self.call(delete_subscription, invoice_now=invoices, prorate=invoices)

    def _params(self, call, **params):
        call.params.update(params)
        return call


def step(name, *values):
    return st.tuples(st.just(name), *values)


STEPS = st.one_of(
    step("wait", st.integers(1, 20 * DAY)),
    step("wait", st.integers(20 * DAY, 40 * DAY)),
    step("use", st.integers(0, 5_000)),
    step("card", st.sampled_from(CARDS)),
    step("change_plan", st.integers(0, 2), st.integers(1, 4), st.sampled_from(BEHAVIORS)),
    step("try_a_plan", st.integers(0, 2)),
    step("free_for", st.integers(0, 30)),
    step("end_with_period", st.booleans()),
    step("end_after", st.integers(1, 45)),
    step("new_anchor", st.sampled_from(BEHAVIORS)),
    step("collect", st.sampled_from(["keep_as_draft", "mark_uncollectible", "void", None])),
    step("pause"),
    step("resume", st.sampled_from(BEHAVIORS)),
    step("schedule"),
    step(
        "queue",
        st.integers(0, 2),
        st.integers(1, 60),
        st.sampled_from(BEHAVIORS),
        st.sampled_from(["release", "cancel"]),
    ),
    step("release"),
    step("cancel", st.booleans()),
)
STARTS = st.sampled_from(
    [{}, {"trial_period_days": 10}, {"payment_behavior": "default_incomplete"},
     {"billing_cycle_anchor": to_epoch(START) + 5 * DAY},
     {"backdate_start_date": to_epoch(START) - 45 * DAY}]
)  # fmt: skip


@pytest.mark.parametrize("mode", ["flexible", "classic"])
@settings(max_examples=60)
@given(start=STARTS, steps=st.lists(STEPS, max_size=12))
def test_any_life_keeps_the_invariants(mode, start, steps):
    life = Life(mode, **start)
    for name, *values in steps:
        getattr(life, name)(*values)
        check(life)
    life.wait(70 * DAY)
    check(life)


def check(life):
    subscription, company = life.now(), life.company
    assert subscription["status"] in STATUSES
    for item in life.items():
        assert item["current_period_start"] < item["current_period_end"]
        if subscription["status"] in ("active", "trialing", "past_due"):
            moment = to_epoch(company.clock.now())
            assert item["current_period_start"] <= moment < item["current_period_end"]
    due_at = subscription["_due_at"]
    assert due_at is None or from_epoch(due_at) >= company.clock.now()
    for invoice in company.invoices(life.customer):
        check_money(company, invoice)


def check_money(company, invoice):
    """Every cent of an invoice is a line's, and every cent paid was charged."""
    lines = company.lines(invoice)
    assert invoice["subtotal"] == sum(line["amount"] for line in lines)
    assert invoice["amount_due"] == invoice["amount_paid"] + invoice["amount_remaining"]
    payments = company.store.every("invoice_payment", invoice=invoice["id"])
    paid = [one for one in payments if one["status"] == "paid"]
    assert invoice["amount_paid"] == sum(one["amount_paid"] for one in paid)
    for one in paid:
        intent = company.get("payment_intent", one["_payment_intent"])
        charge = company.get("charge", intent["latest_charge"])
        assert (charge["amount_captured"], charge["paid"]) == (one["amount_paid"], True)
    if invoice["status"] == "paid":
        assert invoice["amount_remaining"] == 0


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=10))
def test_the_periods_of_a_plan_abut(steps):
    """What is billed in advance never overlaps and leaves no gap as long as nothing changes it."""
    life = Life("flexible")
    kept = ("wait", "use", "card", "collect", "schedule", "release")
    for name, *values in steps:
        if name in kept:
            getattr(life, name)(*values)
    spans = sorted(
        (line["period"]["start"], line["period"]["end"])
        for invoice in life.company.invoices(life.customer)
        for line in life.company.lines(invoice)
        if line["pricing"]["price_details"]["price"] == life.plans[0]
    )

    assert all(before[1] == after[0] for before, after in pairwise(spans))
