"""How many meter events the sandbox takes in a second, from a client that costs little."""

import asyncio
import sys
import time
from collections.abc import Iterator
from statistics import median

import pytest
import stripe
import uvloop

from tests.fixtures.sandbox import KEY, start_sandbox

CONNECTIONS = 32
WARM_UP = 1_000
EVENTS_A_RUN = 6_000
RUNS = 5
LEAST_A_SECOND = 2_000
HEAD = (
    "POST /v1/billing/meter_events HTTP/1.1\r\nhost: sandbox\r\n"
    f"authorization: Bearer {KEY}\r\n"
    "content-type: application/x-www-form-urlencoded\r\n"
)
Account = tuple[int, list[str]]


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """A sandbox with a meter and customers: its port and their ids."""
    running = start_sandbox("--empty")
    client = running.client()
    client.v1.billing.meters.create(
        {
            "display_name": "Calls",
            "event_name": "calls",
            "default_aggregation": {"formula": "sum"},
        }
    )
    customers = [_customer(client) for _ in range(20)]
    yield int(running.url.rpartition(":")[2]), customers
    running.stop()


def _customer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"email": "ada@example.com"}).id


def posts(customers: list[str], first: int, count: int) -> list[bytes]:
    """Whole HTTP requests, each an event of its own."""
    made = []
    for number in range(first, first + count):
        customer = customers[number % len(customers)]
        body = (
            f"event_name=calls&identifier=event_{number}&payload[value]={number}"
            f"&payload[stripe_customer_id]={customer}"
        )
        made.append(f"{HEAD}content-length: {len(body)}\r\n\r\n{body}".encode())
    return made


async def flood(port: int, requests: list[bytes]) -> float:
    """Send everything over some connections, one request at a time on each; events a second."""
    started = time.perf_counter()
    lines = (requests[position::CONNECTIONS] for position in range(CONNECTIONS))
    await asyncio.gather(*(_send(port, line) for line in lines))
    return len(requests) / (time.perf_counter() - started)


async def _send(port: int, requests: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        await reader.readexactly(int(length))
    writer.close()


@pytest.mark.bench
def test_the_sandbox_takes_2000_meter_events_a_second(account: Account) -> None:
    port, customers = account
    uvloop.run(flood(port, posts(customers, 0, WARM_UP)))

    rates = []
    for run in range(RUNS):
        sent = posts(customers, WARM_UP + run * EVENTS_A_RUN, EVENTS_A_RUN)
        rates.append(uvloop.run(flood(port, sent)))
        sys.stdout.write(f"{rates[-1]:,.0f} events/s\n")
    sys.stdout.write(f"median {median(rates):,.0f} events/s\n")

    assert median(rates) >= LEAST_A_SECOND
