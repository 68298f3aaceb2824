"""Reads of what lies around a period: the plan scheduled after it, and usage invoiced early."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from portal.clock import to_epoch
from portal.stripe_gateway.client import Answer, Gateway
from portal.stripe_gateway.facts import InvoiceFacts, PriceFacts, SubscriptionFacts
from portal.stripe_gateway.next_bill.facts import ItemPrice
from portal.stripe_gateway.reads import complete_invoice
from portal.stripe_gateway.translate import StripeObject, id_of
from portal.stripe_ids import PriceId

NextPlan = Mapping[PriceId, Decimal]
_AT_THRESHOLD = "subscription_threshold"


async def read_next_plan(
    gateway: Gateway, subscription: SubscriptionFacts, at: int
) -> NextPlan | None:
    """The prices and quantities of a schedule's phase that begins at a moment, if one does.

    https://docs.stripe.com/api/subscription_schedules/object. Empty when the schedule ends the
    subscription there; None when its own items go on.
    """
    schedule = id_of(subscription.stripe_object.get("schedule"))
    if schedule is None:
        return None
    answer = await gateway.read(
        lambda client: client.v1.subscription_schedules.retrieve_async(schedule)
    )
    phases = answer.stripe_object["phases"]
    for phase in phases:
        if phase["start_date"] == at:
            return {id_of(item["price"]): _quantity(item) for item in phase["items"]}
    is_over = phases[-1]["end_date"] <= at
    return {} if is_over and answer.stripe_object["end_behavior"] == "cancel" else None


async def read_billed_early(
    gateway: Gateway, subscription: SubscriptionFacts
) -> Mapping[ItemPrice, list[Decimal]]:
    """The units of the present periods on each invoice that a threshold brought about.

    https://docs.stripe.com/billing/subscriptions/usage-based/thresholds
    """
    holders = (subscription.stripe_object, *(item.stripe_object for item in subscription.items))
    if not any(one.get("billing_thresholds") for one in holders):
        return {}
    since = min(item.current_period_start for item in subscription.items)
    pages = gateway.pages(
        lambda client, page: client.v1.invoices.list_async(page),
        subscription=subscription.id,
        created={"gte": to_epoch(since)},
    )
    answers = [
        Answer(one, page.read_at)
        async for page in pages
        for one in page.stripe_object["data"]
        if one["billing_reason"] == _AT_THRESHOLD
    ]
    invoices = [await complete_invoice(gateway, answer) for answer in answers]
    return _units_by_item(subscription, invoices)


def _units_by_item(
    subscription: SubscriptionFacts, invoices: Iterable[InvoiceFacts]
) -> dict[ItemPrice, list[Decimal]]:
    starts = {item.id: item.current_period_start for item in subscription.items}
    units: dict[ItemPrice, list[Decimal]] = {}
    for invoice in invoices:
        of_invoice: dict[ItemPrice, Decimal] = {}
        for line in invoice.lines:
            item, price = line.subscription_item_id, line.price_id
            if item in starts and price and line.period_start >= starts[item]:
                key = (item, price)
                of_invoice[key] = of_invoice.get(key, Decimal(0)) + (line.quantity or 0)
        for key, quantity in of_invoice.items():
            units.setdefault(key, []).append(quantity)
    return units


def units_billed(price: PriceFacts, invoiced: Iterable[Decimal]) -> Decimal:
    """What invoices, the newest first, have billed of a period: a volume price bills all anew."""
    quantities = list(invoiced)
    return quantities[0] if price.tiers_mode == "volume" else sum(quantities, Decimal(0))


def _quantity(item: StripeObject) -> Decimal:
    return Decimal(item.get("quantity") or 0)
