"""What became of facts that were brought to the mirror."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.stripe_ids import CustomerId

# A kind of Stripe object and an id, as reads.retrieve takes them.
Reference = tuple[str, str]


class Outcome(StrEnum):
    """Whether the mirror says something else now."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome, and what follows from it.

    `customers` are those for whom something shows differently now. `unknown` are objects that
    the facts refer to and that the mirror has never seen: reading them is due.
    """

    outcome: Outcome
    customers: frozenset[CustomerId] = frozenset()
    unknown: frozenset[Reference] = frozenset()

    def with_all(self, others: Iterable["Applied"]) -> "Applied":
        """The same outcome with what follows from the others as well."""
        others = tuple(others)
        return Applied(
            self.outcome,
            self.customers.union(*(one.customers for one in others)),
            self.unknown.union(*(one.unknown for one in others)),
        )
