"""Discounts, credits, taxes and the balance of next invoices: what Stripe takes off is what we do.

The wire between the gateway and the sandbox changes one answer at a time, see test_billing_drift.
"""

from collections.abc import Callable
from typing import Any

import pytest

from portal.services.bill_differences import Reason
from portal.services.billing_drift import Checked
from tests.fixtures.sandbox import SandboxProcess
from tests.fixtures.stripe_account import StripeAccount
from tests.services.test_billing_drift import Bill, checked, differences


class DeductedBill(Bill):
    """The same customer with a discount of each level, a tax, credit and money on the balance."""

    def __init__(self, account: StripeAccount) -> None:
        coupons = account.client.v1.coupons
        item_off = coupons.create({"percent_off": 12.5, "duration": "forever"})
        all_off = coupons.create({"amount_off": 333, "currency": "usd", "duration": "forever"})
        tax = account.client.v1.tax_rates.create(
            {"display_name": "Sales tax", "percentage": 8.25, "inclusive": False}
        )
        super().__init__(account, discounts=[{"coupon": all_off.id}], default_tax_rates=[tax.id])
        items = self.client.v1.subscription_items
        plan = items.list({"subscription": self.subscription}).data[-1]
        items.update(plan.id, {"discounts": [{"coupon": item_off.id}]})
        self.client.v1.billing.credit_grants.create(
            {
                "customer": self.customer,
                "amount": {"type": "monetary", "monetary": {"currency": "usd", "value": 450}},
                "applicability_config": {"scope": {"price_type": "metered"}},
                "category": "promotional",
            }
        )
        self.client.v1.customers.balance_transactions.create(
            self.customer, {"amount": -1_000, "currency": "usd"}
        )


@pytest.fixture(scope="module")
def bill(prompt_sandbox: SandboxProcess) -> DeductedBill:
    return DeductedBill(StripeAccount(prompt_sandbox.client()))


async def test_every_deduction_agrees(prompt_sandbox: SandboxProcess, bill: DeductedBill) -> None:
    preview = bill.client.v1.invoices.create_preview({"subscription": bill.subscription})

    assert len(preview.total_discount_amounts or ()) == 2
    assert preview.total_taxes
    assert preview.starting_balance == -1_000
    assert any(one.type != "discount" for one in preview.total_pretax_credit_amounts or ())
    assert await checked(prompt_sandbox, bill.customer) == Checked(invoices=1, drifts=())


async def test_another_discount_is_told_once_and_not_again_by_the_taxes(
    prompt_sandbox: SandboxProcess, bill: DeductedBill
) -> None:
    def double(coupon: Any) -> None:
        if coupon["amount_off"]:
            coupon["amount_off"] = 666

    found = await differences(prompt_sandbox, bill.customer, "/v1/coupons", double)

    assert {one.reason for one in found} == {Reason.DISCOUNT}


async def test_a_coupon_that_is_gone_leaves_its_discount_unexplained(
    prompt_sandbox: SandboxProcess, bill: DeductedBill
) -> None:
    def forget(coupon: Any) -> None:
        coupon.update({"percent_off": None, "amount_off": None})

    found = await differences(prompt_sandbox, bill.customer, "/v1/coupons", forget)

    assert {(one.reason, one.ours) for one in found} == {(Reason.DISCOUNT, "")}


@pytest.mark.parametrize(
    ("path", "edit", "reason"),
    [
        (
            "/v1/billing/credit_balance_summary",
            lambda summary: [
                one["available_balance"]["monetary"].update(value=1) for one in summary["balances"]
            ],
            Reason.CREDIT,
        ),
        (
            "/v1/subscriptions",
            lambda listed: [
                rate.update(percentage=9)
                for one in listed["data"]
                for rate in one["default_tax_rates"]
            ],
            Reason.TAX,
        ),
    ],
    ids=["credit", "tax"],
)
async def test_other_credits_and_taxes_are_told(
    prompt_sandbox: SandboxProcess,
    bill: DeductedBill,
    path: str,
    edit: Callable[[Any], object],
    reason: Reason,
) -> None:
    found = await differences(prompt_sandbox, bill.customer, path, edit)

    assert {one.reason for one in found} == {reason}


async def test_taxes_that_only_stripe_can_know_are_not_compared(
    prompt_sandbox: SandboxProcess, bill: DeductedBill
) -> None:
    def leave_it_to_stripe(listed: Any) -> None:
        for one in listed["data"]:
            one["automatic_tax"]["enabled"] = True
            one["default_tax_rates"] = []

    assert not await differences(
        prompt_sandbox, bill.customer, "/v1/subscriptions", leave_it_to_stripe
    )
