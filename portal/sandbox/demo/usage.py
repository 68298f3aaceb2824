"""A demo customer's usage as meter events: what an hour brings, any part of it, or a whole day."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.buyer import Buyer
from portal.sandbox.demo.rhythm import DAY, HOUR, Story, Used


@dataclass(frozen=True, slots=True)
class Consumer:
    """A buyer with its Stripe customer, using the vendor's service."""

    buyer: Buyer
    customer: str
    story: Story

    @property
    def own_story(self) -> Story:
        """The same times, with luck of one's own."""
        return replace(self.story, seed=f"{self.story.seed}/{self.buyer.key}")

    def use(self, ledger: UsageLedger, start: int, end: int) -> None:
        """Report what was used from `start` up to `end`: whole days in one go, else by the hour."""
        story = self.own_story
        while start < end:
            is_whole_day = start % DAY == 0 and end - start >= DAY
            until = start + DAY if is_whole_day else min(start - start % HOUR + HOUR, end)
            events = (
                self._of_a_day(story, start)
                if is_whole_day
                else self._within_an_hour(story, start, until)
            )
            for event in events:
                ledger.record(event)
            start = until

    def _within_an_hour(self, story: Story, start: int, end: int) -> Iterator[dict[str, Any]]:
        """Parts of an hour add up to the hour; the level of storage is told when one begins."""
        hour, moment = start - start % HOUR, (start + end) // 2
        used = self.buyer.rhythm.in_hour(story, hour)
        part = Used(
            requests=_between(used.requests, start - hour, end - hour),
            tokens=_between(used.tokens, start - hour, end - hour),
            storage=used.storage if start == hour else 0,
        )
        return self._events(part, moment)

    def _of_a_day(self, story: Story, day: int) -> Iterator[dict[str, Any]]:
        """The usage of the day that begins at `day`, as of its noon."""
        return self._events(self.buyer.rhythm.in_day(story, day), day + DAY // 2)

    def _events(self, used: Used, moment: int) -> Iterator[dict[str, Any]]:
        values = {
            "api_request": used.requests,
            "output_tokens": used.tokens,
            "storage_gb": used.storage,
        }
        for event_name, value in values.items():
            if value:
                payload = {"stripe_customer_id": self.customer, "value": str(value)}
                yield {"event_name": event_name, "payload": payload, "timestamp": moment}


def _between(whole: int, start: int, end: int) -> int:
    return whole * end // HOUR - whole * start // HOUR
