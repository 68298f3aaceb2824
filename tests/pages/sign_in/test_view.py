"""The sign-in page offers customers in the demo alone."""

from portal.pages.sign_in.view import EMPTY_SIGN_IN, sign_in_view
from portal.stripe_ids import CustomerId


def test_the_demo_offers_its_customers_with_initials():
    view = sign_in_view(demo=True, customers=[(CustomerId("cus_1"), "Acme Robotics")])

    assert [(row.id, row.name, row.initials) for row in view.customers] == [
        ("cus_1", "Acme Robotics", "AR")
    ]
    assert not view.preparing


def test_a_large_demo_shows_its_first_customers_and_keeps_the_others_at_hand():
    customers = [(CustomerId(f"cus_{number}"), f"Company {number}") for number in range(12)]

    view = sign_in_view(demo=True, customers=customers)

    assert [row.id for row in view.customers] == [f"cus_{number}" for number in range(5)]
    assert [row.id for row in view.others] == [f"cus_{number}" for number in range(5, 12)]


def test_a_demo_without_customers_is_still_being_made():
    assert sign_in_view(demo=True, customers=[]).preparing


def test_outside_the_demo_there_is_nothing_to_choose():
    view = sign_in_view(demo=False, customers=[])

    assert view.loaded
    assert not view.demo
    assert not view.preparing


def test_before_the_answer_nothing_is_claimed():
    assert not EMPTY_SIGN_IN.loaded
