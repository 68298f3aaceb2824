"""Idempotency keys: the first answer to a key is kept and given again.

https://docs.stripe.com/api/idempotent_requests. The answers lie in the store beside the objects
they tell of, so that both become lasting in the same commit.
"""

import hashlib
from collections import deque
from typing import Any

from portal.sandbox.refusals import Refused
from portal.sandbox.store import Store

_KIND = "sandbox.idempotency_key"
_LONGEST_KEY = 255
_KEPT_SECONDS = 24 * 3600
# A sandbox under load must not fill its memory with answers that nobody asks for again.
_KEPT_AT_MOST = 100_000

Answer = dict[str, Any]


class IdempotencyKeys:
    """The keys that were used, and those whose request is still being answered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_flight: set[str] = set()
        oldest_first = reversed(store.every(_KIND))
        self._kept = deque((answer["created"], answer["id"]) for answer in oldest_first)

    def begin(self, key: str, path: str, body: bytes) -> Answer | None:
        """The kept answer of this very request; None when it is new and may now run."""
        if len(key) > _LONGEST_KEY:
            raise _refusal(f"Idempotency keys can be at most {_LONGEST_KEY} characters long.")
        answer = self._store.get(_KIND, key)
        if answer is not None and answer["created"] > self._oldest_kept():
            _check_same(answer, path, body)
            return answer
        if key in self._in_flight:
            raise _refusal(
                "There is currently another in-progress request using this Idempotent Key (that "
                "probably means you submitted twice, and the other request is still going "
                f"through): {key}. Please try again later.",
                status=409,
                code="idempotency_key_in_use",
            )
        self._in_flight.add(key)
        return None

    def keep(self, key: str, answer: Answer) -> None:
        """Keep the answer for a day; it becomes lasting with the request's commit.

        `answer` holds the request's `path` and `body` (as `fingerprint` makes it), its id, and
        the `status` and `text` that went out.
        """
        now = self._store.now()
        self._store.put({**answer, "object": _KIND, "id": key, "created": now})
        self._kept.append((now, key))
        while len(self._kept) > _KEPT_AT_MOST or self._kept[0][0] <= self._oldest_kept():
            self._forget(*self._kept.popleft())

    def end(self, key: str) -> None:
        """The request is answered, whatever came of it."""
        self._in_flight.discard(key)

    def _forget(self, created: int, key: str) -> None:
        """Drop a key's answer, unless the key was used anew since."""
        answer = self._store.get(_KIND, key)
        if answer is not None and answer["created"] == created:
            self._store.delete(_KIND, key)

    def _oldest_kept(self) -> int:
        return self._store.now() - _KEPT_SECONDS


def fingerprint(body: bytes) -> str:
    """A short form of the parameters, enough to tell whether they are the same."""
    return hashlib.sha256(body).hexdigest()


def _check_same(answer: Answer, path: str, body: bytes) -> None:
    if answer["path"] != path:
        raise _refusal(
            "Keys for idempotent requests can only be used for the same endpoint they were first "
            f"used for ('{path}' vs '{answer['path']}'). Try using a key other than "
            f"'{answer['id']}' if you meant to execute a different request."
        )
    if answer["body"] != fingerprint(body):
        raise _refusal(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{answer['id']}' if you meant to "
            "execute a different request."
        )


def _refusal(message: str, *, status: int = 400, code: str | None = None) -> Refused:
    return Refused(message, status=status, type="idempotency_error", code=code)
