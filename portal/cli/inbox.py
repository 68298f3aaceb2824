"""`python -m portal inbox`: what came from Stripe, what could not be applied, and trying again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from portal.database import Database
    from portal.records.stripe_events import StripeEvent
    from portal.work_queue import FailedItem


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Stripe's events: kept, applied, parked.")
    group.command("list")(list_events)
    group.command()(replay)
    app.add_typer(group, name="inbox")


def list_events(
    parked: Annotated[
        bool, typer.Option(help="Only what was given up after its last try.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many events at most.")] = 50,
) -> None:
    """Show the newest events, and the objects that could not be applied, with the reason."""
    asyncio.run(_list(parked, limit))


def replay(
    event_id: Annotated[str | None, typer.Argument(help="One event, evt_….")] = None,
    parked: Annotated[bool, typer.Option(help="Everything that was given up.")] = False,
    event_type: Annotated[str | None, typer.Option("--type", help="All events of a type.")] = None,
) -> None:
    """Let the objects of events be read from Stripe again, by the running portal."""
    if sum((event_id is not None, parked, event_type is not None)) != 1:
        raise typer.BadParameter("Give an event's id, or --parked, or --type.")
    for key in sorted(asyncio.run(_replay(event_id, event_type))) or [
        "Nothing was there to replay."
    ]:
        typer.echo(key)


@asynccontextmanager
async def _database() -> AsyncIterator["Database"]:
    from portal.database import Database
    from portal.settings import read_settings

    database = Database(read_settings().database_url)
    try:
        yield database
    finally:
        await database.close()


async def _list(parked: bool, limit: int) -> None:
    from portal import work_queue
    from portal.records import stripe_events
    from portal.records.stripe_events import STRIPE_OBJECTS, EventStatus

    async with _database() as database, database.reading() as session:
        listed = work_queue.list_parked if parked else work_queue.list_failed
        failed = await listed(session, STRIPE_OBJECTS)
        status = EventStatus.PARKED if parked else None
        events = await stripe_events.list_events(session, status=status, limit=limit)
    for event in events:
        typer.echo(_event_line(event))
    for item in failed:
        typer.echo(_failure_lines(item))
    if not events and not failed:
        typer.echo("Nothing is parked." if parked else "No event has arrived yet.")


async def _replay(event_id: str | None, event_type: str | None) -> set[str]:
    from portal.clock import SystemClock
    from portal.inbox import replay as again

    clock = SystemClock()
    async with _database() as database:
        if event_id is not None:
            return {await again.replay_event(database, clock, event_id)}
        if event_type is not None:
            return await again.replay_type(database, clock, event_type)
        return await again.replay_parked(database, clock)


def _event_line(event: "StripeEvent") -> str:
    about = f"{event.object_kind}/{event.object_id}" if event.object_kind else "-"
    times = f"  ×{event.deliveries}" if event.deliveries > 1 else ""
    return (
        f"{event.received_at:%Y-%m-%d %H:%M:%S}  {event.status:8}"
        f"  {event.event_id}  {event.type}  {about}{times}"
    )


def _failure_lines(item: "FailedItem") -> str:
    when = item.parked_at or item.due_at
    what = "parked at" if item.parked_at else "failed; next try at"
    said = f"{what} {when:%Y-%m-%d %H:%M:%S} after {item.attempts} attempts"
    return f"{item.key}: {said}\n    {item.error}"
