"""Starting the portal says in words why it cannot, before anything is built or changed."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.cli.demo import _forget_a_lost_stripe

ROOT = Path(__file__).resolve().parents[2]


def portal(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    return subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize("setting", ["PORTAL_PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_said_with_the_setting_that_moves_it(
    setting: str, taken_port: int, unused_tcp_port: int, tmp_path: Path
) -> None:
    ports = {"PORTAL_PORT": str(unused_tcp_port), "SANDBOX_PORT": str(unused_tcp_port)}
    done = portal("demo", "--folder", str(tmp_path), **ports | {setting: str(taken_port)})
    assert done.returncode == 1
    assert f"Port {taken_port} on 127.0.0.1 is taken" in done.stderr
    assert f"{setting}={taken_port + 1}" in done.stderr


def test_the_demo_refuses_a_live_key(tmp_path: Path) -> None:
    done = portal("demo", "--folder", str(tmp_path), STRIPE_API_KEY="sk_live_secret")
    assert done.returncode == 1
    assert "live Stripe key" in done.stderr
    assert "sk_live_secret" not in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_the_portal_refuses_to_start_without_a_key(command: str) -> None:
    done = portal(command, STRIPE_API_KEY="", STRIPE_WEBHOOK_SECRET="")
    assert done.returncode == 1
    assert "STRIPE_API_KEY is not set." in done.stderr
    assert "make demo" in done.stderr


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    done = portal("demo", "--folder", str(tmp_path), PORTAL_PORT="http")
    assert done.returncode == 1
    assert "PORTAL_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_copied_from_a_lost_local_stripe_is_forgotten(tmp_path: Path) -> None:
    for name in ("portal.db", "portal.db-wal", "webhook-secrets-3000"):
        (tmp_path / name).touch()
    _forget_a_lost_stripe(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_copied_stays_while_the_local_stripe_is_there(tmp_path: Path) -> None:
    for name in ("portal.db", "sandbox.db"):
        (tmp_path / name).touch()
    _forget_a_lost_stripe(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_reset_beside_a_running_demo_throws_nothing_away(taken_port: int, tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").touch()
    done = portal("demo", "--reset", "--folder", str(tmp_path), PORTAL_PORT=str(taken_port))
    assert done.returncode == 1
    assert (tmp_path / "sandbox.db").exists()
