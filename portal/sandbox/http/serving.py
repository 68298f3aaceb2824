"""An ASGI application over HTTP on the loopback address, inside the running event loop."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from portal.errors import Misconfigured

HOST = "127.0.0.1"
_POLL_SECONDS = 0.005
_START_SECONDS = 10


def require_free(port: int) -> None:
    """Raise Misconfigured if the port is taken; the server itself would share it without a word."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise Misconfigured(
                f"The sandbox cannot listen on port {port} ({error.strerror}).",
                next_step="Choose another one with --port.",
            ) from error


@asynccontextmanager
async def serve_http(app: Callable[..., Any], port: int) -> AsyncIterator[None]:
    """Serve while the block runs; inside it the address answers already."""
    # It warns that embedding is new, and tells of every start and stop, on each run.
    logging.getLogger("_granian").setLevel(logging.CRITICAL)
    server = Server(
        app,
        address=HOST,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    try:
        await _wait_until_open(serving, port)
        yield
    finally:
        # Its stop is the one method without types.
        stop: Any = server.stop
        stop()
        await serving


def hang_up(client: tuple[str, int | str]) -> None:
    """Close the connection to a client without a word, as a cable that is cut does.

    The server gives its applications no way to do so, but its sockets are this process's too.
    """
    address = (client[0], int(client[1]))
    for name in os.listdir("/dev/fd"):
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as found:
            if found.getpeername() == address:
                found.shutdown(socket.SHUT_RDWR)


async def _wait_until_open(serving: asyncio.Task[None], port: int) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while not serving.done():
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except ConnectionRefusedError:
                await asyncio.sleep(_POLL_SECONDS)
            else:
                writer.close()
                await writer.wait_closed()
                return
    await serving
