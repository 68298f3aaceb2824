"""A database that cannot be used is said in words, with the next step and without a secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def portal(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", [("inbox", "list"), ("inbox", "replay", "--parked")])
def test_a_database_without_tables_is_said_with_the_command_that_makes_them(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    done = portal(f"sqlite:///{tmp_path}/empty.db", *command)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "portal: The database has no tables yet. `python -m portal migrate` makes them."
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "no address",
        "mysql://me:hush@here/name",
        "postgresql://me:hush@127.0.0.1:1/name",
        "sqlite:////proc/nowhere/portal.db",
        "sqlite:////",
    ],
)
def test_an_address_that_leads_nowhere_is_said_without_its_password(url: str) -> None:
    done = portal(url, "migrate")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear reader, " * 500)
    done = portal(f"sqlite:///{tmp_path}/letter.db", "migrate")
    assert done.returncode == 1
    assert "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr
