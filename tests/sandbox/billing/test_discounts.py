"""How long discounts hold, for whom, and what is told of them."""

from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.billing.redemption import discount_customer
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.coupons import delete_coupon, retrieve_coupon
from portal.sandbox.resources.discounts import (
    delete_customer_discount,
    delete_subscription_discount,
)
from portal.sandbox.resources.promotion_codes import retrieve_promotion_code
from portal.sandbox.resources.subscription_updates import update_subscription
from portal.sandbox.wire import presented, tree
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.deductions import coupon, promotion_code

JANUARY = at(2026, 1, 1)
GRACE = 3600
StripeObject = dict[str, Any]


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def totals(company: Company, customer: StripeObject) -> list[int]:
    return [invoice["total"] for invoice in company.invoices(customer)]


def test_once_is_for_the_first_invoice(company: Company) -> None:
    customer = company.customer()
    once = {"coupon": coupon(company, percent_off="50", duration="once")}

    subscription = company.subscribe(customer, company.licensed(1_000), discounts=[once])

    assert subscription["discounts"] == []
    company.run_to(at(2026, 2, 1) + GRACE)
    assert totals(company, customer) == [500, 1_000]
    assert company.events().count("customer.discount.deleted") == 1


def test_once_waits_for_an_invoice_that_it_takes_something_off(company: Company) -> None:
    customer = company.customer()
    once = {"coupon": coupon(company, percent_off="50", duration="once")}
    usage = company.metered(company.meter())
    subscription = company.subscribe(customer, usage, discounts=[once])

    company.run_to(at(2026, 2, 1) + GRACE)
    assert company.get("subscription", subscription["id"])["discounts"]
    company.use(customer, 1_000)
    company.run_to(at(2026, 3, 1) + GRACE)

    assert totals(company, customer) == [0, 250]
    assert company.get("subscription", subscription["id"])["discounts"] == []


def test_a_draft_speaks_for_a_discount_that_is_given_once(company: Company) -> None:
    customer, usage = company.customer(), company.metered(company.meter())
    once = {"coupon": coupon(company, percent_off="50", duration="once")}
    subscription = company.subscribe(customer, usage, discounts=[once])
    company.run_to(JANUARY + 60)
    company.use(customer, 1_000)
    company.run_to(at(2026, 2, 1) + 60)
    company.use(customer, 1_000)

    foretold = company.preview(subscription)
    company.run_to(at(2026, 3, 1) + GRACE)

    assert foretold["total"] == 500
    assert totals(company, customer) == [250, 500]


def test_once_is_over_too_when_nobody_collects(company: Company) -> None:
    customer, usage = company.customer(), company.metered(company.meter())
    once = {"coupon": coupon(company, percent_off="50", duration="once")}
    subscription = company.subscribe(customer, usage, discounts=[once])
    update_subscription(company.call(pause_collection={"behavior": "void"}), subscription["id"])
    company.run_to(JANUARY + 60)
    company.use(customer, 1_000)

    company.run_to(at(2026, 2, 1) + GRACE)

    assert totals(company, customer) == [250]
    assert company.get("subscription", subscription["id"])["discounts"] == []


def test_a_repeating_one_is_for_the_invoices_of_its_months(company: Company) -> None:
    customer = company.customer()
    terms = {"percent_off": "10", "duration": "repeating", "duration_in_months": 3}
    subscription = company.subscribe(
        customer, company.licensed(1_000), discounts=[{"coupon": coupon(company, **terms)}]
    )
    (discount,) = company.store.every("discount")

    company.run_to(at(2026, 4, 1) + GRACE)

    assert (discount["start"], discount["end"]) == (JANUARY, at(2026, 4, 1))
    assert totals(company, customer) == [900, 900, 900, 1_000]
    assert company.get("subscription", subscription["id"])["discounts"] == []


def test_a_year_paid_within_its_months_is_wholly_discounted(company: Company) -> None:
    customer = company.customer()
    terms = {"percent_off": "50", "duration": "repeating", "duration_in_months": 4}

    company.subscribe(
        customer,
        company.licensed(10_000, interval="year"),
        discounts=[{"coupon": coupon(company, **terms)}],
    )

    assert totals(company, customer) == [5_000]


