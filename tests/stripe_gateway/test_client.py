"""The gateway over the wire: retries, idempotency keys, errors, and what is never shown."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from portal.errors import Misconfigured, NotFound, StripeRefused, StripeUnavailable
from portal.settings import STRIPE_API_VERSION
from portal.stripe_gateway import reads
from portal.stripe_gateway.client import Gateway, together
from portal.stripe_gateway.facts import CustomerFacts, Gone
from tests import stripe_objects
from tests.fixtures.stripe_wire import Handler, StripeWire, WireAnswer, gateway_to, scripted

CUSTOMER = WireAnswer(200, stripe_objects.customer())
ADVICE = "Stripe-Should-Retry"


class Naps:
    """Sleeps that take no time and are remembered."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


def failure(status: int, *, code: str | None = None, **headers: str) -> WireAnswer:
    error = {"type": "invalid_request_error", "message": "Stripe's words.", "code": code}
    return WireAnswer(status, {"error": error}, {"Request-Id": "req_1", **headers})


@contextlib.asynccontextmanager
async def talking_to(
    handler: Handler, naps: Naps | None = None
) -> AsyncIterator[tuple[StripeWire, Gateway]]:
    async with StripeWire(handler) as wire:
        gateway = gateway_to(wire.url, sleep=naps or Naps())
        yield wire, gateway
        await gateway.close()


async def create(gateway: Gateway) -> None:
    await gateway.write(
        lambda client, options: client.v1.customers.create_async({"name": "Acme"}, options),
        idempotency_key="key_1",
    )


@pytest.mark.parametrize(
    "first",
    [
        failure(429),
        failure(429, code="lock_timeout"),
        failure(409),
        failure(500),
        failure(503),
        failure(400, **{ADVICE: "true"}),
        WireAnswer(0),
    ],
)
async def test_a_passing_trouble_is_tried_again(first: WireAnswer):
    async with talking_to(scripted(first, CUSTOMER)) as (wire, gateway):
        found = await reads.retrieve_customer(gateway, "cus_1")

    assert isinstance(found, CustomerFacts)
    assert len(wire.requests) == 2


@pytest.mark.parametrize("final", [failure(400), failure(402), failure(500, **{ADVICE: "false"})])
async def test_a_lasting_trouble_is_not_tried_again(final: WireAnswer):
    async with talking_to(scripted(final)) as (wire, gateway):
        with pytest.raises((StripeRefused, StripeUnavailable)):
            await reads.retrieve_customer(gateway, "cus_1")

    assert len(wire.requests) == 1


async def test_trying_again_is_bounded_and_slower_each_time():
    naps = Naps()
    async with talking_to(scripted(failure(503)), naps) as (wire, gateway):
        with pytest.raises(StripeUnavailable, match="HTTP 503"):
            await reads.retrieve_customer(gateway, "cus_1")

    assert len(wire.requests) == 3
    assert all(0.5 * 2**n / 2 <= nap <= 0.5 * 2**n for n, nap in enumerate(naps.taken))


async def test_all_tries_of_a_write_carry_one_idempotency_key():
    async with talking_to(scripted(failure(503), WireAnswer(0), CUSTOMER)) as (wire, gateway):
        await create(gateway)

    assert [request.headers["idempotency-key"] for request in wire.requests] == ["key_1"] * 3
    assert {request.body for request in wire.requests} == {"name=Acme"}


async def test_every_request_names_the_pinned_version():
    async with talking_to(scripted(CUSTOMER)) as (wire, gateway):
        await reads.retrieve_customer(gateway, "cus_1")

    assert wire.requests[0].headers["stripe-version"] == STRIPE_API_VERSION


async def test_a_refusal_keeps_stripes_code_and_request():
    refused = failure(400, code="parameter_unknown")
    async with talking_to(scripted(refused)) as (_, gateway):
        with pytest.raises(StripeRefused, match="Stripe's words") as caught:
            await create(gateway)

    assert (caught.value.code, caught.value.request_id) == ("parameter_unknown", "req_1")


async def test_a_missing_object_is_gone_and_says_when():
    missing = failure(404, code="resource_missing")
    async with talking_to(scripted(missing)) as (_, gateway):
        found = await reads.retrieve_price(gateway, "price_9")

    assert isinstance(found, Gone)
    assert (found.kind, found.id) == ("price", "price_9")


async def test_a_wrong_address_is_not_mistaken_for_a_missing_object():
    async with talking_to(scripted(failure(404))) as (_, gateway):
        with pytest.raises(StripeRefused):
            await reads.retrieve_price(gateway, "price_9")


async def test_writing_to_a_missing_object_is_not_found():
    missing = failure(404, code="resource_missing")
    async with talking_to(scripted(missing)) as (_, gateway):
        with pytest.raises(NotFound):
            await create(gateway)


async def test_an_answer_that_is_no_json_is_unavailable():
    async def gibberish(_: object) -> WireAnswer:
        return WireAnswer(502, "<html>")

    async with talking_to(gibberish) as (_, gateway):
        with pytest.raises(StripeUnavailable):
            await reads.retrieve_customer(gateway, "cus_1")


async def test_nobody_at_the_address_is_unavailable():
    gateway = gateway_to("http://127.0.0.1:9", sleep=Naps())

    with pytest.raises(StripeUnavailable, match="ConnectError"):
        await reads.retrieve_customer(gateway, "cus_1")

    await gateway.close()


async def test_a_refused_key_is_a_matter_of_settings_and_is_never_shown():
    error = {"message": "Invalid API Key provided: sk_test_sandbox", "type": "x"}
    async with talking_to(scripted(WireAnswer(401, {"error": error}))) as (_, gateway):
        with pytest.raises(Misconfigured, match="STRIPE_API_KEY") as caught:
            await reads.retrieve_customer(gateway, "cus_1")

    assert "sk_test" not in str(caught.value)


async def test_the_first_failure_of_several_reads_is_the_error():
    async def fail() -> None:
        raise StripeUnavailable("Stripe is away.")

    async def read() -> None:
        pass

    with pytest.raises(StripeUnavailable):
        await together([read(), fail(), read()])
