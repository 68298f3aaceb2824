"""Sign-in: a token for the browser's cookie, and from a token back to who it stands for.

Only the hash of a token is stored. So far the one way in is the demo's.
"""

import hashlib
import secrets
from datetime import timedelta

from portal.changes import Changes
from portal.clock import Clock
from portal.database import Database
from portal.errors import NotFound
from portal.mirror import queries
from portal.records.sessions import SignedInSession, end_session, find_open_session
from portal.services.acting import Actor
from portal.stripe_ids import CustomerId

SESSION_LENGTH = timedelta(hours=12)
_MOST_OFFERED = 30


def token_hash(token: str) -> str:
    """What is stored and compared instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def sign_in_to_demo(database: Database, clock: Clock, customer: CustomerId) -> str:
    """Sign a visitor of the demo in as a customer's owner; the new token, for his cookie.

    Whether the demo is on is for the caller to know; NotFound for a customer that the mirror
    does not hold.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    async with database.transaction() as session:
        found = await queries.find_customer(session, customer)
        if found is None or found.deleted_at is not None:
            raise NotFound("There is no such demo customer.", next_step="Choose one of the list.")
        session.add(
            SignedInSession(
                token_hash=token_hash(token),
                email=found.email or "",
                name=found.name or found.id,
                role="owner",
                customer_id=customer,
                created_at=now,
                expires_at=now + SESSION_LENGTH,
            )
        )
    return token


async def find_signed_in(
    database: Database, clock: Clock, token: str
) -> tuple[Actor, CustomerId] | None:
    """Who holds this token and for which customer; None when it is unknown, ended or expired."""
    async with database.reading() as session:
        found = await find_open_session(session, token_hash(token), clock.now())
    if found is None:
        return None
    return Actor(found.name, found.email, found.role), CustomerId(found.customer_id)


async def sign_out(database: Database, changes: Changes, clock: Clock, token: str) -> None:
    """End the session of this token; signing out twice is no error.

    It is news about the customer, so that other tabs of this browser go blank within a second.
    """
    async with database.transaction() as session:
        found = await find_open_session(session, token_hash(token), clock.now())
        if found is None:
            return
        await end_session(session, token_hash(token), clock.now())
        await changes.announce(session, CustomerId(found.customer_id))
