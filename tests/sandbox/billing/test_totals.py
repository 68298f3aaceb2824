"""What invoices come to, by hand."""

from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.resources.customers import update_customer
from portal.sandbox.resources.subscription_updates import update_subscription
from tests.sandbox.billing.company import Company, at
from tests.sandbox.billing.deductions import coupon, grant, owe, tax_rate

JANUARY, FEBRUARY, MARCH = at(2026, 1, 1), at(2026, 2, 1), at(2026, 3, 1)
GRACE = 3600
StripeObject = dict[str, Any]


@pytest.fixture
def company() -> Company:
    return Company(from_epoch(JANUARY))


def amounts(invoice: StripeObject, *names: str) -> tuple[int, ...]:
    return tuple(invoice[name] for name in names)


def off(line: StripeObject) -> list[int]:
    return [one["amount"] for one in line["discount_amounts"]]


def credits_of(invoice: StripeObject) -> list[StripeObject]:
    return [one for one in invoice["total_pretax_credit_amounts"] if one["type"] != "discount"]


def test_everything_at_once_in_stripes_order(company: Company) -> None:
    customer, usage, plan = (
        company.customer(),
        company.metered(company.meter()),
        company.licensed(10_000),
    )
    grant(company, customer, 300)
    owe(company, customer, -1_000)
    ten = {"coupon": coupon(company, percent_off="10")}
    company.subscribe(
        customer, usage, plan, discounts=[ten], default_tax_rates=[tax_rate(company, "19")]
    )
    company.run_to(JANUARY + 60)
    company.use(customer, 1_000)
    company.run_to(FEBRUARY + GRACE)

    first, second = company.invoices(customer)

    # 10 000 - 10 % = 9 000, + 19 % = 10 710, - 1 000 from the balance.
    assert amounts(first, "subtotal", "total_excluding_tax", "total") == (10_000, 9_000, 10_710)
    assert amounts(first, "starting_balance", "amount_due", "ending_balance") == (-1_000, 9_710, 0)
    # 1 000 calls x 0.5 = 500, - 10 % = 450, - 300 of credit = 150, x 19 % = 28.5, so 29.
    # The plan: 9 000 x 19 % = 1 710. Together 10 500 - 1 050 - 300 + 1 739 = 10 889.
    assert amounts(second, "subtotal", "total_excluding_tax", "total") == (10_500, 9_150, 10_889)
    assert [tax["amount"] for tax in second["total_taxes"]] == [1_739]
    assert [(one["type"], one["amount"]) for one in second["total_pretax_credit_amounts"]] == [
        ("discount", 1_050),
        ("credit_balance_transaction", 300),
    ]


def test_the_subtotal_is_net_of_the_items_discounts_only(company: Company) -> None:
    customer = company.customer()
    of_item = {"coupon": coupon(company, percent_off="20")}
    of_all = {"coupon": coupon(company, percent_off="10")}
    items = [{"price": company.licensed(10_000), "discounts": [of_item]}]

    company.subscribe(customer, items=items, discounts=[of_all])

    (invoice,) = company.invoices(customer)
    (line,) = company.lines(invoice)
    # 10 000 - 20 % = 8 000; 10 % of those are 800.
    assert amounts(invoice, "subtotal", "total") == (8_000, 7_200)
    assert (line["amount"], line["subtotal"], off(line)) == (10_000, 10_000, [2_000, 800])
    assert len(line["discounts"]) == 1
    assert {one["amount"] for one in invoice["total_discount_amounts"]} == {2_000, 800}


def test_an_amount_off_is_shared_in_proportion_to_the_lines(company: Company) -> None:
    customer = company.customer()
    ten_dollars = {"coupon": coupon(company, amount_off=1_000)}

    company.subscribe(
        customer,
        company.licensed(2_000, "A"),
        company.licensed(1_000, "B"),
        discounts=[ten_dollars],
    )

    (invoice,) = company.invoices(customer)
    # 1 000 x 2/3 = 666.67 and 1 000 x 1/3 = 333.33: 667 and 333, the newest item first.
    assert [off(line) for line in company.lines(invoice)] == [[333], [667]]
    assert amounts(invoice, "subtotal", "total") == (3_000, 2_000)


def test_in_classic_mode_an_amount_off_is_shared_evenly(company: Company) -> None:
    customer = company.customer()
    ten_dollars = {"coupon": coupon(company, amount_off=1_000)}

    company.subscribe(
        customer,
        company.licensed(2_000, "A"),
        company.licensed(1_000, "B"),
        discounts=[ten_dollars],
        billing_mode={"type": "classic"},
    )

    (invoice,) = company.invoices(customer)
    assert [off(line) for line in company.lines(invoice)] == [[500], [500]]


def test_a_discount_takes_off_no_more_than_there_is(company: Company) -> None:
    customer = company.customer()
    hundred = {"coupon": coupon(company, amount_off=10_000)}

    company.subscribe(customer, company.licensed(4_000), discounts=[hundred])

    (invoice,) = company.invoices(customer)
    assert amounts(invoice, "total", "amount_due") == (0, 0)
    assert invoice["status"] == "paid"


