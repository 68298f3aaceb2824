"""Items that are added, changed and removed, within one interval.

https://docs.stripe.com/billing/subscriptions/change-price
"""

from decimal import Decimal
from typing import Any

import pytest

from portal.clock import from_epoch
from portal.sandbox.refusals import Refused
from portal.sandbox.resources.coupons import create_coupon
from portal.sandbox.resources.subscription_items import (
    create_subscription_item,
    delete_subscription_item,
    update_subscription_item,
)
from tests.sandbox.billing.changes import (
    billed,
    change,
    item_of,
    latest,
    pending,
    started,
)
from tests.sandbox.billing.company import Company, at

APRIL, SIXTEENTH, MAY = at(2026, 4, 1), at(2026, 4, 16), at(2026, 5, 1)


@pytest.fixture
def company() -> Company:
    return started(APRIL)


@pytest.fixture
def subscription(company: Company) -> dict[str, Any]:
    """One item at 10 dollars a month."""
    return company.subscribe(company.customer(), company.licensed(1_000, "Basic"))


def test_a_price_without_an_item_id_is_added(company: Company, subscription: Any) -> None:
    extra = company.licensed(600, "Extra")

    change(company, subscription, SIXTEENTH, items=[{"price": extra, "quantity": 2}])

    assert pending(company, subscription) == [
        ("Remaining time on 2 × Extra after 16 Apr 2026", 600)
    ]
    first, second = (item_of(company, subscription, position) for position in (0, 1))
    assert second["price"] == extra
    for name in ("current_period_start", "current_period_end"):
        assert first[name] == second[name]


def test_another_price_begins_with_one_unless_the_quantity_is_sent(
    company: Company, subscription: Any
) -> None:
    item = item_of(company, subscription)["id"]
    change(company, subscription, APRIL, items=[{"id": item, "quantity": 5}])
    dearer, dearest = company.licensed(2_000), company.licensed(3_000)

    change(company, subscription, SIXTEENTH, items=[{"id": item, "price": dearer}])
    assert item_of(company, subscription)["quantity"] == 1

    asked = [{"id": item, "price": dearest, "quantity": 5}]
    change(company, subscription, SIXTEENTH, items=asked)
    assert item_of(company, subscription)["quantity"] == 5


def test_a_removed_item_is_credited(company: Company, subscription: Any) -> None:
    extra = company.licensed(600, "Extra")
    change(company, subscription, APRIL, items=[{"price": extra, "quantity": 2}])
    item = item_of(company, subscription, 1)["id"]

    change(company, subscription, SIXTEENTH, items=[{"id": item, "deleted": True}])

    assert pending(company, subscription) == [
        ("Remaining time on 2 × Extra after 01 Apr 2026", 1_200),
        ("Unused time on 2 × Extra after 16 Apr 2026", -600),
    ]
    assert company.store.get("subscription_item", item) is None
    company.run_to(MAY)
    assert latest(company, subscription)["total"] == 1_000 + 600


def test_all_that_costs_the_same_makes_no_proration(company: Company, subscription: Any) -> None:
    item = item_of(company, subscription)["id"]

    changed = change(
        company,
        subscription,
        SIXTEENTH,
        items=[{"id": item, "metadata": {"seat": "a"}, "quantity": 1}],
        proration_behavior="always_invoice",
        metadata={"team": "b"},
    )

    assert pending(company, subscription) == []
    assert changed["latest_invoice"] == subscription["latest_invoice"]
    assert item_of(company, subscription)["metadata"] == {"seat": "a"}


def test_prorations_are_to_the_second_and_at_the_date_that_is_asked_for(
    company: Company, subscription: Any
) -> None:
    item, dearer = item_of(company, subscription)["id"], company.licensed(123_457, "Big")
    moment = at(2026, 4, 11, 3, 4) + 5

    change(
        company,
        subscription,
        SIXTEENTH,
        items=[{"id": item, "price": dearer}],
        proration_date=moment,
    )

    left, whole = MAY - moment, MAY - APRIL
    assert pending(company, subscription) == [
        ("Unused time on Basic after 11 Apr 2026", -round(1_000 * left / whole)),
        ("Remaining time on Big after 11 Apr 2026", round(123_457 * left / whole)),
    ]


