"""How far a backfill has come in each of its lists, so that a killed one goes on where it was.

The cursors of a run stay until the whole run is over; the first one made is its beginning. Where
another process has ended the run meanwhile, there is no cursor to move.
"""

from datetime import datetime

from sqlmodel import col, delete, func, select

from portal.database import Session
from portal.mirror.tables import SyncCursor


async def find_cursor(session: Session, list_name: str) -> SyncCursor | None:
    """Where the run under way is in a list; None when it has not begun it."""
    return await session.get(SyncCursor, list_name)


async def begin_list(session: Session, list_name: str, now: datetime) -> None:
    """Note that the list is begun, or begun anew."""
    await session.merge(SyncCursor(list_name=list_name, started_at=now, last_id=None))


async def advance(session: Session, list_name: str, last_id: str) -> None:
    """Note the last object that was applied, in the transaction that applied it."""
    if cursor := await find_cursor(session, list_name):
        cursor.last_id = last_id


async def finish_list(session: Session, list_name: str, now: datetime) -> None:
    """Note that the whole list was walked."""
    if cursor := await find_cursor(session, list_name):
        cursor.finished_at = now


async def find_run_start(session: Session) -> datetime | None:
    """When the run under way was begun; None when none is."""
    return (await session.exec(select(func.min(col(SyncCursor.started_at))))).one()


async def end_run(session: Session) -> None:
    """Forget all cursors: the next backfill walks every list again."""
    await session.exec(delete(SyncCursor))
