"""How alembic reaches the database: DATABASE_URL, and every table of the portal."""

import importlib
import pkgutil
from typing import Any

from alembic import context
from sqlalchemy import create_engine, pool
from sqlmodel import SQLModel

import portal.mirror
import portal.records
from portal.database import ExactDecimal, UtcDateTime, sync_url
from portal.settings import read_settings

for package in (portal.mirror, portal.records):
    for found in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{found.name}")
for module in ("changes", "work_queue"):
    importlib.import_module(f"portal.{module}")


def render_item(kind: str, thing: Any, autogen: Any) -> Any:
    """Write our own column types and SQLModel's text into migrations."""
    if kind == "type" and isinstance(thing, UtcDateTime | ExactDecimal):
        autogen.imports.add(f"from portal.database import {type(thing).__name__}")
        return f"{type(thing).__name__}()"
    if kind == "type" and type(thing).__name__ == "AutoString":
        return f"sa.String({thing.length or ''})"
    return False


def run() -> None:
    """Migrate in one transaction; on SQLite tables are rebuilt where it cannot alter them."""
    engine = create_engine(sync_url(read_settings().database_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_item=render_item,
            render_as_batch=True,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
