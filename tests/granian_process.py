"""A server process for tests: granian with one worker, as in production, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.sandbox import free_port

START_SECONDS = 60
END_SECONDS = 30


@dataclass
class GranianProcess:
    """A running server and the port on which it answers."""

    process: subprocess.Popen[bytes]
    port: int

    def kill(self) -> None:
        """End the server and its worker as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(END_SECONDS)

    def wait_for_death(self) -> None:
        """Return once the server has ended by itself, because its worker has."""
        self.process.wait(END_SECONDS)

    def stop(self) -> None:
        """Ask it to end, if it has not."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(END_SECONDS)


@contextmanager
def granian(app: str, *more: str, **environment: str) -> Iterator[GranianProcess]:
    """Serve an ASGI app, "package.module:name", while the block lasts; `more` are its options."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("granian")), "--interface", "asgi", *more]
    options = ["--workers", "1", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    process = subprocess.Popen(
        [*command, *options, "--log-level", "warning", app],
        env={**os.environ, **environment},
        start_new_session=True,
    )
    running = GranianProcess(process, port)
    try:
        _wait_until_it_listens(running)
        yield running
    finally:
        running.stop()


def _wait_until_it_listens(running: GranianProcess) -> None:
    deadline = time.monotonic() + START_SECONDS
    while running.process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", running.port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")
