"""Whether a preview of the next invoice bills exactly the usage that was read beside it: pure."""

from collections.abc import Iterable
from decimal import Decimal

from portal.clock import Period
from portal.stripe_gateway.facts import InvoiceFacts, SubscriptionFacts, SubscriptionItemFacts
from portal.stripe_gateway.usage.facts import MeterPeriod, UsageTotalFacts


def metered_period(item: SubscriptionItemFacts) -> MeterPeriod | None:
    """The meter and the period that a metered item bills next; None for a licensed item."""
    if item.meter_id is None:
        return None
    period = Period(item.current_period_start, item.current_period_end)
    return MeterPeriod(item.meter_id, period)


def bills_the_totals(
    subscriptions: Iterable[SubscriptionFacts],
    previews: Iterable[InvoiceFacts],
    totals: Iterable[UsageTotalFacts],
) -> bool:
    """Whether every metered item with a preview is billed for its meter's total."""
    used = {MeterPeriod(total.meter_id, total.period): total.value for total in totals}
    preview_of = {preview.subscription_id: preview for preview in previews}
    return all(
        _billed_quantity(preview, item) == max(used[period], Decimal(0))
        for subscription in subscriptions
        # Usage during a trial is not billed.
        if subscription.status != "trialing" and (preview := preview_of.get(subscription.id))
        for item in subscription.items
        if (period := metered_period(item))
    )


def _billed_quantity(preview: InvoiceFacts, item: SubscriptionItemFacts) -> Decimal:
    """A tiered price has one line for each tier, and flat fees with a quantity of 0."""
    return sum(
        (
            line.quantity or Decimal(0)
            for line in preview.lines
            if line.subscription_item_id == item.id
            and not line.proration
            and line.period_start >= item.current_period_start
            and line.period_end <= item.current_period_end
        ),
        Decimal(0),
    )
