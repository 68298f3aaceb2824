"""The sandbox's own switches under `/_sandbox/`, which Stripe has none of: faults, time, secrets.

They speak JSON both ways and ask for no key: whoever reaches them is on this machine. An error
names the field that is wrong, as `param`.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from portal.sandbox.faults import Faults
from portal.sandbox.http.request import Request
from portal.sandbox.movable_clock import MovableClock
from portal.sandbox.refusals import Refused
from portal.sandbox.signing import LONGEST_OVERLAP_SECONDS, rotated
from portal.sandbox.store import Store

PREFIX = "/_sandbox/"
# The start of 2100: the periods of what is billed must be dates as well.
_LATEST = 4_102_444_800
_DESTINATIONS = ("webhook_endpoint", "v2.core.event_destination")
_STRICT = ConfigDict(extra="forbid", strict=True)
# Moves the store's clock to a moment and lets everything happen that is due until then.
Move = Callable[[int], Awaitable[None]]
Asked = TypeVar("Asked", bound=BaseModel)


class _Rotation(BaseModel):
    model_config = _STRICT

    endpoint: str
    old_expires_in: int = Field(default=LONGEST_OVERLAP_SECONDS, ge=0, le=LONGEST_OVERLAP_SECONDS)


class _Step(BaseModel):
    model_config = _STRICT

    advance: int | None = Field(default=None, ge=0, le=_LATEST)
    to: int | None = Field(default=None, ge=0, le=_LATEST)


class Control:
    """Answers what the switches are asked."""

    def __init__(self, store: Store, clock: MovableClock, faults: Faults, move: Move) -> None:
        self._store, self._clock, self._faults, self._move = store, clock, faults, move

    async def answer(self, request: Request) -> tuple[int, Any]:
        """The status and the body to send."""
        try:
            return 200, await self._answer(request.method, request.path, request.body)
        except Refused as refusal:
            self._store.rollback()
            return refusal.status, {"error": refusal.fields}

    async def _answer(self, method: str, path: str, body: bytes) -> Any:
        match method, path.removeprefix(PREFIX):
            case "GET", "faults":
                return self._faults.shown()
            case "PUT", "faults":
                self._faults.replace(_json(body))
                return self._faults.shown()
            case "DELETE", "faults":
                self._faults.clear()
                return self._faults.shown()
            case "GET", "clock":
                return self._time()
            case "POST", "clock":
                await self._move(self._target(_checked(_Step, body)))
                return self._time()
            case "POST", "secrets/rotate":
                return self._rotate(_checked(_Rotation, body))
        raise Refused(f"The sandbox has no switch {method} {path}.", status=404)

    def _time(self) -> dict[str, int]:
        return {"now": self._store.now(), "ahead": self._clock.ahead}

    def _target(self, step: _Step) -> int:
        if (step.advance is None) == (step.to is None):
            raise Refused("Give either `advance`, in seconds, or `to`, a moment.", param="advance")
        now = self._store.now()
        target = now + step.advance if step.to is None else step.to  # type: ignore[operator]
        if not now <= target <= _LATEST:
            raise Refused(
                f"The clock stands at {now} and only moves forward, up to {_LATEST}.",
                param="advance" if step.to is None else "to",
            )
        return target

    def _rotate(self, asked: _Rotation) -> dict[str, Any]:
        found = [self._store.get(kind, asked.endpoint) for kind in _DESTINATIONS]
        listener = next((one for one in found if one is not None), None)
        if listener is None:
            raise Refused(
                f"No such endpoint: '{asked.endpoint}'", code="resource_missing", param="endpoint"
            )
        now = self._store.now()
        changed = self._store.put(rotated(listener, now, asked.old_expires_in))
        self._store.commit()
        return {
            "endpoint": changed["id"],
            "secret": changed["_secret"],
            "old_secret_expires_at": changed["_old_secret_expires_at"],
        }


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("The body must be JSON.", param="body") from None


def _checked(kind: type[Asked], body: bytes) -> Asked:
    asked = _json(body)
    if not isinstance(asked, dict):
        raise Refused("The body must be a JSON object.", param="body")
    try:
        return kind.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(first["msg"], param=str(first["loc"][0])) from None
