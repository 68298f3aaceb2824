"""Fault switches: what is to go wrong on purpose, how often it still will, how often it has.

Nothing here is Stripe's. A fault of the API is matched by method and path, one of the webhooks by
the type of the event; `*` stands for anything in either.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from portal.sandbox.refusals import RateLimited, Refused

ApiFault = Literal["latency", "429", "lock_timeout", "500_before", "500_after", "cut"]
WebhookFault = Literal["drop", "duplicate", "reorder"]
_OF_WEBHOOKS = frozenset(("drop", "duplicate", "reorder"))
# Far longer than any client waits.
_LONGEST_SECONDS = 600


class Fault(BaseModel):
    """One switch as it is asked for; without `times` it strikes until it is cleared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    match: str = Field(default="*", min_length=1)
    kind: Literal[ApiFault, WebhookFault]
    times: int | None = Field(default=None, ge=1)
    seconds: float = Field(default=1, ge=0, le=_LONGEST_SECONDS, allow_inf_nan=False)

    @field_validator("kind", mode="before")
    @classmethod
    def _as_word(cls, kind: object) -> object:
        """The number 429 means the word."""
        return str(kind) if type(kind) is int else kind

    def strikes_path(self, method: str, path: str) -> bool:
        """Whether it is meant for a request; a match without a method is for all of them."""
        wanted, _, rest = self.match.rpartition(" ")
        return fnmatchcase(method, wanted.upper() or "*") and fnmatchcase(path, rest)

    def strikes_type(self, type: str) -> bool:
        """Whether it is meant for an event; a thin one goes by the name without its `v1.`."""
        return fnmatchcase(type.removeprefix("v1."), self.match.removeprefix("v1."))


class Faults:
    """The switches that are on, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._struck: list[int] = []

    def replace(self, asked: object) -> None:
        """Turn on exactly these; Refused names the first field that is wrong."""
        if not isinstance(asked, list):
            raise Refused("Faults are given as a list.", param="faults")
        self._faults = [_fault(position, one) for position, one in enumerate(asked)]
        self._struck = [0] * len(self._faults)

    def clear(self) -> None:
        """Turn all of them off."""
        self.replace([])

    def shown(self) -> list[dict[str, Any]]:
        """Each with how often it is `left` to strike (null: until cleared) and has `struck`."""
        return [
            fault.model_dump()
            | {"left": None if fault.times is None else fault.times - struck, "struck": struck}
            for fault, struck in zip(self._faults, self._struck, strict=True)
        ]

    def check(self, method: str, path: str) -> None:
        """Refuse a request before anything is done for it, if that is to go wrong."""
        fault = self.strike(("429", "lock_timeout", "500_before"), method, path)
        if fault is not None:
            raise _refusal(fault.kind)

    def strike(self, kinds: tuple[ApiFault, ...], method: str, path: str) -> Fault | None:
        """The first fault of these kinds that is meant for a request; it counts as struck."""
        return self._first(kinds, lambda fault: fault.strikes_path(method, path))

    def strike_webhook(self, kind: WebhookFault, type: str) -> Fault | None:
        """The first fault of this kind that is meant for an event; it counts as struck."""
        return self._first((kind,), lambda fault: fault.strikes_type(type))

    def _first(self, kinds: tuple[str, ...], is_meant: Callable[[Fault], bool]) -> Fault | None:
        for position, fault in enumerate(self._faults):
            is_over = fault.times is not None and self._struck[position] >= fault.times
            if fault.kind in kinds and not is_over and is_meant(fault):
                self._struck[position] += 1
                return fault
        return None


def failure() -> Refused:
    """What Stripe answers when something of its own went wrong."""
    return Refused("An unknown error occurred", status=500, type="api_error")


def _refusal(kind: str) -> Refused:
    """https://docs.stripe.com/rate-limits tells a limit from a lock by the header and the code."""
    if kind == "500_before":
        return failure()
    if kind == "lock_timeout":
        return Refused(
            "This object cannot be accessed right now because another API request or Stripe "
            "process is currently accessing it. If you see this error intermittently, retry the "
            "request.",
            status=429,
            code="lock_timeout",
        )
    return RateLimited(
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://docs.stripe.com/rate-limits."
    )


def _fault(position: int, asked: object) -> Fault:
    if not isinstance(asked, dict):
        raise Refused("A fault is given as an object.", param=f"faults[{position}]")
    try:
        fault = Fault.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        path = "".join(f"[{part}]" for part in first["loc"][:1])
        raise Refused(first["msg"], param=f"faults[{position}]{path}") from None
    has_path = fault.match.rpartition(" ")[2].startswith(("/", "*"))
    if fault.kind not in _OF_WEBHOOKS and not has_path:
        raise Refused(
            "A request is matched by its path, with or without a method: POST /v1/invoices/*.",
            param=f"faults[{position}][match]",
        )
    return fault
