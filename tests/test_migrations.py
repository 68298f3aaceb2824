"""The migrations make exactly the tables that the code declares, on both databases."""

import os
import subprocess
import sysconfig
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parents[1]


def alembic(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sysconfig.get_path("scripts")) / "alembic", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/portal.db"
    server = make_url(request.getfixturevalue("postgres_url"))
    name = f"migrations_{tmp_path.name.replace('-', '_')}"
    with psycopg.connect(server.render_as_string(False), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.set(database=name).render_as_string(False)


def test_the_migrations_make_the_tables_that_the_code_declares(empty_url: str) -> None:
    upgraded = alembic(empty_url, "upgrade", "head")
    assert upgraded.returncode == 0, upgraded.stderr
    checked = alembic(empty_url, "check")
    assert "No new upgrade operations detected" in checked.stdout, checked.stdout + checked.stderr


def test_the_migrations_can_be_taken_back(empty_url: str) -> None:
    for step in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
        done = alembic(empty_url, *step)
        assert done.returncode == 0, done.stderr
