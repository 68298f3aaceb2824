"""Facts about a next invoice: everything that goes into it, and what Stripe makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal.rating.invoice import CreditGrant, Discount
from portal.rating.taxes import TaxRate
from portal.stripe_gateway.facts import InvoiceFacts, PriceFacts, SubscriptionFacts
from portal.stripe_gateway.usage.facts import MeterPeriod
from portal.stripe_ids import PriceId, ProductId, SubscriptionItemId

ItemPrice = tuple[SubscriptionItemId, PriceId]


@dataclass(frozen=True, slots=True)
class Deductions:
    """The discounts and tax rates that something bears itself."""

    discounts: tuple[Discount, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingItem:
    """An invoice item that waits for the next invoice, such as a proration."""

    id: str
    amount: int
    description: str | None
    price_id: PriceId | None
    product_id: ProductId | None
    period_end: datetime
    discountable: bool
    own: Deductions


@dataclass(frozen=True, slots=True, kw_only=True)
class NextBill:
    """One subscription's next invoice: Stripe's preview, and what it should be made from.

    `next_plan` holds the prices and quantities of a schedule's phase that begins with the invoice;
    it is None while the subscription's own items go on. `billed_early` are the units of an item's
    present period that were invoiced when they reached a threshold.

    Without a preview `refusal` says why there is none; it is empty when Stripe says that nothing
    will be billed. `quantities` hold the usage of every meter and period that the preview bills.
    `shared` are the discounts and tax rates of the whole invoice. With `automatic_tax` the taxes
    are Stripe's alone to know.
    """

    subscription: SubscriptionFacts
    preview: InvoiceFacts | None
    refusal: str
    prices: Mapping[PriceId, PriceFacts]
    quantities: Mapping[MeterPeriod, Decimal]
    billed_early: Mapping[ItemPrice, Decimal]
    next_plan: Mapping[PriceId, Decimal] | None
    pending: tuple[PendingItem, ...]
    shared: Deductions
    of_items: Mapping[SubscriptionItemId, Deductions]
    grants: tuple[CreditGrant, ...]
    balance: int
    is_tax_exempt: bool
    automatic_tax: bool
    is_classic: bool
