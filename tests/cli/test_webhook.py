"""`python -m portal webhook create` against a sandbox of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.sandbox import KEY, SandboxProcess

URL = "https://portal.example/webhooks/stripe"


@pytest.fixture
def account(sandboxes: Callable[..., SandboxProcess]) -> SandboxProcess:
    """A sandbox without webhooks."""
    return sandboxes("--empty")


def webhook_create(account: SandboxProcess, folder: Path, key: str = KEY):
    environment = {"STRIPE_API_KEY": key, "STRIPE_API_BASE": account.url}
    return subprocess.run(
        [sys.executable, "-m", "portal", "webhook", "create", URL],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd(), **environment},
    )


def test_it_makes_both_and_prints_their_secrets(account: SandboxProcess, tmp_path: Path):
    ran = webhook_create(account, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert re.search(r"^STRIPE_WEBHOOK_SECRET=whsec_\w+,whsec_\w+$", ran.stdout, re.MULTILINE)
    client = account.client()
    endpoint = client.v1.webhook_endpoints.list().data[0]
    assert (endpoint.url, endpoint.api_version) == (URL, "2026-10-28.endive")
    assert "customer.subscription.updated" in endpoint.enabled_events
    destination = client.v2.core.event_destinations.list().data[0]
    assert destination.event_payload == "thin"
    assert "v1.billing.meter.no_meter_found" in destination.enabled_events


def test_nothing_else_secret_is_printed(account: SandboxProcess, tmp_path: Path):
    ran = webhook_create(account, tmp_path)

    assert KEY not in ran.stdout + ran.stderr
    assert len(re.findall("whsec_", ran.stdout + ran.stderr)) == 2


def test_the_second_time_it_says_so(account: SandboxProcess, tmp_path: Path):
    webhook_create(account, tmp_path)

    again = webhook_create(account, tmp_path)

    assert again.returncode == 0, again.stderr
    assert again.stdout.count("already") == 2
    assert "whsec_" not in again.stdout
    assert len(account.client().v1.webhook_endpoints.list().data) == 1
    assert len(account.client().v2.core.event_destinations.list().data) == 1


def test_without_a_key_it_says_which_setting_is_missing(account: SandboxProcess, tmp_path: Path):
    ran = webhook_create(account, tmp_path, key="")

    assert ran.returncode == 1
    assert "STRIPE_API_KEY is not set" in ran.stderr