@pytest.mark.parametrize("moment", [APRIL - 1, MAY + 1])
def test_a_date_outside_of_the_period_is_refused(
    company: Company, subscription: Any, moment: int
) -> None:
    with pytest.raises(Refused, match="current billing period") as refused:
        change(company, subscription, SIXTEENTH, proration_date=moment)

    assert refused.value.fields["param"] == "proration_date"


def test_a_credit_that_is_more_than_the_charge_goes_to_the_balance(
    company: Company, subscription: Any
) -> None:
    item, cheaper = item_of(company, subscription)["id"], company.licensed(400, "Small")

    change(
        company,
        subscription,
        SIXTEENTH,
        items=[{"id": item, "price": cheaper}],
        proration_behavior="always_invoice",
    )

    invoice, customer = latest(company, subscription), subscription["customer"]
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (-300, 0, "paid")
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (0, -300)
    assert company.get("customer", customer)["balance"] == -300
    company.run_to(MAY + 2 * 3600)
    renewal = latest(company, subscription)
    assert (renewal["total"], renewal["amount_due"]) == (400, 100)
    assert company.get("customer", customer)["balance"] == 0


def test_an_invoice_at_once_takes_along_what_waited(company: Company, subscription: Any) -> None:
    item = item_of(company, subscription)["id"]
    change(company, subscription, SIXTEENTH, items=[{"id": item, "quantity": 2}])

    change(
        company,
        subscription,
        at(2026, 4, 21),
        items=[{"id": item, "quantity": 3}],
        proration_behavior="always_invoice",
    )

    assert billed(company, latest(company, subscription)) == [
        ("Unused time on 2 × Basic after 21 Apr 2026", -667),
        ("Remaining time on 3 × Basic after 21 Apr 2026", 1_000),
        ("Unused time on Basic after 16 Apr 2026", -500),
        ("Remaining time on 2 × Basic after 16 Apr 2026", 1_000),
    ]
    assert pending(company, subscription) == []


