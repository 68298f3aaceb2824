"""A vendor's time, lived on a clock that is moved from one thing that happens to the next."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from portal.catalog import Catalog
from portal.clock import FrozenClock, from_epoch, to_epoch
from portal.sandbox.billing.cycles import run_due
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.demo.buyer import Buyer
from portal.sandbox.demo.offer import make_offer, price_key
from portal.sandbox.demo.rhythm import Story
from portal.sandbox.demo.special import Special
from portal.sandbox.demo.usage import Consumer
from portal.sandbox.resources.customers import create_customer, update_customer
from portal.sandbox.resources.payment_methods import attach_payment_method
from portal.sandbox.resources.subscriptions import create_subscription
from portal.sandbox.routes import Call, Previews
from portal.sandbox.store import Store


class Life:
    """One vendor's account. Time goes forward only; what is planned for a moment is done then."""

    def __init__(
        self, store: Store, ledger: UsageLedger, catalog: Catalog, clock: FrozenClock
    ) -> None:
        self._store, self._ledger, self._clock = store, ledger, clock
        self._plans = {plan.key: plan for plan in (*catalog.plans, *catalog.add_ons)}
        self._prices = make_offer(self.ask, catalog)
        self._special = Special(self.ask)
        self._planned: list[tuple[int, int, Callable[[], object]]] = []
        self._numbers = count()

    def plan(self, moment: int, act: Callable[[], object]) -> None:
        """Do something later; what is planned for one moment is done in the order of planning."""
        heappush(self._planned, (moment, next(self._numbers), act))

    def live_until(self, moment: int) -> None:
        """Let time pass; what falls due comes before what was planned for the same moment.

        In the end everything counts that was used so far, but for the lag.
        """
        while (following := self._next()) is not None and following <= moment:
            self._stand_at(following)
            run_due(self._store, self._ledger, following, None)
            while self._planned and self._planned[0][0] <= following:
                heappop(self._planned)[2]()
        self._stand_at(moment)
        run_due(self._store, self._ledger, moment, None)

    def welcome(self, buyer: Buyer, story: Story) -> Consumer:
        """A new customer with a card that works."""
        asked = {"name": buyer.name, "email": buyer.email, "metadata": {"demo": buyer.key}}
        customer = create_customer(self.ask(**asked))["id"]
        self.give_card(customer, "pm_card_visa")
        return Consumer(buyer, customer, story)

    def give_card(self, customer: str, card: str) -> None:
        """Let the customer's invoices be paid by a card from now on."""
        attached = attach_payment_method(self.ask(customer=customer), card)
        settings = {"default_payment_method": attached["id"]}
        update_customer(self.ask(invoice_settings=settings), customer)

    def subscribe(self, consumer: Consumer) -> None:
        """Begin the customer's plan and add-ons, on terms of their own."""
        buyer = consumer.buyer
        items = [{"price": self._prices[key]} for key in self._lookup_keys(buyer)]
        terms = self._special.terms(buyer.terms)
        create_subscription(self.ask(customer=consumer.customer, items=items, **terms))
        self._special.grant(consumer.customer, buyer.terms)

    def cancel(self, consumer: Consumer) -> None:
        """Let the customer's subscription end with its period."""
        for subscription in self._store.every("subscription", customer=consumer.customer):
            self._special.cancel(subscription["id"])

    def ask(self, **params: Any) -> Call:
        """A request with these parameters."""
        return Call(self._store, self._ledger, params, Previews())

    def _lookup_keys(self, buyer: Buyer) -> list[str]:
        plan, *add_ons = (self._plans[key] for key in (buyer.plan, *buyer.add_ons))
        currency, interval = buyer.terms.currency, "year" if buyer.terms.is_yearly else "month"
        others = [*(one.lookup_key for one in plan.usage), *(one.lookup_key for one in add_ons)]
        fee = price_key(plan.lookup_key, interval, currency)
        return [fee, *(price_key(key, currency=currency) for key in others)]

    def _next(self) -> int | None:
        due = self._store.first_due(None)
        moments = [due["_due_at"]] if due is not None else []
        return min([*moments, *(moment for moment, _, _ in self._planned[:1])], default=None)

    def _stand_at(self, moment: int) -> None:
        if moment > to_epoch(self._clock.now()):
            self._clock.move_to(from_epoch(moment))