def test_a_coupon_for_one_product_leaves_the_others_alone(company: Company) -> None:
    customer, seats = company.customer(), company.licensed(5_000, "Seats")
    product = company.get("price", seats)["product"]
    half = {"coupon": coupon(company, percent_off="50", applies_to={"products": [product]})}

    company.subscribe(customer, seats, company.licensed(3_000, "Support"), discounts=[half])

    (invoice,) = company.invoices(customer)
    assert [off(line) for line in company.lines(invoice)] == [[], [2_500]]


def test_an_inclusive_tax_is_part_of_the_price(company: Company) -> None:
    customer = company.customer()
    vat = tax_rate(company, "19", inclusive=True)

    company.subscribe(customer, company.licensed(11_900), default_tax_rates=[vat])

    (invoice,) = company.invoices(customer)
    (tax,) = invoice["total_taxes"]
    # 11 900 x 19 / 119 = 1 900.
    assert amounts(invoice, "subtotal", "subtotal_excluding_tax", "total") == (
        11_900,
        10_000,
        11_900,
    )
    assert tax == {
        "amount": 1_900,
        "tax_behavior": "inclusive",
        "tax_rate_details": {"tax_rate": vat},
        "taxability_reason": "not_available",
        "taxable_amount": 10_000,
        "type": "tax_rate_details",
    }


def test_an_items_tax_rates_replace_the_subscriptions(company: Company) -> None:
    customer = company.customer()
    usual, reduced = tax_rate(company, "19"), tax_rate(company, "7")
    items = [
        {"price": company.licensed(1_000, "A")},
        {"price": company.licensed(2_000, "B"), "tax_rates": [reduced]},
    ]

    company.subscribe(customer, items=items, default_tax_rates=[usual])

    (invoice,) = company.invoices(customer)
    # 2 000 x 7 % = 140 and 1 000 x 19 % = 190.
    assert [tax["amount"] for tax in invoice["total_taxes"]] == [140, 190]
    assert invoice["total"] == 3_330


@pytest.mark.parametrize("status", ["exempt", "reverse"])
def test_an_exempt_customer_pays_no_tax(company: Company, status: str) -> None:
    customer = company.customer(tax_exempt=status)

    company.subscribe(
        customer, company.licensed(1_000), default_tax_rates=[tax_rate(company, "19")]
    )

    (invoice,) = company.invoices(customer)
    assert (invoice["total"], invoice["total_taxes"]) == (1_000, [])
    assert invoice["customer_tax_exempt"] == status


def test_a_downgrade_is_credited_net_of_its_discount_and_with_its_tax(company: Company) -> None:
    customer = company.customer()
    half = {"coupon": coupon(company, percent_off="50")}
    large, small = company.licensed(31_000, "Large"), company.licensed(6_200, "Small")
    subscription = company.subscribe(
        customer, large, discounts=[half], default_tax_rates=[tax_rate(company, "10")]
    )
    company.run_to(at(2026, 1, 11))
    (item,) = company.store.every("subscription_item", subscription=subscription["id"])

    update_subscription(
        company.call(
            items=[{"id": item["id"], "price": small}], proration_behavior="always_invoice"
        ),
        subscription["id"],
    )

    first, second = company.invoices(customer)
    assert first["total"] == 17_050
    # 21 of 31 days are left: - 15 500 x 21/31 = - 10 500 and + 3 100 x 21/31 = + 2 100; - 8 400
    # and 10 % tax on that make - 9 240, which becomes credit.
    assert [line["amount"] for line in company.lines(second)] == [-10_500, 2_100]
    assert amounts(second, "subtotal", "total", "amount_due") == (-8_400, -9_240, 0)
    assert second["ending_balance"] == -9_240
    assert company.get("customer", customer["id"])["balance"] == -9_240


def test_a_preview_shows_the_totals_of_the_invoice_that_comes(company: Company) -> None:
    customer = company.customer()
    usage = company.metered(company.meter())
    credit = grant(company, customer, 120)
    subscription = company.subscribe(
        customer,
        usage,
        company.licensed(1_000),
        discounts=[{"coupon": coupon(company, percent_off="33.3")}],
        default_tax_rates=[tax_rate(company, "7.7")],
    )
    company.run_to(JANUARY + 60)
    company.use(customer, 777)

    foretold = company.preview(subscription)
    company.run_to(FEBRUARY + GRACE)

    made = company.invoices(customer)[-1]
    names = ("subtotal", "total", "total_excluding_tax", "amount_due", "starting_balance")
    assert amounts(foretold, *names) == amounts(made, *names)
    assert foretold["total_discount_amounts"] == made["total_discount_amounts"]
    assert foretold["ending_balance"] == 0
    used = [one["credit_balance_transaction"] for one in credits_of(foretold)]
    assert used == [None]
    assert credit["_left"] == 120


def test_an_invoice_follows_its_customer_until_it_is_final(company: Company) -> None:
    customer = company.customer()
    company.subscribe(customer, company.metered(company.meter()))
    company.run_to(FEBRUARY)
    update_customer(company.call(name="Acme AG", tax_exempt="reverse"), customer["id"])
    company.run_to(FEBRUARY + GRACE)
    update_customer(company.call(name="Acme Inc", tax_exempt="none"), customer["id"])

    (invoice,) = company.invoices(customer)
    assert (invoice["customer_name"], invoice["customer_tax_exempt"]) == ("Acme AG", "reverse")
