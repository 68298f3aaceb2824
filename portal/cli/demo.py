"""`python -m portal demo`: a local Stripe with a demo company, and the portal that looks at it."""

import os
import shutil
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from portal.cli.frontend import prepare_frontend
from portal.cli.processes import (
    Child,
    module_command,
    portal_command,
    portal_environment,
    require_free_port,
)
from portal.settings import Settings

FOLDER = Path("var/demo")
_SECRET = FOLDER / "webhook-secret"
_DEMO_KEY = "sk_test_demo"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    reset: Annotated[bool, typer.Option(help="Throw the demo's data away first.")] = False,
    sandbox_port: Annotated[int, typer.Option(envvar="SANDBOX_PORT")] = 8420,
) -> None:
    """Start everything that there is to see, on this machine alone; Ctrl-C stops it all."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if reset:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.update(_environment(sandbox_port))
    settings = Settings()
    require_free_port("127.0.0.1", settings.portal_port, "PORTAL_PORT")
    require_free_port("127.0.0.1", sandbox_port, "SANDBOX_PORT")
    with ExitStack() as running:
        try:
            _start(running, settings, sandbox_port)
        except KeyboardInterrupt:
            typer.echo("\nStopping.")


def _start(running: ExitStack, settings: Settings, sandbox_port: int) -> None:
    data = str((FOLDER / "sandbox.db").absolute())
    sandbox = Child(
        "sandbox", module_command("sandbox", "--port", str(sandbox_port), "--data", data), {}
    )
    running.callback(sandbox.stop)
    typer.echo("Building the pages (half a minute the first time) …")
    web = prepare_frontend(settings.portal_url, (FOLDER / "frontend").absolute())
    sandbox.wait_until_answers(f"{settings.stripe_api_base}/v1/customers")
    _fill_database(settings)
    server = portal_command("127.0.0.1", settings.portal_port)
    portal = Child("portal", server, portal_environment(web))
    running.callback(portal.stop)
    portal.wait_until_answers(f"http://127.0.0.1:{settings.portal_port}/ping")
    typer.echo(_welcome(settings))
    while not (portal.ended or sandbox.ended):
        time.sleep(0.2)
    typer.echo("A part of the demo ended by itself; see above. Stopping the rest.")
    raise typer.Exit(1)
