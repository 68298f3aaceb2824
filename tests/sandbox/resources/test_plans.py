"""Recurring prices by their older name, which may have any id."""

import pytest
import stripe

from tests.sandbox.objects import fresh, make_payer


def make_named_plan(client: stripe.StripeClient, id: str) -> stripe.Plan:
    return client.v1.plans.create(
        {
            "id": id,
            "amount": 2500,
            "currency": "usd",
            "interval": "month",
            "nickname": "Small",
            "product": {"name": "Build"},
        }
    )


def test_a_plan_is_a_price_with_an_id_of_its_makers_choice(sandbox_client):
    id = fresh("small-monthly")

    plan = make_named_plan(sandbox_client, id)

    price = sandbox_client.v1.prices.retrieve(id)
    assert (plan.id, plan.amount, plan.interval) == (id, 2500, "month")
    assert (price.unit_amount, price.recurring.interval, price.nickname) == (2500, "month", "Small")
    assert sandbox_client.v1.plans.retrieve(id).product == price.product
    assert [one.id for one in sandbox_client.v1.plans.list({"product": price.product})] == [id]


def test_a_plan_is_subscribed_to_like_any_price(sandbox_client):
    plan = make_named_plan(sandbox_client, fresh("plan"))

    subscription = sandbox_client.v1.subscriptions.create(
        {"customer": make_payer(sandbox_client).id, "items": [{"price": plan.id}]}
    )

    assert subscription.status == "active"


def test_an_id_is_given_once(sandbox_client):
    id = make_named_plan(sandbox_client, fresh("plan")).id

    with pytest.raises(stripe.InvalidRequestError) as caught:
        make_named_plan(sandbox_client, id)

    assert (caught.value.code, caught.value.param) == ("resource_already_exists", "id")
