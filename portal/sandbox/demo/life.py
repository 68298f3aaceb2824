"""A vendor's time, lived hour by hour on a clock that is moved: usage, and whatever falls due."""

from typing import Any

from portal.catalog import Catalog, Plan
from portal.clock import FrozenClock, from_epoch, to_epoch
from portal.sandbox.billing.cycles import run_due
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.company import Buyer
from portal.sandbox.demo.offer import make_offer
from portal.sandbox.demo.rhythm import DAY, HOUR, Story
from portal.sandbox.demo.usage import Consumer
from portal.sandbox.resources.customers import create_customer, update_customer
from portal.sandbox.resources.payment_methods import attach_payment_method
from portal.sandbox.resources.subscriptions import create_subscription
from portal.sandbox.routes import Call, Previews
from portal.sandbox.store import Store

_NOON = DAY // 2


class Life:
    """One vendor's account. Time goes forward only; whoever subscribes uses from then on."""

    def __init__(
        self, store: Store, ledger: UsageLedger, catalog: Catalog, clock: FrozenClock
    ) -> None:
        self._store, self._ledger, self._clock = store, ledger, clock
        self._plans = {plan.key: plan for plan in (*catalog.plans, *catalog.add_ons)}
        self._prices = make_offer(self._ask, catalog)
        self._hourly: list[Consumer] = []
        self._daily: list[Consumer] = []

    def welcome(self, buyer: Buyer, story: Story) -> Consumer:
        """A new customer with a card that works."""
        metadata = {"demo": buyer.key}
        made = create_customer(self._ask(name=buyer.name, email=buyer.email, metadata=metadata))
        card = attach_payment_method(self._ask(customer=made["id"]), "pm_card_visa")
        settings = {"default_payment_method": card["id"]}
        update_customer(self._ask(invoice_settings=settings), made["id"])
        return Consumer(buyer, made["id"], story)

    def subscribe(self, consumer: Consumer, *, by_the_hour: bool) -> None:
        """Begin the customer's plan and add-ons; usage is reported by the hour or by the day."""
        plans = [self._plans[key] for key in (consumer.buyer.plan, *consumer.buyer.add_ons)]
        items = [{"price": self._prices[key]} for plan in plans for key in _lookup_keys(plan)]
        create_subscription(self._ask(customer=consumer.customer, items=items))
        (self._hourly if by_the_hour else self._daily).append(consumer)

    def live_until(self, moment: int) -> None:
        """Let time pass; a begun hour at the end counts for its part."""
        hour = to_epoch(self._clock.now())
        while hour < moment:
            end = min(hour - hour % HOUR + HOUR, moment)
            self._clock.move_to(from_epoch(end))
            for consumer in self._hourly:
                consumer.use(self._ledger, hour, end)
            if hour % DAY == _NOON:
                for consumer in self._daily:
                    consumer.use_for_a_day(self._ledger, hour - _NOON)
            self._do_what_is_due(end)
            hour = end

    def _do_what_is_due(self, now: int) -> None:
        due = self._store.first_due(None)
        if due is not None and due["_due_at"] <= now:
            run_due(self._store, self._ledger, now, None)

    def _ask(self, **params: Any) -> Call:
        return Call(self._store, self._ledger, params, Previews())


def _lookup_keys(plan: Plan) -> tuple[str, ...]:
    return (plan.lookup_key, *(usage.lookup_key for usage in plan.usage))
