"""Who is signed in: one row per signed-in browser, found by the hash of its cookie."""

from datetime import datetime

from sqlmodel import Field, SQLModel, col, update

from portal.database import Session, UtcDateTime


class SignedInSession(SQLModel, table=True):
    """One signed-in browser; the cookie's token itself is never stored."""

    __tablename__ = "signed_in_session"

    token_hash: str = Field(primary_key=True, max_length=64)
    email: str
    name: str
    role: str
    customer_id: str = Field(index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


async def find_open_session(
    session: Session, token_hash: str, now: datetime
) -> SignedInSession | None:
    """The session of this token, if it is neither ended nor expired."""
    found = await session.get(SignedInSession, token_hash)
    if found is None or found.ended_at is not None or found.expires_at <= now:
        return None
    return found


async def end_session(session: Session, token_hash: str, now: datetime) -> None:
    """End the session of this token; one that is ended or unknown stays as it is."""
    still_open = col(SignedInSession.ended_at).is_(None)
    this_one = col(SignedInSession.token_hash) == token_hash
    await session.exec(update(SignedInSession).where(this_one, still_open).values(ended_at=now))
