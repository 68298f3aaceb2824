"""The HTTP client under the Stripe SDK: one pool of connections, time-outs on every step.

The SDK's own httpx client hands bodies over in a form that httpx deprecates, and does not limit
its steps one by one.
"""

from collections.abc import Mapping
from typing import Any

import httpx
import stripe

TIMEOUT = httpx.Timeout(10, connect=5, pool=10)
LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=20)


class PooledTransport(stripe.HTTPClient):
    """What the SDK sends its asynchronous requests through."""

    name = "httpx"

    def __init__(self, timeout: httpx.Timeout = TIMEOUT) -> None:
        super().__init__()
        self._pool = httpx.AsyncClient(timeout=timeout, limits=LIMITS)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request; APIConnectionError when no whole answer comes back."""
        try:
            response = await self._pool.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]  # the SDK's gap
                f"No answer from Stripe ({type(error).__name__}).", should_retry=True
            ) from error
        return response.content, response.status_code, response.headers

    async def close_async(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
