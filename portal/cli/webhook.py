"""`python -m portal webhook create URL`: let Stripe tell this portal what changes."""

import asyncio
import uuid
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from portal.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Stripe's webhooks to this portal.")
    # Without it a command that is alone would not take its name.
    group.callback()(lambda: None)
    group.command()(create)
    app.add_typer(group, name="webhook")


def create(
    url: Annotated[str, typer.Argument(help="Where Stripe reaches us: https://…/webhooks/stripe")],
) -> None:
    """Make the snapshot endpoint and the thin event destination for an address of this portal.

    Prints their signing secrets, which Stripe tells only once. What exists for the address already
    is left as it is.
    """
    from portal.settings import read_settings

    asyncio.run(_create(read_settings(), url))


async def _create(settings: "Settings", url: str) -> None:
    from portal.cli.gateway import open_gateway
    from portal.stripe_gateway.webhooks import has_event_destination, has_webhook_endpoint
    from portal.stripe_gateway.writes import create_event_destination, create_webhook_endpoint

    secrets: list[str] = []
    try:
        async with open_gateway(settings) as gateway:
            if await has_webhook_endpoint(gateway, url):
                typer.echo(f"Stripe sends snapshot events to {url} already.")
            else:
                key = str(uuid.uuid4())
                secrets.append(await create_webhook_endpoint(gateway, url, idempotency_key=key))
            if await has_event_destination(gateway, url):
                typer.echo(f"Stripe sends thin events to {url} already.")
            else:
                key = str(uuid.uuid4())
                secrets.append(await create_event_destination(gateway, url, idempotency_key=key))
    finally:
        # Also when the second one failed: Stripe does not tell the first one's secret again.
        _show(secrets)


def _show(secrets: list[str]) -> None:
    if secrets:
        typer.echo("Add to .env, after a comma where secrets are set already:\n")
        typer.echo(f"STRIPE_WEBHOOK_SECRET={','.join(secrets)}")