def test_a_subscriptions_discount_replaces_its_customers(company: Company) -> None:
    customer = company.customer()
    discount_customer(company.store, customer, {"coupon": coupon(company, percent_off="10")})
    company.subscribe(customer, company.licensed(1_000, "A"))

    company.subscribe(
        customer,
        company.licensed(1_000, "B"),
        discounts=[{"coupon": coupon(company, percent_off="30")}],
    )

    assert totals(company, customer) == [900, 700]


def test_a_customers_discount_is_shown_whole_and_can_be_taken_away(company: Company) -> None:
    customer = company.customer()
    ten = coupon(company, percent_off="10")
    discounted = discount_customer(company.store, customer, {"coupon": ten})
    shown = presented(company.store, discounted)["discount"]

    removed = delete_customer_discount(company.call(), customer["id"])

    assert shown["source"] == {"coupon": ten, "type": "coupon"}
    assert shown["customer"] == customer["id"]
    assert (removed["id"], removed["deleted"]) == (shown["id"], True)
    assert company.get("customer", customer["id"])["discount"] is None
    assert company.events()[-2:] == ["customer.discount.deleted", "customer.updated"]
    with pytest.raises(Refused, match="No active discount"):
        delete_customer_discount(company.call(), customer["id"])


def test_a_customer_who_switches_to_another_coupon_has_only_that(company: Company) -> None:
    customer = company.customer()
    ten, twenty = (coupon(company, percent_off=percent) for percent in ("10", "20"))
    discounted = discount_customer(company.store, customer, {"coupon": ten})

    discount_customer(company.store, discounted, {"coupon": twenty})
    company.subscribe(customer, company.licensed(1_000))

    assert totals(company, customer) == [800]
    event = company.store.every("event", type="customer.discount.updated")[0]
    assert event["data"]["object"]["source"]["coupon"] == twenty
    assert event["data"]["previous_attributes"]["source"] == {"coupon": ten}


def test_a_subscriptions_latest_discount_can_be_taken_away(company: Company) -> None:
    customer = company.customer()
    names = [coupon(company, percent_off="10"), coupon(company, percent_off="20")]
    subscription = company.subscribe(
        customer, company.licensed(), discounts=[{"coupon": name} for name in names]
    )

    delete_subscription_discount(company.call(), subscription["id"])

    left = company.get("subscription", subscription["id"])["discounts"]
    assert left == subscription["discounts"][:1]


def test_an_update_replaces_the_discounts_and_keeps_those_it_names(company: Company) -> None:
    customer = company.customer()
    old = [{"coupon": coupon(company, percent_off=percent)} for percent in ("10", "20")]
    subscription = company.subscribe(customer, company.licensed(1_000), discounts=old)
    kept, dropped = subscription["discounts"]
    new = {"coupon": coupon(company, percent_off="30")}

    update_subscription(company.call(discounts=[{"discount": kept}, new]), subscription["id"])

    now = company.get("subscription", subscription["id"])["discounts"]
    assert now[0] == kept
    assert dropped not in now
    assert company.events().count("customer.discount.deleted") == 1
    update_subscription(company.call(discounts=[]), subscription["id"])
    assert company.get("subscription", subscription["id"])["discounts"] == now
    update_subscription(company.call(discounts=""), subscription["id"])
    assert company.get("subscription", subscription["id"])["discounts"] == []


def test_a_deleted_coupon_is_no_more_redeemed_but_its_discounts_go_on(company: Company) -> None:
    customer = company.customer()
    ten = coupon(company, percent_off="10")
    company.subscribe(customer, company.licensed(1_000), discounts=[{"coupon": ten}])

    delete_coupon(company.call(), ten)
    coupon(company, percent_off="90", id=ten)
    company.run_to(at(2026, 2, 1) + GRACE)

    assert totals(company, customer) == [900, 900]


def test_a_coupon_counts_its_redemptions(company: Company) -> None:
    most = coupon(company, percent_off="10", max_redemptions=1)
    company.subscribe(company.customer(), company.licensed(), discounts=[{"coupon": most}])

    shown = presented(company.store, retrieve_coupon(company.call(), most))

    assert (shown["times_redeemed"], shown["valid"]) == (1, False)
    with pytest.raises(Refused, match="Coupon expired") as refused:
        company.subscribe(
            company.customer(), company.licensed(product="B"), discounts=[{"coupon": most}]
        )
    assert refused.value.fields["param"] == "discounts[0][coupon]"


