"""How many events per second are durable and answered, with every commit on the disk."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest
import uvloop

from tests.benchmarks.acks import flood, signed_posts

CONCURRENCY = 64
WARM_UP = 2_000
EVENTS_A_RUN = 10_000
LEAST_ACKS_PER_SECOND = 2_500


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Granian with one worker that serves the endpoint over a fresh SQLite file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    granian = str(Path(sys.executable).with_name("granian"))
    arguments = ["--interface", "asgi", "--workers", "1", "--host", "127.0.0.1"]
    server = subprocess.Popen(
        [granian, *arguments, "--port", str(free), "tests.benchmarks.inbox_server:app"],
        env={**os.environ, "INBOX_DATABASE": str(tmp_path / "inbox.db")},
        start_new_session=True,
    )
    try:
        wait_until_it_listens(server, free)
        yield free
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def wait_until_it_listens(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")


@pytest.mark.bench
def test_the_endpoint_answers_2500_durable_events_a_second(port: int):
    posts = signed_posts(0, WARM_UP + 3 * EVENTS_A_RUN, datetime.now(UTC))
    uvloop.run(flood(port, posts[:WARM_UP], CONCURRENCY))

    runs = []
    for first in range(WARM_UP, len(posts), EVENTS_A_RUN):
        acks = uvloop.run(flood(port, posts[first : first + EVENTS_A_RUN], CONCURRENCY))
        sys.stdout.write(f"{acks.rate:,.0f} acks/s, p50 {acks.p50:.1f} ms, p99 {acks.p99:.1f} ms\n")
        runs.append(acks.rate)

    assert median(runs) >= LEAST_ACKS_PER_SECOND
