"""`python -m portal demo`: a local Stripe with a demo company, and the portal that looks at it."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from portal.cli.frontend import ROOT, prepare_frontend
from portal.cli.gateway import open_gateway
from portal.cli.processes import (
    Child,
    module_command,
    portal_command,
    portal_environment,
    require_free_port,
)
from portal.cli.serve import migrate
from portal.errors import Misconfigured
from portal.settings import Settings, read_settings
from portal.stripe_gateway.writes import create_event_destination, create_webhook_endpoint

_DEMO_KEY = "sk_test_demo"
_SANDBOX_FILE = "sandbox.db"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    reset: Annotated[
        bool, typer.Option("--reset", help="Throw the demo's data away first.")
    ] = False,
    sandbox_port: Annotated[int, typer.Option(envvar="SANDBOX_PORT")] = 8420,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("var/demo"),
) -> None:
    """Start everything that there is to see, on this machine alone; Ctrl-C stops it all."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = folder.absolute()
    settings = _demo_settings(folder, sandbox_port)
    # Before anything is thrown away: a demo that is running may live in this folder.
    require_free_port("127.0.0.1", settings.portal_port, "PORTAL_PORT")
    require_free_port("127.0.0.1", sandbox_port, "SANDBOX_PORT")
    if reset:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    _forget_a_lost_stripe(folder)
    with ExitStack() as running:
        try:
            _run(running, settings, folder, sandbox_port)
        except KeyboardInterrupt:
            typer.echo("\nStopping.")


def _forget_a_lost_stripe(folder: Path) -> None:
    """Without the local Stripe's file, what the portal copied from it is about nobody any more."""
    if (folder / _SANDBOX_FILE).exists():
        return
    for copied in (*folder.glob("portal.db*"), *folder.glob("webhook-secrets-*")):
        copied.unlink()


def _demo_settings(folder: Path, sandbox_port: int) -> Settings:
    """Settings for the demo alone; they are put into the environment for the child processes.

    A Stripe key that the environment holds is refused when it is live, and not used otherwise.
    """
    read_settings().model_copy(update={"portal_demo": True}).refuse_live_demo()
    port = read_settings().portal_port
    os.environ.update(
        PORTAL_DEMO="1",
        PORTAL_URL=f"http://localhost:{port}",
        PORTAL_CATALOG=str(ROOT / "catalog.toml"),
        DATABASE_URL=f"sqlite:///{folder}/portal.db",
        STRIPE_API_KEY=_DEMO_KEY,
        STRIPE_API_BASE=f"http://127.0.0.1:{sandbox_port}",
        STRIPE_METER_EVENTS_BASE=f"http://127.0.0.1:{sandbox_port}",
        STRIPE_READS_PER_SECOND="50",
    )
    os.environ.setdefault("USAGE_REFRESH_SECONDS", "2")
    return read_settings()


def _run(running: ExitStack, settings: Settings, folder: Path, sandbox_port: int) -> None:
    sandbox = Child(
        "sandbox",
        module_command(
            "sandbox", "--port", str(sandbox_port), "--data", str(folder / _SANDBOX_FILE)
        ),
    )
    running.callback(sandbox.stop)
    typer.echo("Preparing the pages; the first time this takes half a minute.")
    web = prepare_frontend(settings.portal_url, folder / "frontend")
    sandbox.wait_until_answers(f"{settings.stripe_api_base}/v1/customers")
    _fill_the_mirror(settings, folder)
    portal = Child(
        "portal",
        portal_command("127.0.0.1", settings.portal_port),
        portal_environment(web),
    )
    running.callback(portal.stop)
    portal.wait_until_answers(f"http://127.0.0.1:{settings.portal_port}/ping")
    typer.echo(_welcome(settings))
    while not (portal.ended or sandbox.ended):
        time.sleep(0.2)
    typer.echo("A part of the demo ended by itself, see above; stopping the rest.")
    raise typer.Exit(1)


def _fill_the_mirror(settings: Settings, folder: Path) -> None:
    """Tables, a webhook whose secrets are remembered, and what the local Stripe holds by now."""
    migrate()
    secrets = folder / f"webhook-secrets-{settings.portal_port}"
    # An empty one was left by a start that was interrupted.
    if not secrets.exists() or not secrets.read_text():
        url = f"http://127.0.0.1:{settings.portal_port}/webhooks/stripe"
        made = asyncio.run(_create_webhook(settings, url))
        secrets.touch(mode=0o600)
        secrets.write_text(",".join(made))
    os.environ["STRIPE_WEBHOOK_SECRET"] = secrets.read_text()
    if subprocess.run(module_command("mirror", "sync"), check=False).returncode:
        raise Misconfigured(
            "The portal's database could not be filled, see above.",
            next_step="`make demo RESET=1` starts with clean data.",
        )


async def _create_webhook(settings: Settings, url: str) -> list[str]:
    async with open_gateway(settings) as gateway:
        return [
            await create(gateway, url, idempotency_key=str(uuid4()))
            for create in (create_webhook_endpoint, create_event_destination)
        ]


def _welcome(settings: Settings) -> str:
    return f"""
The portal is at {settings.portal_url}
Sign in with one click there, as Acme Robotics or another customer of the demo vendor.
The local Stripe is at {settings.stripe_api_base} for any Stripe client with the key {_DEMO_KEY}.
Ctrl-C stops everything; the data stays for the next start (make demo RESET=1 starts clean).
"""
