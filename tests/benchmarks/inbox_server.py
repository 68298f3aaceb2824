"""The webhook endpoint alone, as the benchmark serves it; INBOX_DATABASE names its file."""

import gc
import os
from typing import Any

from sqlmodel import SQLModel

from portal.clock import SystemClock
from portal.database import Database
from portal.inbox.endpoint import WebhookEndpoint
from portal.inbox.writer import InboxWriter  # and with it both tables
from tests.fixtures.inbox import SECRET

database = Database(f"sqlite:///{os.environ['INBOX_DATABASE']}")
writer = InboxWriter(database, SystemClock(), lambda: None)


async def live(_scope: Any, receive: Any, send: Any) -> None:
    """Make the tables and run the writer for as long as the server lives."""
    await receive()
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    async with writer:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await database.close()
    await send({"type": "lifespan.shutdown.complete"})


app = WebhookEndpoint(live, writer, SystemClock(), [SECRET], livemode=False)
