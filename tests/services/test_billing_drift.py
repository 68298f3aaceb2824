"""The comparison of Stripe's previews with our own rating, over HTTP; each reason provoked once.

Between the gateway and the sandbox stands a wire that can change one answer on its way: then what
the preview was made from and what we are told differ, as they would if one side were wrong.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from portal.services.bill_differences import Difference, Reason
from portal.services.billing_drift import Checked, check
from portal.stripe_gateway.next_bill.reads import NextBillReader
from portal.stripe_ids import CustomerId
from tests.fixtures.sandbox import SandboxProcess
from tests.fixtures.stripe_account import StripeAccount
from tests.fixtures.stripe_wire import StripeWire, WireAnswer, WireRequest, gateway_to, passing_on

STARTED = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
PREVIEW = "/v1/invoices/create_preview"
TIERS = [
    {"up_to": 100, "unit_amount_decimal": "1.5", "flat_amount": 500},
    {"up_to": "inf", "unit_amount_decimal": "0.5"},
]
Edit = Callable[[WireRequest, Any], object]


class Bill:
    """A customer with a plan and graduated usage: 250 units since the first of November."""

    def __init__(self, account: StripeAccount, **subscription: Any) -> None:
        self.account = account
        self.client: stripe.StripeClient = account.client
        clock = account.clock(STARTED)
        self.customer = account.customer(test_clock=clock)
        self.meter = account.meter()
        usage = account.price(
            self.meter, billing_scheme="tiered", tiers_mode="graduated", tiers=TIERS
        )
        self.subscription = account.subscribe(
            self.customer, [account.price(unit_amount=4_900), usage], **subscription
        )
        account.advance(clock, NOW)
        account.report(self.meter, self.customer, 250, int(NOW.timestamp()) - 60)
        account.wait_for_usage(self.meter, self.customer, 250)


@pytest.fixture(scope="module")
def bill(prompt_sandbox: SandboxProcess) -> Bill:
    return Bill(StripeAccount(prompt_sandbox.client()))


def changing(path: str, edit: Callable[[Any], object]) -> Edit:
    """Change the answers to requests whose path begins so."""
    return lambda request, body: edit(body) if request.path.startswith(path) else None


async def checked(
    sandbox: SandboxProcess, customer: str, edit: Edit = lambda _request, _body: None
) -> Checked:
    through = passing_on(sandbox.url)

    async def meddle(request: WireRequest) -> WireAnswer:
        answer = await through(request)
        edit(request, answer.body)
        return answer

    async with StripeWire(meddle) as wire:
        gateway = gateway_to(wire.url)
        found = await check(NextBillReader(gateway), CustomerId(customer))
        await gateway.close()
    return found


async def differences(
    sandbox: SandboxProcess, customer: str, path: str, edit: Callable[[Any], object]
) -> list[Difference]:
    found = await checked(sandbox, customer, changing(path, edit))
    assert found.is_settled
    return [drift.difference for drift in found.drifts]


async def test_what_stripe_previews_is_what_we_rate(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    assert await checked(prompt_sandbox, bill.customer) == Checked(invoices=1, drifts=())


async def test_usage_that_the_preview_does_not_bill_is_told(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    def count_more(summaries: Any) -> None:
        for one in summaries["data"]:
            one["aggregated_value"] = 260

    path = f"/v1/billing/meters/{bill.meter.id}/event_summaries"
    (found,) = await differences(prompt_sandbox, bill.customer, path, count_more)

    assert (found.reason, found.stripe, found.ours) == (Reason.QUANTITY, "150", "160")


async def test_another_rate_shows_as_another_amount_on_its_tier_s_line(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    def raise_rate(price: Any) -> None:
        if price["tiers"]:
            price["tiers"][1]["unit_amount_decimal"] = "0.7"

    (found,) = await differences(prompt_sandbox, bill.customer, "/v1/prices", raise_rate)

    # 150 × 0.5 = 75; 150 × 0.7 = 105
    assert (found.reason, found.stripe, found.ours) == (Reason.AMOUNT, "75", "105")
    assert "Tier 2" in found.where


async def test_a_price_that_cannot_be_rated_is_named(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    def hide_tiers(price: Any) -> None:
        price.pop("tiers", None)

    (found,) = await differences(prompt_sandbox, bill.customer, "/v1/prices", hide_tiers)

    assert found.reason is Reason.PRICE
    assert "is tiered but its tiers are missing" in found.ours


async def test_a_line_that_the_preview_lacks_is_told(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    def forget_plan(preview: Any) -> None:
        kept = [line for line in preview["lines"]["data"] if line["amount"] != 4_900]
        preview["lines"]["data"] = kept

    found = await differences(prompt_sandbox, bill.customer, PREVIEW, forget_plan)

    assert (found[0].reason, found[0].stripe, found[0].ours) == (Reason.MISSING, "", "4900")


async def test_a_line_that_nothing_explains_is_told(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    def charge_twice(preview: Any) -> None:
        lines = preview["lines"]["data"]
        lines.extend([line for line in lines if line["amount"] == 4_900])

    found = await differences(prompt_sandbox, bill.customer, PREVIEW, charge_twice)

    assert (found[0].reason, found[0].stripe) == (Reason.UNEXPECTED, "4900")


async def test_a_preview_that_stripe_refuses_is_told_in_stripe_s_words(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    through = passing_on(prompt_sandbox.url)
    error = {"type": "invalid_request_error", "code": "customer_tax_location_invalid"}

    async def refuse(request: WireRequest) -> WireAnswer:
        if request.path == PREVIEW:
            return WireAnswer(400, {"error": {**error, "message": "Where does she live?"}})
        return await through(request)

    async with StripeWire(refuse) as wire:
        gateway = gateway_to(wire.url)
        found = await check(NextBillReader(gateway), CustomerId(bill.customer))
        await gateway.close()

    (drift,) = found.drifts
    assert drift.difference.reason is Reason.NO_PREVIEW
    assert "Where does she live?" in drift.difference.stripe


async def test_totals_that_do_not_follow_from_the_lines_are_told(
    prompt_sandbox: SandboxProcess, bill: Bill
) -> None:
    def add_a_cent(preview: Any) -> None:
        preview["total"] += 1

    (found,) = await differences(prompt_sandbox, bill.customer, PREVIEW, add_a_cent)

    # 4,900 + 100 × 1.5 + 500 + 150 × 0.5 = 5,625
    assert (found.reason, found.stripe, found.ours) == (Reason.TOTAL, "5626", "5625")


async def test_another_balance_is_told(prompt_sandbox: SandboxProcess, bill: Bill) -> None:
    def owe(customer: Any) -> None:
        customer["balance"] = -700

    path = f"/v1/customers/{bill.customer}"
    found = await differences(prompt_sandbox, bill.customer, path, owe)

    assert [(one.where, one.stripe, one.ours) for one in found] == [
        ("starting balance", "0", "-700"),
        ("amount due", "5625", "4925"),
    ]


async def test_usage_that_never_rests_is_no_drift(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount
) -> None:
    bill = Bill(prompt_account)

    def use_on(request: WireRequest, _body: Any) -> None:
        if request.path == PREVIEW:
            prompt_account.report(bill.meter, bill.customer, 3, int(NOW.timestamp()) - 30)

    found = await checked(prompt_sandbox, bill.customer, use_on)

    assert not found.is_settled
    assert found.drifts == ()


async def test_usage_that_moved_once_is_read_again(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount
) -> None:
    bill = Bill(prompt_account)
    left = [7]

    def use_once(request: WireRequest, _body: Any) -> None:
        if request.path == PREVIEW and left:
            prompt_account.report(bill.meter, bill.customer, left.pop(), int(NOW.timestamp()) - 30)

    assert await checked(prompt_sandbox, bill.customer, use_once) == Checked(1, ())
