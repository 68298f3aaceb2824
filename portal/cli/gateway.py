"""How commands reach Stripe: a gateway for as long as the command runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from portal.clock import SystemClock
from portal.errors import Misconfigured
from portal.settings import Settings
from portal.stripe_gateway.client import Gateway


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[Gateway]:
    """A gateway with the key of the settings; Misconfigured without one."""
    if not settings.stripe_api_key.get_secret_value():
        raise Misconfigured(
            "STRIPE_API_KEY is not set.", next_step="Put it into .env (see .env.example)."
        )
    gateway = Gateway(settings, SystemClock())
    try:
        yield gateway
    finally:
        await gateway.close()
