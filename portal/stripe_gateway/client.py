"""The gateway: one Stripe client with the read budget, the retries and the errors of the portal.

What is asked of Stripe is in reads.py, usage/ and writes.py.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import stripe

from portal.clock import Clock
from portal.errors import NotFound
from portal.settings import STRIPE_API_VERSION, Settings
from portal.stripe_gateway.budget import ReadBudget
from portal.stripe_gateway.failures import (
    READ_ATTEMPTS,
    WRITE_ATTEMPTS,
    delay_seconds,
    is_gone,
    is_too_fast,
    is_worth_retrying,
    portal_error,
)
from portal.stripe_gateway.transport import PooledTransport

StripeCall = Callable[[stripe.StripeClient], Awaitable[Any]]
PageCall = Callable[[stripe.StripeClient, Any], Awaitable[Any]]
Read = TypeVar("Read")
Sleep = Callable[[float], Awaitable[object]]
_LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe sent, as plain JSON values, and the moment when that read began."""

    stripe_object: Mapping[str, Any]
    read_at: datetime


class ObjectGone(NotFound):
    """Stripe says that the object does not exist; `read_at` is when that read began."""

    def __init__(self, message: str, read_at: datetime) -> None:
        super().__init__(message)
        self.read_at = read_at


class Gateway:
    """The way to Stripe, pinned to one API version; close it when done.

    All calls raise the portal's errors (failures.py) and nothing of the SDK's. Retries happen
    here alone: the SDK's own are switched off, because it leaves rate limits out.
    """

    def __init__(self, settings: Settings, clock: Clock, *, sleep: Sleep = asyncio.sleep) -> None:
        self.is_live = settings.is_live
        self.clock = clock
        self._sleep = sleep
        self._budget = ReadBudget(settings.stripe_reads_per_second)
        self._transport = PooledTransport()
        self._stripe = stripe.StripeClient(
            settings.stripe_api_key.get_secret_value(),
            stripe_version=STRIPE_API_VERSION,
            base_addresses={
                "api": settings.stripe_api_base.rstrip("/"),
                "meter_events": settings.stripe_meter_events_base.rstrip("/"),
            },
            max_network_retries=0,
            http_client=self._transport,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close_async()

    async def read(self, call: StripeCall) -> Answer:
        """Ask Stripe for an object, within the read budget; ObjectGone when there is none."""

        async def once() -> Answer:
            await self._budget.take()
            read_at = self.clock.now()
            try:
                found = await call(self._stripe)
            except stripe.InvalidRequestError as error:
                if is_gone(error):
                    raise ObjectGone(str(portal_error(error)), read_at) from error
                raise
            stripe_object = found.to_dict(for_json=True)
            if stripe_object.get("deleted"):
                raise ObjectGone(f"{stripe_object['id']} was deleted.", read_at)
            return Answer(stripe_object, read_at)

        return await self._with_retries(once, READ_ATTEMPTS)

    async def pages(
        self, call: PageCall, after: str | None = None, **filters: Any
    ) -> AsyncIterator[Answer]:
        """All pages of one of Stripe's v1 lists, starting after the object with the given id.

        `call` gets the filters and the page's position; an answer's `data` holds at most 100
        objects.
        """
        while True:
            page = await self.read(partial(_call_page, call, filters, after))
            yield page
            if not page.stripe_object["has_more"]:
                return
            after = page.stripe_object["data"][-1]["id"]

    async def write(
        self,
        call: Callable[[stripe.StripeClient, stripe.RequestOptions], Awaitable[Any]],
        *,
        idempotency_key: str,
    ) -> Answer:
        """Ask Stripe to change something; all retries carry the same idempotency key.

        https://docs.stripe.com/api/idempotent_requests
        """
        options: stripe.RequestOptions = {"idempotency_key": idempotency_key}

        async def once() -> Answer:
            read_at = self.clock.now()
            changed = await call(self._stripe, options)
            return Answer(changed.to_dict(for_json=True), read_at)

        return await self._with_retries(once, WRITE_ATTEMPTS)

    async def _with_retries(self, once: Callable[[], Awaitable[Answer]], attempts: int) -> Answer:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await once()
            except stripe.StripeError as error:
                if attempt == attempts or not is_worth_retrying(error):
                    raise portal_error(error) from error
                delay = delay_seconds(attempt)
                if is_too_fast(error):
                    self._budget.hold(delay)
            await self._sleep(delay)


async def _call_page(
    call: PageCall, filters: Mapping[str, Any], after: str | None, client: stripe.StripeClient
) -> Any:
    position = {"starting_after": after} if after else {}
    return await call(client, {**filters, "limit": _LARGEST_PAGE, **position})


async def together(reads: Iterable[Awaitable[Read]]) -> list[Read]:
    """The results of several reads at the same time, in order; the first failure ends them all."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_awaited(read)) for read in reads]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def _awaited(read: Awaitable[Read]) -> Read:
    return await read
