"""How many events per second are durable and answered, with every commit on the disk."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest
import uvloop

from tests.benchmarks.acks import flood, signed_posts
from tests.granian_process import granian

CONCURRENCY = 64
WARM_UP = 2_000
EVENTS_A_RUN = 10_000
LEAST_ACKS_PER_SECOND = 2_500


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The endpoint over a fresh SQLite file."""
    file = str(tmp_path / "inbox.db")
    with granian("tests.benchmarks.inbox_server:app", INBOX_DATABASE=file) as server:
        yield server.port


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
