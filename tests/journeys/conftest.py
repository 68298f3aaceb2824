"""The portal's parts on an empty database, for journeys from Stripe to the page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from portal.settings import Settings
from portal.wiring import Wiring, wire
from tests.fixtures.database import load_tables
from tests.fixtures.sandbox import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def portal(prompt_sandbox: SandboxProcess, tmp_path: Path) -> AsyncIterator[Wiring]:
    """The portal's parts on an empty database, beside a sandbox in which usage counts at once."""
    made = wire(
        Settings(
            stripe_api_key="sk_test_1",
            stripe_api_base=prompt_sandbox.url,
            stripe_reads_per_second=1000,
            database_url=f"sqlite:///{tmp_path}/portal.db",
            portal_catalog=ROOT / "catalog.toml",
        )
    )
    load_tables()
    async with made.database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    yield made
    await made.gateway.close()
    await made.database.close()
