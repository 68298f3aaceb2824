"""One look at a customer's usage into the mirror: whole, or not at all."""

from sqlalchemy import and_
from sqlmodel import col

from portal.database import Session
from portal.mirror.applied import Applied, Outcome
from portal.mirror.apply_object import apply_object
from portal.mirror.rows import WATERMARKS, insert_or_lock, overwrite, replace_rows, row_of
from portal.mirror.tables import (
    InvoicePreview,
    InvoicePreviewLine,
    UsageHour,
    UsageSnapshot,
    UsageTotal,
)
from portal.stripe_gateway.usage.facts import UsageSnapshotFacts, UsageTotalFacts, UsageWindows

# Every preview is made anew, with ids that mean nothing.
_OF_PREVIEWS = WATERMARKS | {"stripe_object"}


async def apply_usage(session: Session, facts: UsageSnapshotFacts) -> Applied:
    """Let the mirror say what the look saw, unless a later look is there already.

    The customer is concerned even when nothing changed: his pages say how old the figures are.
    """
    in_order = sorted(facts.objects, key=lambda one: (one.kind, one.id))
    objects = [await apply_object(session, one) for one in in_order]
    snapshot = row_of(UsageSnapshot, facts)
    held = await insert_or_lock(session, snapshot)
    if held is not None and facts.read_at <= held.read_at:
        return Applied(Outcome.STALE).with_all(objects)
    changed = held is not None and overwrite(held, snapshot)
    changed |= await _apply_previews(session, facts)
    for total in facts.totals:
        changed |= await _apply_total(session, facts, total)
    for windows in facts.windows:
        changed |= await _apply_windows(session, facts, windows)
    outcome = Outcome.NEW if held is None else Outcome.CHANGED if changed else Outcome.SAME
    return Applied(outcome, frozenset({facts.customer_id})).with_all(objects)


async def _apply_previews(session: Session, facts: UsageSnapshotFacts) -> bool:
    """A subscription that the look did not see has no next invoice any more."""
    customer = facts.customer_id
    lines = [
        row_of(
            InvoicePreviewLine,
            line,
            subscription_id=preview.subscription_id,
            customer_id=customer,
        )
        for preview in facts.previews
        for line in preview.lines
    ]
    changed = await replace_rows(
        session,
        InvoicePreview,
        col(InvoicePreview.customer_id) == customer,
        [row_of(InvoicePreview, preview) for preview in facts.previews],
        immaterial=_OF_PREVIEWS,
    )
    return changed | await replace_rows(
        session,
        InvoicePreviewLine,
        col(InvoicePreviewLine.customer_id) == customer,
        lines,
        immaterial=_OF_PREVIEWS,
    )


async def _apply_total(session: Session, facts: UsageSnapshotFacts, total: UsageTotalFacts) -> bool:
    row = UsageTotal(
        customer_id=facts.customer_id,
        meter_id=total.meter_id,
        period_start=total.period.start,
        period_end=total.period.end,
        value=total.value,
        read_at=facts.read_at,
        as_of=facts.as_of,
    )
    same = and_(
        col(UsageTotal.customer_id) == row.customer_id,
        col(UsageTotal.meter_id) == row.meter_id,
        col(UsageTotal.period_start) == row.period_start,
    )
    return await replace_rows(session, UsageTotal, same, [row])


async def _apply_windows(
    session: Session, facts: UsageSnapshotFacts, windows: UsageWindows
) -> bool:
    in_span = and_(
        col(UsageHour.customer_id) == facts.customer_id,
        col(UsageHour.meter_id) == windows.meter_id,
        col(UsageHour.start) >= windows.span.start,
        col(UsageHour.start) < windows.span.end,
    )
    rows = [
        row_of(UsageHour, window, customer_id=facts.customer_id, meter_id=windows.meter_id)
        for window in windows.windows
    ]
    return await replace_rows(session, UsageHour, in_span, rows)
