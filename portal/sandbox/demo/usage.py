"""A demo customer's usage as meter events: what an hour brings, any part of it, or a whole day."""

from dataclasses import dataclass, replace

from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.company import Buyer
from portal.sandbox.demo.rhythm import DAY, HOUR, Story


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
        """Report what was used from `start` up to `end`, both within one hour.

        Parts of an hour add up to the hour. The level of storage is told when an hour begins.
        """
        hour, moment = start - start % HOUR, (start + end) // 2
        used = self.buyer.rhythm.in_hour(self.own_story, hour)
        for event_name, whole in (("api_request", used.requests), ("output_tokens", used.tokens)):
            part = whole * (end - hour) // HOUR - whole * (start - hour) // HOUR
            self._report(ledger, event_name, part, moment)
        if start == hour:
            self._report(ledger, "storage_gb", used.storage, moment)

    def use_for_a_day(self, ledger: UsageLedger, day: int) -> None:
        """Report the usage of the day that begins at `day` at its noon, in one go."""
        used = self.buyer.rhythm.in_day(self.own_story, day)
        self._report(ledger, "api_request", used.requests, day + DAY // 2)
        self._report(ledger, "output_tokens", used.tokens, day + DAY // 2)
        self._report(ledger, "storage_gb", used.storage, day + DAY // 2)

    def _report(self, ledger: UsageLedger, event_name: str, value: int, moment: int) -> None:
        if value:
            payload = {"stripe_customer_id": self.customer, "value": str(value)}
            ledger.record({"event_name": event_name, "payload": payload, "timestamp": moment})
