"""A vendor's Stripe account without HTTP, on a clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.clock import FrozenClock, from_epoch, to_epoch
from portal.sandbox.billing.cycles import run_due
from portal.sandbox.billing.preview import preview_invoice
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.resources.customers import create_customer
from portal.sandbox.resources.meters import create_meter
from portal.sandbox.resources.payment_methods import attach
from portal.sandbox.resources.prices import create_price
from portal.sandbox.resources.products import create_product
from portal.sandbox.resources.subscriptions import create_subscription
from portal.sandbox.routes import Call, Previews
from portal.sandbox.store import Store

StripeObject = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)
MONTHLY = {"interval": "month"}


def at(*date: int) -> int:
    """A moment of UTC as Stripe writes it."""
    return to_epoch(datetime(*date, tzinfo=UTC))  # type: ignore[misc,arg-type]


class Company:
    """One store with its ledger, and short ways to fill them through Stripe's requests."""

    def __init__(
        self,
        start: datetime = START,
        *,
        lag: timedelta = timedelta(0),
        grace: timedelta | None = None,
    ) -> None:
        self.clock = FrozenClock(start)
        self.store = Store(self.clock, seed=1)
        self.ledger = UsageLedger(self.store, lag, grace or timedelta(hours=1))

    def call(self, **params: Any) -> Call:
        return Call(self.store, self.ledger, params, Previews())

    def customer(self, card: str | None = "pm_card_visa", **params: Any) -> StripeObject:
        made = create_customer(self.call(email="ann@acme.example", name="Acme", **params))
        if card is not None:
            self.give_card(made["id"], card)
        return self.get("customer", made["id"])

    def give_card(self, customer: str, card: str) -> None:
        owner = self.get("customer", customer)
        method = attach(self.store, card, owner)
        owner["invoice_settings"]["default_payment_method"] = method["id"]
        self.store.put(owner)

    def meter(self, event_name: str = "calls", formula: str = "sum") -> StripeObject:
        aggregation = {"formula": formula}
        return create_meter(
            self.call(
                event_name=event_name, display_name=event_name, default_aggregation=aggregation
            )
        )

    def licensed(self, amount: int = 49_900, product: str = "Scale plan", **recurring: Any) -> str:
        made = create_product(self.call(name=product))
        price = create_price(
            self.call(
                currency="usd",
                product=made["id"],
                unit_amount=amount,
                recurring=MONTHLY | recurring,
            )
        )
        return str(price["id"])

    def metered(self, meter: StripeObject, product: str = "API requests", **price: Any) -> str:
        """A metered price; without amounts half a cent a unit."""
        made = create_product(self.call(name=product, unit_label="request"))
        recurring = MONTHLY | {"usage_type": "metered", "meter": meter["id"]}
        amounts = price or {"unit_amount_decimal": Decimal("0.5")}
        asked = {"currency": "usd", "product": made["id"], "recurring": recurring}
        return str(create_price(self.call(**asked, **amounts))["id"])

    def subscribe(self, customer: StripeObject, *prices: str, **params: Any) -> StripeObject:
        asked = {"customer": customer["id"], "items": [{"price": price} for price in prices]}
        made = create_subscription(self.call(**asked | params))
        return self.get("subscription", made["id"])

    def use(
        self, customer: StripeObject, value: Any, when: int | None = None, event_name: str = "calls"
    ) -> StripeObject:
        payload = {"stripe_customer_id": customer["id"], "value": str(value)}
        asked = {"event_name": event_name, "payload": payload}
        return self.ledger.record(asked if when is None else asked | {"timestamp": when})

    def run_to(self, moment: int) -> None:
        """Let time pass: the clock moves and everything due happens."""
        self.clock.move_to(from_epoch(moment))
        run_due(self.store, self.ledger, moment, None)

    def preview(self, subscription: StripeObject) -> StripeObject:
        current = self.get("subscription", subscription["id"])
        return preview_invoice(self.store, self.ledger, current)

    def get(self, kind: str, id: str) -> StripeObject:
        found = self.store.get(kind, id)
        assert found is not None
        return found

    def invoices(self, customer: StripeObject) -> list[StripeObject]:
        """The customer's invoices, the oldest first."""
        return self.store.every("invoice", customer=customer["id"])[::-1]

    def lines(self, invoice: StripeObject) -> list[StripeObject]:
        return self.store.every("line_item", invoice=invoice["id"])[::-1]

    def events(self) -> list[str]:
        """The types of all events, the oldest first."""
        return [event["type"] for event in self.store.every("event")][::-1]
