"""Prorations: the credit for time that was paid and is not used, the debit for what replaces it.

https://docs.stripe.com/billing/subscriptions/prorations. Both are invoice items, each rounded
alone, and no discount counts for them any more: their amounts are net of discounts already.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.rating.proration import prorated
from portal.sandbox.billing.anchors import anchor_of
from portal.sandbox.billing.charges import price_named, price_of
from portal.sandbox.billing.debits import debits_at, note_invoice_item
from portal.sandbox.billing.descriptions import REMAINING, UNUSED, proration_description
from portal.sandbox.billing.full_prices import FullPrice, full_price
from portal.sandbox.billing.invoice_items import add_invoice_item
from portal.sandbox.billing.lines import product_of
from portal.sandbox.billing.periods import period_holding
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A span of time and what it costs: `amount` is for `whole` seconds that end with the span.

    `words` begin its text. The last two are how Stripe names what is credited, and what the
    amount is net of.
    """

    words: str
    amount: Decimal
    whole: int
    start: int
    end: int
    price: str
    quantity: Decimal
    credited_items: StripeObject | None = None
    discounts: tuple[str, ...] = ()

    def share_of(self, amount: Decimal | int) -> int:
        """What of an amount for the whole is for the span: to the second, rounded once."""
        return prorated(amount, self.end - self.whole, self.end, self.start)


def is_flexible(subscription: StripeObject) -> bool:
    """Whether it is billed in flexible mode, Stripe's newer one, rather than in classic mode.

    https://docs.stripe.com/billing/subscriptions/billing-mode/compare
    """
    return bool(subscription["billing_mode"]["type"] == "flexible")


class Prorations:
    """Makes the prorations of one change; `subscription` and `items` are as they are, in force.

    In flexible mode each debit is credited for itself, in classic mode what the item costs at
    present, whatever was debited for it.
    """

    def __init__(
        self,
        store: Store,
        subscription: StripeObject,
        items: Sequence[StripeObject],
        at: int,
    ) -> None:
        self._store = store
        self._subscription = subscription
        self._items = items
        self._at = at

    def credit(self, item: StripeObject, since: int) -> list[StripeObject]:
        """Give back what was debited for the item's time from a moment on, if any is left."""
        if since >= item["current_period_end"]:
            return []
        flexible = is_flexible(self._subscription)
        parts = self._unused_debits(item, since) if flexible else [self._unused_price(item, since)]
        return [self._keep(item, part, sign=-1) for part in parts]

    def debit(self, item: StripeObject, since: int) -> StripeObject:
        """Charge the item for the rest of its period from a moment on."""
        full = self._full_price(item)
        part = Part(
            words=REMAINING,
            amount=full.net,
            whole=self._whole(item, since),
            start=since,
            end=item["current_period_end"],
            price=item["price"],
            quantity=Decimal(item["quantity"]),
            discounts=tuple(id for id, _ in full.discounts),
        )
        made = self._keep(item, part, sign=1)
        note_invoice_item(self._store, item["id"], made)
        return made

    def _unused_debits(self, item: StripeObject, since: int) -> Iterator[Part]:
        for one in debits_at(self._store, item, since):
            yield Part(
                words=UNUSED,
                amount=Decimal(one.amount),
                # Some of it may have been credited before; the amount is for all of it.
                whole=one.end - one.start,
                start=max(one.start, since),
                end=one.until,
                price=one.price,
                quantity=one.quantity,
                credited_items=one.credited_items,
            )

    def _unused_price(self, item: StripeObject, since: int) -> Part:
        debits = debits_at(self._store, item, since)
        return Part(
            words=UNUSED,
            amount=self._full_price(item).net,
            whole=self._whole(item, since),
            start=since,
            end=item["current_period_end"],
            price=item["price"],
            quantity=Decimal(item["quantity"]),
            credited_items=debits[-1].credited_items if debits else None,
        )

    def _full_price(self, item: StripeObject) -> FullPrice:
        # https://docs.stripe.com/billing/subscriptions/prorations#credit-prorations: in classic
        # mode an amount off may count for an item in full, however many items share it.
        sharing = self._items if is_flexible(self._subscription) else [item]
        return full_price(self._store, self._subscription, item, sharing)

    def _whole(self, item: StripeObject, moment: int) -> int:
        """How long the whole period is in which the moment lies, in seconds."""
        recurring = price_of(self._store, item)["recurring"]
        anchor = anchor_of(self._subscription)
        start, end = period_holding(anchor, recurring, moment)
        return end - start

    def _keep(self, item: StripeObject, part: Part, *, sign: int) -> StripeObject:
        """The invoice item of a part, negative when it is a credit."""
        store, subscription = self._store, self._subscription
        price = price_named(store, part.price)
        product = product_of(store, price)
        return add_invoice_item(
            store,
            store.get("customer", subscription["customer"]) or {},
            amount=part.share_of(sign * part.amount),
            at=self._at,
            credited_items=part.credited_items,
            currency=subscription["currency"],
            description=proration_description(part.words, part.quantity, product, part.start),
            # The amount is net of them, so there is nothing left for them to take off.
            discount_amounts=[{"amount": 0, "discount": id} for id in part.discounts],
            metadata=subscription["metadata"],
            period=(part.start, part.end),
            price=price,
            proration=True,
            quantity=part.quantity,
            subscription=subscription["id"],
            subscription_item=item["id"],
            tax_rates=item["tax_rates"],
        )
