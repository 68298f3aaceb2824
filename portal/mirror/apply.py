"""The one door into the mirror: facts go in, older ones bounce, parents and children together.

Webhook, reply and backfill all end here. Facts carry the moment at which their read began; no row
ever goes back to an earlier one, in whichever order and from however many processes they come.
"""

from portal.database import Session
from portal.mirror.applied import Applied, Outcome
from portal.mirror.apply_object import apply_object, bury
from portal.mirror.apply_usage import apply_usage
from portal.stripe_gateway.facts import Gone, ObjectFacts
from portal.stripe_gateway.usage.facts import UsageSnapshotFacts

__all__ = ["Applied", "Outcome", "apply"]

Facts = ObjectFacts | Gone | UsageSnapshotFacts


async def apply(session: Session, facts: Facts) -> Applied:
    """Bring facts into the mirror, within the caller's transaction.

    The rows concerned stay locked until it ends, so it should be short. Facts of the very moment
    that the mirror has change nothing, whatever they say.
    """
    match facts:
        case UsageSnapshotFacts():
            return await apply_usage(session, facts)
        case Gone():
            return await bury(session, facts)
        case _:
            return await apply_object(session, facts)
