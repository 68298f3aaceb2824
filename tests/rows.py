"""Builders of mirror rows, for tests that need a customer to be there already."""

from portal.clock import from_epoch
from portal.mirror.tables import Customer


def mirrored_customer(customer: str) -> Customer:
    """A plain customer, named after its id: cus_acme is Acme."""
    then = from_epoch(1_790_000_000)
    return Customer(
        id=customer,
        read_at=then,
        created_at=then,
        stripe_object={},
        name=customer.removeprefix("cus_").title(),
        email=f"{customer}@example.com",
        currency="usd",
        balance=0,
        default_payment_method_id=None,
        test_clock_id=None,
    )
