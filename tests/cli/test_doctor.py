"""`python -m portal doctor`: what it prints and how it ends."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from tests.fixtures.sandbox import KEY, SandboxProcess
from tests.fixtures.stripe_account import StripeAccount
from tests.fixtures.stripe_wire import StripeWire, WireAnswer, WireRequest, passing_on

STARTED = datetime(2026, 11, 1, tzinfo=UTC)


def doctor(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal", "doctor", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={
            **os.environ,
            "STRIPE_API_KEY": KEY,
            "STRIPE_API_BASE": url,
            "STRIPE_READS_PER_SECOND": "10000",
        },
    )


def subscriber(account: StripeAccount, **customer: Any) -> str:
    made = account.customer(**customer)
    account.subscribe(made, [account.price(unit_amount=4_900), account.price(account.meter())])
    return made


def test_a_healthy_customer_has_no_findings(sandbox: SandboxProcess, stripe_account: StripeAccount):
    customer = subscriber(stripe_account)

    ran = doctor(sandbox.url, "--customer", customer)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "Compared 1 next invoices of 1 customers: 0 differences.\n"


def test_customers_on_test_clocks_are_visited_too(sandboxes):
    running = sandboxes("--empty")
    account = StripeAccount(running.client())
    subscriber(account)
    subscriber(account, test_clock=account.clock(STARTED))

    ran = doctor(running.url)

    assert ran.stdout == "Compared 2 next invoices of 2 customers: 0 differences.\n", ran.stderr


def test_every_customer_of_the_demo_is_billed_what_we_rate(sandboxes):
    ran = doctor(sandboxes().url)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ": 0 differences.\n" in ran.stdout


async def test_a_difference_is_printed_with_its_customer_line_and_reason(
    sandbox: SandboxProcess, stripe_account: StripeAccount
):
    customer = subscriber(stripe_account, name="Acme Freight")
    through = passing_on(sandbox.url)

    async def raise_price(request: WireRequest) -> WireAnswer:
        answer = await through(request)
        if request.path.startswith("/v1/prices") and answer.body["unit_amount"] == 4_900:
            answer.body.update(unit_amount=5_000, unit_amount_decimal="5000")
        return answer

    async with StripeWire(raise_price) as wire:
        ran = await asyncio.to_thread(doctor, wire.url, "--customer", customer)

    found, summary = ran.stdout.splitlines()
    assert ran.returncode == 1
    assert found.startswith(f"{customer} (Acme Freight) sub_")
    assert found.endswith(
        "Stripe bills another amount for the same quantity: Stripe says 4900, we say 5000"
    )
    assert summary == "Compared 1 next invoices of 1 customers: 1 differences."


async def test_a_customer_who_cannot_be_checked_is_told_and_is_no_success(
    sandbox: SandboxProcess, stripe_account: StripeAccount
):
    customer = subscriber(stripe_account)
    through = passing_on(sandbox.url)
    error = {"type": "invalid_request_error", "message": "The key lacks a permission."}

    async def forbid(request: WireRequest) -> WireAnswer:
        if request.path.startswith("/v1/billing/credit_grants"):
            return WireAnswer(403, {"error": error})
        return await through(request)

    async with StripeWire(forbid) as wire:
        ran = await asyncio.to_thread(doctor, wire.url, "--customer", customer)

    assert ran.returncode == 1
    assert "could not be checked: The Stripe API key lacks a permission." in ran.stdout
    assert "1 not checked." in ran.stdout


def test_an_unknown_customer_is_said_in_words(sandbox: SandboxProcess):
    ran = doctor(sandbox.url, "--customer", "cus_unknown")

    assert ran.returncode == 1
    assert ran.stderr == "portal: Stripe has no customer cus_unknown.\n"
