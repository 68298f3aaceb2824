"""What the sign-in page shows: the ways in that this installation offers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.stripe_ids import CustomerId

_SHOWN_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class DemoCustomerRow:
    """A customer whom a visitor of the demo may sign in as."""

    id: str
    name: str
    initials: str


@dataclass(frozen=True, slots=True)
class SignInView:
    """Before the answer `loaded` is False; outside the demo there are no customers.

    `preparing` while the demo has none yet. The first of them are shown at once, the `others` when
    they are asked for.
    """

    loaded: bool = False
    demo: bool = False
    preparing: bool = False
    customers: tuple[DemoCustomerRow, ...] = ()
    others: tuple[DemoCustomerRow, ...] = ()


EMPTY_SIGN_IN = SignInView()


def sign_in_view(*, demo: bool, customers: Sequence[tuple[CustomerId, str]]) -> SignInView:
    """The page for an installation, with the demo's customers as pairs of id and name."""
    rows = tuple(DemoCustomerRow(id, name, _initials(name)) for id, name in customers)
    return SignInView(
        loaded=True,
        demo=demo,
        preparing=demo and not rows,
        customers=rows[:_SHOWN_AT_ONCE],
        others=rows[_SHOWN_AT_ONCE:],
    )


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()