@pytest.mark.parametrize(
    ("items", "message", "param"),
    [
        (
            [{"id": "si_none", "quantity": 2}],
            "No such subscription_item: 'si_none'",
            "items[0][id]",
        ),
        ([{"price": "price_none"}], "No such price: 'price_none'", "items[0][price]"),
        ([{"id": "FIRST", "deleted": True}], "at least one active item", "items"),
        ([{"price": "SAME"}], "same price", "items"),
        ([{"id": "FIRST", "quantity": -1}], "greater than or equal to 0", "items[0][quantity]"),
        ([{"id": "FIRST", "clear_usage": True}], "clear_usage", "items[0][clear_usage]"),
        ([{"price": "METERED", "quantity": 2}], "usage_type is `metered`", "items[0][quantity]"),
        ([{"price": "WEEKLY"}], "must recur at intervals", "items"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    company: Company, subscription: Any, items: list[dict[str, Any]], message: str, param: str
) -> None:
    first = item_of(company, subscription)
    stand_for = {
        "FIRST": first["id"],
        "SAME": first["price"],
        "METERED": company.metered(company.meter()),
        "WEEKLY": company.licensed(interval="week"),
    }
    asked = [{name: stand_for.get(value, value) for name, value in item.items()} for item in items]

    with pytest.raises(Refused) as refused:
        change(company, subscription, SIXTEENTH, items=asked)

    assert message in str(refused.value)
    assert refused.value.fields["param"] == param


def test_a_price_may_be_described_instead_of_named(company: Company, subscription: Any) -> None:
    item = item_of(company, subscription)
    product = company.get("price", item["price"])["product"]
    data = {
        "currency": "usd",
        "product": product,
        "recurring": {"interval": "month"},
        "unit_amount": 3_000,
    }

    change(company, subscription, SIXTEENTH, items=[{"id": item["id"], "price_data": data}])

    price = company.get("price", item_of(company, subscription)["price"])
    assert (price["unit_amount"], price["active"]) == (3_000, False)
    assert [amount for _, amount in pending(company, subscription)] == [-500, 1_500]


def test_items_are_changed_by_themselves_too(company: Company, subscription: Any) -> None:
    extra, first = company.licensed(600, "Extra"), item_of(company, subscription)["id"]
    company.run_to(SIXTEENTH)

    asked = {"subscription": subscription["id"], "price": extra}
    added = create_subscription_item(company.call(**asked))
    changed = update_subscription_item(company.call(quantity=2), first)
    gone = delete_subscription_item(company.call(proration_behavior="none"), added["id"])

    assert (added["price"], changed["quantity"]) == (extra, 2)
    assert gone == {"id": added["id"], "object": "subscription_item", "deleted": True}
    assert [amount for _, amount in pending(company, subscription)] == [300, -500, 1_000]
    with pytest.raises(Refused) as refused:
        update_subscription_item(company.call(price="price_none"), first)
    assert refused.value.fields["param"] == "price"


def test_a_change_is_told_with_what_it_was_before(company: Company, subscription: Any) -> None:
    item = item_of(company, subscription)["id"]

    change(company, subscription, SIXTEENTH, items=[{"id": item, "quantity": 2}])

    told = company.store.every("event", type="customer.subscription.updated")[0]["data"]
    assert told["object"]["items"]["data"][0]["quantity"] == 2
    assert told["previous_attributes"]["items"]["data"][0]["quantity"] == 1
    assert told["previous_attributes"]["quantity"] == 1
    assert company.events()[-3:] == [
        "invoiceitem.created",
        "invoiceitem.created",
        "customer.subscription.updated",
    ]


def test_a_change_just_before_the_renewal_comes_by_is_billed_with_it(
    company: Company, subscription: Any
) -> None:
    item = item_of(company, subscription)["id"]
    company.clock.move_to(from_epoch(MAY + 1))

    update_subscription_item(company.call(quantity=3), item)

    assert pending(company, subscription) == []
    company.run_to(MAY + 2)
    assert billed(company, latest(company, subscription)) == [
        ("3 × Basic (at $10.00 / month)", 3_000)
    ]


def test_one_time_charges_are_added_to_the_next_invoice(
    company: Company, subscription: Any
) -> None:
    product = company.get("price", item_of(company, subscription)["price"])["product"]
    data = {"currency": "usd", "product": product, "unit_amount": 700}

    change(
        company,
        subscription,
        SIXTEENTH,
        add_invoice_items=[{"price_data": data, "quantity": 2}],
        proration_behavior="always_invoice",
    )

    assert pending(company, subscription) == [("Basic", 1_400)]
    (item,) = company.store.every("invoiceitem")
    assert item["period"] == {"start": APRIL, "end": MAY}
    company.run_to(MAY)
    assert latest(company, subscription)["total"] == 2_400


def test_a_credit_of_ones_own_is_a_charge_below_nothing(
    company: Company, subscription: Any
) -> None:
    product = company.get("price", item_of(company, subscription)["price"])["product"]
    coupon = create_coupon(company.call(percent_off=Decimal(10), duration="once"))
    credit = {"currency": "usd", "product": product, "unit_amount": -250}
    charge = {"currency": "usd", "product": product, "unit_amount": 500}

    change(
        company,
        subscription,
        SIXTEENTH,
        add_invoice_items=[
            {"price_data": credit},
            {"price_data": charge, "discounts": [{"coupon": coupon["id"]}]},
        ],
    )

    assert pending(company, subscription) == [("Basic", -250), ("Basic", 500)]
    company.run_to(MAY)
    assert latest(company, subscription)["total"] == 1_000 - 250 + 500 - 50


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({}, "add_invoice_items[0][price]"),
        ({"price": "price_none"}, "add_invoice_items[0][price]"),
        ({"period": {"start": {"type": "now"}, "end": {"type": "timestamp", "timestamp": 5}}},
         "add_invoice_items[0][period][end]"),
    ],
)  # fmt: skip
def test_a_one_time_charge_that_cannot_be_is_refused(
    company: Company, subscription: Any, asked: dict[str, Any], param: str
) -> None:
    with pytest.raises(Refused) as refused:
        change(company, subscription, SIXTEENTH, add_invoice_items=[asked])

    assert refused.value.fields["param"] == param
