"""`python -m portal mirror sync` as one runs it: from an empty folder, against a sandbox."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.fixtures.sandbox import KEY, SandboxProcess
from tests.fixtures.stripe_account import StripeAccount


def mirror_sync(sandbox: SandboxProcess, folder: Path, *options: str):
    environment = {
        "STRIPE_API_KEY": KEY,
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_READS_PER_SECOND": "1000",
        "DATABASE_URL": f"sqlite:///{folder}/portal.db",
    }
    return subprocess.run(
        [sys.executable, "-m", "portal", "mirror", "sync", *options],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd(), **environment},
    )


def mirrored(folder: Path, table: str) -> int:
    with closing(sqlite3.connect(folder / "portal.db")) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_it_makes_the_tables_and_fills_them(
    prompt_sandbox: SandboxProcess, prompt_account: StripeAccount, tmp_path: Path
):
    customer, meter = prompt_account.customer(), prompt_account.meter()
    prompt_account.subscribe(customer, [prompt_account.price(meter)])
    prompt_account.report(meter, customer, 7)

    ran = mirror_sync(prompt_sandbox, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert "subscriptions" in ran.stdout
    assert "INFO" not in ran.stderr
    assert mirrored(tmp_path, "mirror_customer") >= 1
    assert mirrored(tmp_path, "mirror_usage_hour") >= 1
    assert mirrored(tmp_path, "mirror_sync_cursor") == 0


def test_one_customer_that_does_not_exist_is_said_in_words(
    prompt_sandbox: SandboxProcess, tmp_path: Path
):
    ran = mirror_sync(prompt_sandbox, tmp_path, "--customer", "cus_nobody")

    assert ran.returncode == 1
    assert "Stripe has no customer cus_nobody." in ran.stderr
    assert "Traceback" not in ran.stderr
