"""Doing again in the sandbox what was once done at Stripe."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpx

from tests.sandbox.recordings.recorded import Recording, Step
from tests.sandbox.recordings.spans import is_time, moved_along

Json = dict[str, Any]


class Replay:
    """The requests of one recording over HTTP; `ids` says which of our ids stand for recorded ones.

    Ids are mapped as they appear: those of the preamble when its objects are made, the others
    when an answer is compared with the recorded one. A time that a request names is as far away
    as it was when it was recorded.
    """

    def __init__(self, http: httpx.Client, recording: Recording) -> None:
        self._http = http
        self._recording = recording
        # A sandbox that goes on between runs must not take a key for one that it has answered.
        self._run = f"{recording.name}/{time.time_ns()}"
        self.ids: dict[str, str] = {}

    def prepare(self) -> None:
        """Make what the preamble lists, each kind after those that it refers to."""
        for kind in ("products", "prices", "coupons"):
            for id, fields in self._recording.preamble.get(kind, {}).items():
                asked = {name: self._known(value) for name, value in fields.items() if name != "id"}
                answer = self._http.post(f"/v1/{kind}", data=asked)
                assert answer.status_code == 200, answer.text
                self.ids[id] = answer.json()["id"]

    def steps(self) -> Iterator[tuple[Step, httpx.Response]]:
        """Send one request after the other; each answer must be compared before the next."""
        for step in self._recording.steps:
            yield step, self._send(step)

    def _send(self, step: Step) -> httpx.Response:
        key = step.headers.get("Idempotency-Key")
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if step.form else {}
        return self._http.request(
            step.method,
            "/".join(self._known(part) for part in step.path.split("/")),
            params=self._pairs(step, step.query),
            content=str(httpx.QueryParams(self._pairs(step, step.form))),
            headers=headers | ({"Idempotency-Key": f"{self._run}/{key}"} if key else {}),
        )

    def _pairs(self, step: Step, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, self._known(_now(step, value))) for name, value in pairs]

    def _known(self, value: Any) -> Any:
        return self.ids.get(value, value)


def _now(step: Step, value: str) -> str:
    if not value.isdigit() or not is_time(int(value)):
        return value
    return str(moved_along(int(value), step.at, int(time.time())))
