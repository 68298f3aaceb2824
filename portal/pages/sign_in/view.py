"""What the sign-in page shows: the ways in that this installation offers. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.components.formats import initials
from portal.services.demo_customers import MOST_OFFERED, DemoCustomer

# From so many customers on there is a field to find one by name.
_MANY = 8
_STATES = {
    "trialing": "trial",
    "past_due": "past due",
    "unpaid": "unpaid",
    "paused": "paused",
    "not collecting": "payments paused",
    "ending": "ending",
    "canceled": "ended",
    "incomplete": "incomplete",
    "incomplete_expired": "ended",
}
_WORRYING = frozenset({"past_due", "unpaid", "incomplete"})


@dataclass(frozen=True, slots=True)
class DemoCustomerRow:
    """A customer whom a visitor of the demo may sign in as; `state` says if it is not ordinary."""

    id: str
    name: str
    initials: str
    caption: str
    state: str
    worrying: bool


@dataclass(frozen=True, slots=True)
class SignInView:
    """Before the answer `loaded` is False; outside the demo there are no customers.

    `preparing` while the demo has none yet; `searchable` when there are many; `remark` says that
    no name fits, or that there are more than are shown.
    """

    loaded: bool = False
    demo: bool = False
    preparing: bool = False
    searchable: bool = False
    remark: str = ""
    customers: tuple[DemoCustomerRow, ...] = ()


EMPTY_SIGN_IN = SignInView()


def sign_in_view(
    *, demo: bool, customers: Sequence[DemoCustomer], home_currency: str = "usd", wanted: str = ""
) -> SignInView:
    """The page for an installation, with the demo's customers; `wanted` is the name looked for."""
    return SignInView(
        loaded=True,
        demo=demo,
        preparing=demo and not customers and not wanted,
        searchable=len(customers) > _MANY or bool(wanted),
        remark=_remark(len(customers), wanted),
        customers=tuple(_row(one, home_currency) for one in customers),
    )


def _remark(count: int, wanted: str) -> str:
    if wanted and not count:
        return f"No company is called “{wanted}”."
    return "There are more; find one by its name." if count == MOST_OFFERED else ""


def _row(customer: DemoCustomer, home_currency: str) -> DemoCustomerRow:
    state = customer.standing.state if customer.standing else ""
    return DemoCustomerRow(
        id=customer.id,
        name=customer.name,
        initials=initials(customer.name),
        caption=", ".join(_caption(customer, home_currency)),
        state=_STATES.get(state, ""),
        worrying=state in _WORRYING,
    )


def _caption(customer: DemoCustomer, home_currency: str) -> Iterator[str]:
    yield customer.plan or "no plan"
    if customer.currency and customer.currency != home_currency:
        yield customer.currency.upper()
    yield from customer.traits
