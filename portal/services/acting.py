"""Who is acting, for which customer, with which rights and means: every service takes it first."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from portal.catalog import Catalog
from portal.clock import Clock
from portal.database import Database, Session
from portal.errors import NotAllowed
from portal.stripe_ids import CustomerId


class Right(StrEnum):
    """One thing that a person may do."""

    USAGE_READ = "usage:read"
    INVOICES_READ = "invoices:read"


ROLE_RIGHTS: Mapping[str, frozenset[Right]] = MappingProxyType(
    {
        "owner": frozenset({Right.USAGE_READ, Right.INVOICES_READ}),
        "system": frozenset(Right),
    }
)


def has_right(role: str, right: str) -> bool:
    """Whether a role has a right; a role that is not in the table has none."""
    return right in ROLE_RIGHTS.get(role, frozenset())


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, or the named part of the portal, that acts."""

    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Acting:
    """An actor acting for one customer; the rights follow from the role and cannot be added to."""

    actor: Actor
    customer: CustomerId
    session_key: str
    database: Database
    clock: Clock
    catalog: Catalog

    def require(self, right: Right) -> None:
        """Raise NotAllowed unless the actor's role has the right."""
        if not has_right(self.actor.role, right):
            raise NotAllowed(
                f"Your role does not allow {right.value}.",
                next_step="Ask an owner of your company.",
            )

    def now(self) -> datetime:
        """The present moment of the portal's clock."""
        return self.clock.now()

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """A unit of work that commits when the block ends."""
        return self.database.transaction()

    def reading(self) -> AbstractAsyncContextManager[Session]:
        """A look at the tables that changes nothing."""
        return self.database.reading()
