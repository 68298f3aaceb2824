"""The sign-in page offers customers in the demo alone, and says what is special about them."""

from dataclasses import replace

from portal.pages.sign_in.view import EMPTY_SIGN_IN, sign_in_view
from portal.services.demo_customers import MOST_OFFERED, DemoCustomer
from portal.services.reports import Standing
from portal.stripe_ids import CustomerId

ACME = DemoCustomer(
    CustomerId("cus_1"), "Acme Robotics", "Scale plan", Standing("active"), "usd", ()
)


def test_the_demo_offers_its_customers_with_initials_and_plans():
    view = sign_in_view(demo=True, customers=[ACME])

    [row] = view.customers
    assert (row.id, row.name, row.initials) == ("cus_1", "Acme Robotics", "AR")
    assert (row.caption, row.state) == ("Scale plan", "")
    assert not view.preparing
    assert not view.searchable


def test_initials_are_letters():
    [row] = sign_in_view(demo=True, customers=[replace(ACME, name="Fennel & Field")]).customers

    assert row.initials == "FF"


def test_what_is_special_about_a_customer_is_said_in_words():
    kumo = replace(ACME, currency="jpy", traits=("discount", "tax"), standing=Standing("past_due"))
    nobody = replace(ACME, plan="", standing=None)
    rows = sign_in_view(demo=True, customers=[kumo, nobody]).customers

    assert rows[0].caption == "Scale plan, JPY, discount, tax"
    assert (rows[0].state, rows[0].worrying) == ("past due", True)
    assert (rows[1].caption, rows[1].state) == ("no plan", "")


def test_many_customers_can_be_searched_and_a_full_page_says_that_there_are_more():
    few = sign_in_view(demo=True, customers=[ACME] * 9)
    full = sign_in_view(demo=True, customers=[ACME] * MOST_OFFERED)

    assert few.searchable
    assert few.remark == ""
    assert full.remark == "There are more; find one by its name."


def test_a_name_that_fits_nobody_says_so_and_the_field_stays():
    view = sign_in_view(demo=True, customers=[], wanted="Zebra")

    assert view.remark == "No company is called “Zebra”."
    assert view.searchable
    assert not view.preparing


def test_a_demo_without_customers_is_still_being_made():
    assert sign_in_view(demo=True, customers=[]).preparing


def test_outside_the_demo_there_is_nothing_to_choose():
    view = sign_in_view(demo=False, customers=[])

    assert view.loaded
    assert not view.demo
    assert not view.preparing


def test_before_the_answer_nothing_is_claimed():
    assert not EMPTY_SIGN_IN.loaded
