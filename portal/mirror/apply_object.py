"""Facts of one Stripe object, or its absence, into the object's row and its children's rows."""

from sqlmodel import SQLModel, col

from portal.database import Session
from portal.mirror.applied import Applied, Outcome
from portal.mirror.concerned import MODELS, customers_of, unknown_references
from portal.mirror.rows import (
    blank_row,
    insert_or_lock,
    overwrite,
    replace_rows,
    row_of,
    says_the_same,
)
from portal.mirror.tables import InvoiceLine, MirroredRow, SubscriptionItem
from portal.stripe_gateway.facts import Gone, InvoiceFacts, ObjectFacts, SubscriptionFacts

_STALE = Applied(Outcome.STALE)
_SAME = Applied(Outcome.SAME)


async def apply_object(session: Session, facts: ObjectFacts) -> Applied:
    """Let the mirror say what the facts say, unless it knows better already."""
    row = row_of(MODELS[facts.kind], facts)
    held = await insert_or_lock(session, row)
    if held is None:
        await _replace_children(session, facts.kind, facts.id, _children(facts))
        return await _applied(session, Outcome.NEW, facts, row)
    if facts.read_at <= held.read_at:
        return _SAME if says_the_same(held, row) else _STALE
    before = await customers_of(session, held)
    changed = overwrite(held, row)
    changed |= await _replace_children(session, facts.kind, facts.id, _children(facts))
    if not changed:
        return _SAME
    applied = await _applied(session, Outcome.CHANGED, facts, row)
    return Applied(applied.outcome, applied.customers | before, applied.unknown)


async def bury(session: Session, gone: Gone) -> Applied:
    """Mark the object as deleted; what has never been seen gets a tombstone of its own."""
    model = MODELS[gone.kind]
    tombstone = blank_row(model, id=gone.id, read_at=gone.read_at, deleted_at=gone.read_at)
    held = await insert_or_lock(session, tombstone)
    if held is None:
        return Applied(Outcome.NEW)
    if gone.read_at <= held.read_at:
        return _SAME if held.deleted_at == gone.read_at else _STALE
    held.read_at = gone.read_at
    if held.deleted_at is not None:
        return _SAME
    held.deleted_at = gone.read_at
    customers = await customers_of(session, held)
    await _replace_children(session, gone.kind, gone.id, [])
    return Applied(Outcome.CHANGED, customers)


async def _applied(
    session: Session, outcome: Outcome, facts: ObjectFacts, row: MirroredRow
) -> Applied:
    customers = await customers_of(session, row)
    return Applied(outcome, customers, await unknown_references(session, facts))


def _children(facts: ObjectFacts) -> list[SQLModel]:
    match facts:
        case SubscriptionFacts():
            return [row_of(SubscriptionItem, item) for item in facts.items]
        case InvoiceFacts():
            return [row_of(InvoiceLine, line, invoice_id=facts.id) for line in facts.lines]
        case _:
            return []


async def _replace_children(
    session: Session, kind: str, parent_id: str, rows: list[SQLModel]
) -> bool:
    match kind:
        case SubscriptionFacts.kind:
            of_parent = col(SubscriptionItem.subscription_id) == parent_id
            return await replace_rows(session, SubscriptionItem, of_parent, rows)
        case InvoiceFacts.kind:
            of_parent = col(InvoiceLine.invoice_id) == parent_id
            return await replace_rows(session, InvoiceLine, of_parent, rows)
        case _:
            return False
