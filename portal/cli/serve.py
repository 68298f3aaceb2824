"""`python -m portal serve` and `worker`: the portal itself, and its background work alone."""

import asyncio
import os
from pathlib import Path

import typer

from portal.cli.frontend import ROOT, prepare_frontend
from portal.cli.processes import portal_command, portal_environment, require_free_port
from portal.errors import Misconfigured
from portal.settings import read_settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    app.command()(worker)
    app.command()(migrate)


def serve() -> None:
    """Run the portal against the Stripe account that the settings name."""
    settings = read_settings().ready_to_serve()
    require_free_port(settings.portal_host, settings.portal_port, "PORTAL_PORT")
    migrate()
    web = prepare_frontend(settings.portal_url, Path("var/frontend").absolute())
    command = portal_command(settings.portal_host, settings.portal_port)
    os.execve(command[0], command, {**os.environ, **portal_environment(web)})  # noqa: S606


def worker() -> None:
    """Run the background work alone: the inbox and the refresher."""
    from portal.wiring import wire

    settings = read_settings().ready_to_serve()
    migrate()
    parts = wire(settings)
    asyncio.run(parts.work_in_background())


def migrate() -> None:
    """Bring the database's tables up to date."""
    from alembic import command
    from alembic.config import Config

    settings = read_settings()
    if settings.database_url.startswith("sqlite:///"):
        folder = Path(settings.database_url.removeprefix("sqlite:///")).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(
                f"The folder {folder} cannot be made ({error.strerror}).",
                next_step="Let DATABASE_URL name a file where the portal may write.",
            ) from error
    command.upgrade(Config(str(ROOT / "alembic.ini")), "head")