def test_a_coupon_is_not_redeemed_after_its_last_day(company: Company) -> None:
    late = coupon(company, percent_off="10", redeem_by=JANUARY + 60)
    customer, plan = company.customer(), company.licensed()
    company.run_to(JANUARY + 60)

    with pytest.raises(Refused, match="Coupon expired"):
        company.subscribe(customer, plan, discounts=[{"coupon": late}])


def test_an_amount_off_needs_an_amount_in_the_currency(company: Company) -> None:
    euros = coupon(company, amount_off=500, currency="eur")
    both = coupon(
        company, amount_off=500, currency="eur", currency_options={"usd": {"amount_off": 600}}
    )
    customer, plan = company.customer(), company.licensed(1_000)

    with pytest.raises(Refused, match="cannot be used for an amount in `usd`"):
        company.subscribe(customer, plan, discounts=[{"coupon": euros}])

    company.subscribe(customer, plan, discounts=[{"coupon": both}])
    assert totals(company, customer) == [400]


def test_a_discount_shows_its_coupon_when_asked_to(company: Company) -> None:
    customer = company.customer()
    ten = coupon(company, percent_off="10", name="10% Off")
    company.subscribe(customer, company.licensed(2_500), discounts=[{"coupon": ten}])
    (invoice,) = company.invoices(customer)

    asked = tree(["total_discount_amounts.discount.source.coupon"])
    (amount,) = presented(company.store, invoice, asked)["total_discount_amounts"]

    assert amount["amount"] == 250
    assert amount["discount"]["source"]["coupon"]["name"] == "10% Off"
    assert amount["discount"]["source"]["coupon"]["percent_off"] == 10.0


def test_a_promotion_code_redeems_its_coupon(company: Company) -> None:
    code = promotion_code(
        company, coupon(company, percent_off="25"), code="SPRING", max_redemptions=1
    )
    customer = company.customer()

    company.subscribe(customer, company.licensed(1_000), discounts=[{"promotion_code": code}])

    (discount,) = company.store.every("discount")
    shown = presented(company.store, retrieve_promotion_code(company.call(), code))
    assert totals(company, customer) == [750]
    assert discount["promotion_code"] == code
    assert (shown["times_redeemed"], shown["active"]) == (1, False)
    with pytest.raises(Refused, match="cannot be redeemed any more"):
        company.subscribe(
            company.customer(), company.licensed(product="B"), discounts=[{"promotion_code": code}]
        )


def test_a_promotion_code_may_be_for_one_customer_or_a_first_purchase(company: Company) -> None:
    ten = coupon(company, percent_off="10")
    ann, bob = company.customer(), company.customer()
    anns = promotion_code(company, ten, customer=ann["id"])
    first = promotion_code(company, ten, restrictions={"first_time_transaction": True})
    company.subscribe(ann, company.licensed(), discounts=[{"promotion_code": first}])

    with pytest.raises(Refused, match="another customer"):
        company.subscribe(bob, company.licensed(), discounts=[{"promotion_code": anns}])
    with pytest.raises(Refused, match="prior transactions"):
        company.subscribe(ann, company.licensed(), discounts=[{"promotion_code": first}])


def test_a_promotion_code_may_need_a_purchase_of_some_size(company: Company) -> None:
    least = {"minimum_amount": 5_000, "minimum_amount_currency": "usd"}
    code = promotion_code(company, coupon(company, percent_off="10"), restrictions=least)
    customer, plan = company.customer(), company.licensed(2_500)
    discounts = [{"promotion_code": code}]

    with pytest.raises(Refused, match="the minimum amount of 5000 usd is not reached"):
        company.subscribe(customer, plan, discounts=discounts)
    company.subscribe(customer, items=[{"price": plan, "quantity": 2}], discounts=discounts)

    assert totals(company, customer) == [4_500]


@pytest.mark.parametrize("entry", [{}, {"coupon": "a", "promotion_code": "b"}])
def test_a_discount_names_exactly_one_source(company: Company, entry: StripeObject) -> None:
    with pytest.raises(Refused, match="exactly one of coupon, discount, promotion_code"):
        company.subscribe(company.customer(), company.licensed(), discounts=[entry])


def test_a_refused_request_redeems_nothing(company: Company) -> None:
    ten = coupon(company, percent_off="10")
    company.store.commit()

    with pytest.raises(Refused, match="No such coupon"):
        company.subscribe(
            company.customer(), company.licensed(), discounts=[{"coupon": ten}, {"coupon": "none"}]
        )
    company.store.rollback()

    assert company.get("coupon", ten)["times_redeemed"] == 0
