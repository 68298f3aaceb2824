"""POST /webhooks/stripe as a plain ASGI callable: verify, keep, and only then answer.

It stands in front of the other routes and passes everything else on. A framework's route would
cost half of the events per second.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any, NoReturn

from portal.clock import Clock
from portal.errors import PortalError
from portal.inbox.arrival import MalformedEvent, read_arrival
from portal.inbox.writer import InboxWriter, NotKept
from portal.stripe_gateway.signature import UntrustedWebhook, verify

PATH = "/webhooks/stripe"
LARGEST_BODY = 512 * 1024
_LARGEST_POURED_AWAY = 8 * LARGEST_BODY

_log = logging.getLogger(__name__)
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]

_STORED = b'{"received":true}'


class WrongMethod(PortalError):
    """Something other than a POST came to the webhook's address."""


class BodyTooLarge(PortalError):
    """The body is larger than any event of Stripe's."""


class WrongMode(PortalError):
    """A test event reached an installation with a live key, or the other way round."""


_STATUS: dict[type[PortalError], int] = {
    UntrustedWebhook: 400,
    MalformedEvent: 400,
    WrongMode: 400,
    WrongMethod: 405,
    BodyTooLarge: 413,
    NotKept: 503,
}
_MORE_HEADERS: dict[type[PortalError], list[tuple[bytes, bytes]]] = {
    WrongMethod: [(b"allow", b"POST")],
    BodyTooLarge: [(b"connection", b"close")],
}


class _Disconnected(Exception):
    """The sender went away before its body was complete; there is nobody to answer."""


class WebhookEndpoint:
    """The webhook's address in front of `behind`; `livemode` says which events belong here."""

    def __init__(
        self,
        behind: _App,
        writer: InboxWriter,
        clock: Clock,
        secrets: Sequence[str],
        *,
        livemode: bool,
    ) -> None:
        self._behind = behind
        self._writer = writer
        self._clock = clock
        self._secrets = tuple(secrets)
        self._livemode = livemode

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer a webhook; let every other request through."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._behind(scope, receive, send)
            return
        try:
            await self._take(scope, receive)
        except _Disconnected:
            return
        except PortalError as error:
            await _answer_problem(send, error)
        else:
            await _answer(send, 200, b"application/json", _STORED)

    async def _take(self, scope: _Message, receive: _Receive) -> None:
        """Return once the event is durable, whatever its type; raise why it is not."""
        if scope["method"] != "POST":
            raise WrongMethod("Events are posted to this address.")
        headers = dict(scope["headers"])
        body = await _read_body(headers, receive)
        now = self._clock.now()
        verify(body, headers.get(b"stripe-signature", b"").decode("latin-1"), self._secrets, now)
        event = read_arrival(body, now)
        if event.livemode != self._livemode:
            mode = "live" if event.livemode else "test"
            raise WrongMode(f"This portal does not take {mode} events.")
        await self._writer.keep(event)


async def _read_body(headers: dict[bytes, bytes], receive: _Receive) -> bytes:
    """The whole body; BodyTooLarge at the latest when more than LARGEST_BODY has come in."""
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared[:20]) > LARGEST_BODY:
        await _pour_away(receive, more=True)
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= LARGEST_BODY:
        chunk, more = await _next_chunk(receive)
        chunks.append(chunk)
        size += len(chunk)
    if size > LARGEST_BODY:
        await _pour_away(receive, more=more)
    return b"".join(chunks)


async def _pour_away(receive: _Receive, *, more: bool) -> NoReturn:
    """Raise BodyTooLarge, but let a sender who is not absurd finish first.

    One who is cut off in the middle of sending sees a broken connection and not our answer.
    """
    poured = 0
    while more and poured <= _LARGEST_POURED_AWAY:
        chunk, more = await _next_chunk(receive)
        poured += len(chunk)
    raise BodyTooLarge(f"An event has at most {LARGEST_BODY} bytes.")


async def _next_chunk(receive: _Receive) -> tuple[bytes, bool]:
    """The next part of the body, and whether there is more."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _Disconnected
    return message.get("body", b""), message.get("more_body", False)


async def _answer_problem(send: _Send, error: PortalError) -> None:
    """Answer as RFC 9457 wants it; the log line, like the answer, holds nothing of the body."""
    status = _STATUS.get(type(error), 500)
    _log.warning("a webhook was answered with %d: %s", status, error)
    problem = {"type": "about:blank", "title": error.message, "status": status}
    if error.next_step:
        problem["detail"] = error.next_step
    more = _MORE_HEADERS.get(type(error), [])
    await _answer(send, status, b"application/problem+json", json.dumps(problem).encode(), more)


async def _answer(
    send: _Send,
    status: int,
    content_type: bytes,
    body: bytes,
    more: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", content_type), (b"content-length", length), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
