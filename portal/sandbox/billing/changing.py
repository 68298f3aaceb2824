"""Carrying out a change of a subscription: credits, debits, usage, and the invoice if it is due.

https://docs.stripe.com/billing/subscriptions/prorations and
https://docs.stripe.com/billing/subscriptions/billing-mode/compare
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.sandbox.billing.charges import (
    Charge,
    advance_charge,
    is_metered,
    price_of,
    usage_charges,
)
from portal.sandbox.billing.debits import credited_from, note_invoice_item
from portal.sandbox.billing.deferred import defer
from portal.sandbox.billing.drafts import issue_draft
from portal.sandbox.billing.invoices import Occasion
from portal.sandbox.billing.item_changes import (
    ItemChange,
    Terms,
    inside_period,
    is_trialing,
    placed,
    prorated_from,
    recurs_anew,
    resets_anchor,
)
from portal.sandbox.billing.proration import Prorations, is_flexible
from portal.sandbox.billing.renewal import start_of_period
from portal.sandbox.billing.segments import closed, dropped
from portal.sandbox.billing.usage import UsageLedger
from portal.sandbox.included import items_of
from portal.sandbox.store import Store

StripeObject = dict[str, Any]


def change_subscription(
    store: Store,
    ledger: UsageLedger,
    subscription: StripeObject,
    changes: Iterable[ItemChange],
    terms: Terms,
) -> tuple[StripeObject, StripeObject | None]:
    """The changed subscription, its items kept, and the draft of the invoice that is due now.

    `subscription` is as it is to be, not kept yet; the store still has it as it was.
    """
    change = _Change(store, ledger, subscription, list(changes), terms)
    draft = change.carry_out()
    latest = {"latest_invoice": draft["id"]} if draft else {}
    return change.after | latest, draft


class _Change:
    """One change while it is carried out; `before` and `after` are the subscription's states."""

    def __init__(
        self,
        store: Store,
        ledger: UsageLedger,
        subscription: StripeObject,
        changes: list[ItemChange],
        terms: Terms,
    ) -> None:
        self._store, self._ledger, self._terms = store, ledger, terms
        self._before = store.get("subscription", subscription["id"]) or subscription
        self._resets = resets_anchor(store, self._before, changes, terms)
        anchor = {"billing_cycle_anchor": terms.at} if self._resets else {}
        self.after = subscription | anchor
        self._flexible = is_flexible(subscription)
        self._trial = is_trialing(subscription)
        self._since = start_of_period(store, self._before)
        self._changes = self._placed(changes)
        self._credits = Prorations(store, self._before, self._items("before"), terms.at)
        self._debits = Prorations(store, self.after, self._items("after"), terms.at)
        # By item, in the order of the items; an invoice has the newest one's first.
        self._charges: list[list[Charge]] = []
        self._waiting: list[StripeObject] = []

    def carry_out(self) -> StripeObject | None:
        """Change the items and what is owed for them; the draft, if that is invoiced now."""
        for change in self._changes:
            self._charges.append([])
            fields = self._credit(change) | self._settle_usage(change)
            if change.after is not None:
                self._store.put(change.after | fields)
                self._debit(change)
            elif change.before is not None:
                self._store.delete("subscription_item", change.before["id"])
        if self._resets and self._flexible and self._terms.behavior == "create_prorations":
            for charge in self._owed():
                self._wait(charge)
            self._charges = []
        return self._invoice()

    def _owed(self) -> list[Charge]:
        return [charge for of_item in reversed(self._charges) for charge in of_item]

    def _placed(self, changes: list[ItemChange]) -> list[ItemChange]:
        """The changes of all items, each in its new period; most are usually as they were."""
        known = {change.before["id"]: change for change in changes if change.before}
        every = [
            known.get(item["id"], ItemChange(item, item))
            for item in items_of(self._store, self._before)
        ]
        every += [change for change in changes if change.before is None]
        before, after, at = self._before, self.after, self._terms.at
        return [
            replace(change, after=placed(self._store, before, after, change, at))
            for change in every
        ]

    def _items(self, state: str) -> list[StripeObject]:
        found = [getattr(change, state) for change in self._changes]
        return [item for item in found if item is not None and not self._is_metered(item)]

    def _is_metered(self, item: StripeObject) -> bool:
        return is_metered(price_of(self._store, item))

    def _moments(self, change: ItemChange) -> tuple[int | None, int | None]:
        """From when the item is credited and debited."""
        if self._resets:
            return inside_period(change.before, self._terms.prorate_at), self._terms.at
        return prorated_from(change, self._terms.prorate_at)

    def _credit(self, change: ItemChange) -> StripeObject:
        """Give back what the item was debited for time that is not used as it was to be."""
        since, _ = self._moments(change)
        item = change.before
        if item is None or since is None or self._is_metered(item):
            return {}
        if not self._terms.prorates or self._trial:
            return {}
        self._waiting += self._credits.credit(item, since)
        return credited_from(item, since)

    def _debit(self, change: ItemChange) -> None:
        """Charge the item as it is now: for a period that starts, or for the rest of one."""
        _, since = self._moments(change)
        item = change.after
        if item is None or since is None:
            return
        if self._is_metered(item):
            self._note_added(item, change)
        elif self._trial:
            self._charge_trial(item, change)
        elif self._resets:
            start, end = item["current_period_start"], item["current_period_end"]
            price = price_of(self._store, item)
            self._charges[-1].append(advance_charge(self.after, item, price, start, end))
        elif self._terms.prorates:
            self._waiting.append(self._debits.debit(item, since))

    def _settle_usage(self, change: ItemChange) -> StripeObject:
        """What becomes of the usage that a metered item had so far; the item's fields then."""
        before, after, at = change.before, change.after, self._terms.at
        if before is None or not self._is_metered(before):
            return {} if before is not None and not change.is_altered else dropped(at)
        if self._resets and after is not None:
            if not self._trial:
                self._charges[-1] += usage_charges(self._store, before, at)
            return dropped(at)
        if not change.is_altered:
            return {}
        stays = after is not None and self._is_metered(after)
        if stays and self._flexible and not recurs_anew(self._store, change):
            return closed(before, at)
        if self._flexible and self._terms.prorates and not self._trial:
            # What was used in the very second of the change is owed too.
            for charge in usage_charges(self._store, before, at, counted_to=at + 1):
                self._wait(charge)
        return dropped(at)

    def _note_added(self, item: StripeObject, change: ItemChange) -> None:
        """In classic mode an invoice names a metered item that comes new, with nothing used."""
        if change.before is None and not self._flexible and not self._resets:
            at, price = self._terms.at, price_of(self._store, item)
            nothing = Charge(item, price, Decimal(0), at, item["current_period_end"])
            if self._terms.behavior == "always_invoice":
                self._charges[-1].append(nothing)

    def _charge_trial(self, item: StripeObject, change: ItemChange) -> None:
        """In flexible mode a change during a trial is invoiced too, though it costs nothing."""
        if self._flexible and change.is_altered and self._terms.behavior == "always_invoice":
            price, end = price_of(self._store, item), item["current_period_end"]
            quantity = Decimal(item["quantity"])
            free = Charge(item, price, quantity, self._terms.at, end, is_free=True)
            self._charges[-1].append(free)

    def _wait(self, charge: Charge) -> None:
        """Let a charge wait for the next invoice."""
        made = defer(self._store, self._ledger, self.after, charge, self._terms.at)
        self._waiting += made
        for invoice_item in () if is_metered(charge.price) else made:
            note_invoice_item(self._store, charge.item["id"], invoice_item)

    def _invoice(self) -> StripeObject | None:
        """Invoice now what is to be invoiced now."""
        always, owed = self._terms.behavior == "always_invoice", self._owed()
        if not owed and not (always and self._waiting):
            return None
        # https://docs.stripe.com/billing/subscriptions/billing-mode/compare: in classic mode such
        # an invoice leaves out what waited before.
        only_own = always and self._resets and not self._flexible
        ids = frozenset(item["id"] for item in self._waiting)
        occasion = Occasion("subscription_update", self._terms.at, self._since)
        return issue_draft(
            self._store,
            self._ledger,
            self.after,
            owed,
            occasion,
            with_pending=ids if only_own else True,
        )
