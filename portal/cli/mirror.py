"""`python -m portal mirror sync`: fill the mirror from Stripe, or reconcile it with Stripe."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from portal.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="The portal's copy of what Stripe holds.")
    # Without it a command that is alone would not take its name.
    group.callback()(lambda: None)
    group.command()(sync)
    app.add_typer(group, name="mirror")


def sync(
    customer: Annotated[str | None, typer.Option(help="Only this customer: cus_…")] = None,
) -> None:
    """Read everything that the portal shows from Stripe's lists.

    It may run beside the portal, as often as one likes; interrupted, it goes on where it was.
    """
    from portal.cli.serve import migrate
    from portal.settings import read_settings

    migrate()
    asyncio.run(_sync(read_settings(), customer))


async def _sync(settings: "Settings", customer: str | None) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from portal.changes import Changes
    from portal.cli.gateway import open_gateway
    from portal.database import Database
    from portal.mirror import backfill
    from portal.stripe_ids import CustomerId

    database = Database(settings.database_url)
    bars = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    try:
        async with open_gateway(settings) as gateway:
            with bars:
                await backfill.sync(
                    gateway,
                    database,
                    Changes(database),
                    progress=_Bars(bars).show,
                    customer=CustomerId(customer) if customer else None,
                )
    finally:
        await database.close()


class _Bars:
    """One bar for each list; it moves to and fro while Stripe has not said how long the list is."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, name: str, done: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=None)
        self._bars.update(self._tasks[name], completed=done, total=total)
