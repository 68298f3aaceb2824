"""`python -m portal sandbox`: a local Stripe that any Stripe client can talk to."""

import logging
from pathlib import Path
from typing import Annotated

import typer

_Lag = Annotated[float, typer.Option(min=0, max=3600, help="Seconds until usage counts.")]
_Grace = Annotated[
    float,
    typer.Option(min=0, max=259_200, help="Seconds between a period's end and its final invoice."),
]
_Backoff = Annotated[
    float,
    typer.Option(min=0.01, max=3600, help="Seconds until a webhook's first retry; then doubled."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sandbox)


def sandbox(  # noqa: PLR0913 - one parameter per option of the command
    *,
    empty: Annotated[bool, typer.Option("--empty", help="Start without the demo company.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 8420,
    data: Annotated[Path | None, typer.Option(help="Keep everything in this file.")] = None,
    meter_lag: _Lag = 0.2,
    grace: _Grace = 3600,
    webhook_backoff: _Backoff = 1,
    rate_limit: Annotated[
        str, typer.Option(help="Stripe's limits: off, test (25/s) or live (100/s).")
    ] = "off",
    customers: Annotated[int, typer.Option(min=0, help="More demo customers.")] = 0,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same demo.")] = None,
    catalog: Annotated[
        Path, typer.Option(envvar="PORTAL_CATALOG", help="What the demo's vendor sells.")
    ] = Path("catalog.toml"),
) -> None:
    """Serve a stateful Stripe Billing on this machine, for development and tests."""
    import uvloop

    from portal.sandbox.app import Options, run
    from portal.sandbox.http.rate_limit import RateLimit

    # A line for each webhook would bury everything else.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        limit = RateLimit(rate_limit)
    except ValueError:
        raise typer.BadParameter("choose off, test or live", param_hint="--rate-limit") from None
    options = Options(
        port=port,
        empty=empty,
        data=data,
        meter_lag=meter_lag,
        grace=grace,
        webhook_backoff=webhook_backoff,
        rate_limit=limit,
        customers=customers,
        seed=seed,
        catalog=catalog,
    )
    uvloop.run(run(options, lambda address: print(f"sandbox ready on {address}", flush=True)))
