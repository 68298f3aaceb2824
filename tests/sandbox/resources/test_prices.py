"""Products and prices: what can be sold, and what cannot be."""

from decimal import Decimal

import pytest
import stripe

from tests.sandbox.objects import fresh, make_meter, make_payer, make_plan

MONTHLY = {"interval": "month"}
NINE = {"up_to": 9, "unit_amount": 1}
OPEN = {"up_to": "inf", "unit_amount": 1}


def price(client, **changes):
    return client.v1.prices.create(
        {"currency": "usd", "product_data": {"name": "Build"}, "recurring": MONTHLY, **changes}
    )


@pytest.mark.parametrize(
    ("given", "whole", "exact"),
    [
        ({"unit_amount": 2500}, 2500, "2500"),
        ({"unit_amount_decimal": "0.0125"}, None, "0.0125"),
        ({"unit_amount_decimal": "1250.000"}, 1250, "1250"),
        ({"unit_amount_decimal": "0.000000000001"}, None, "0.000000000001"),
        ({"unit_amount": 0}, 0, "0"),
    ],
)
def test_an_amount_is_told_whole_and_exact(sandbox_client, given, whole, exact):
    made = price(sandbox_client, **given)

    assert (made.unit_amount, made.unit_amount_decimal) == (whole, Decimal(exact))


def test_a_price_in_packages(sandbox_client):
    packages = {"divide_by": 1000, "round": "up"}

    made = price(sandbox_client, unit_amount=500, transform_quantity=packages)

    assert made.transform_quantity.to_dict() == packages


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({}, "unit_amount"),
        ({"unit_amount": 1, "unit_amount_decimal": "1.5"}, "unit_amount"),
        ({"unit_amount": -1}, "unit_amount"),
        ({"unit_amount_decimal": "0.0000000000001"}, "unit_amount_decimal"),
        ({"unit_amount": 1, "currency": "dollars"}, "currency"),
        ({"unit_amount": 1, "currency": "zzz"}, "currency"),
        ({"unit_amount": 1, "tiers": [OPEN], "billing_scheme": "per_unit"}, "tiers"),
        ({"billing_scheme": "tiered", "tiers": [OPEN]}, "tiers_mode"),
        ({"billing_scheme": "tiered", "tiers_mode": "volume"}, "tiers"),
        ({"tiers_mode": "volume", "tiers": [OPEN], "unit_amount": 1}, "unit_amount"),
        ({"tiers_mode": "volume", "tiers": [{"up_to": 5, "unit_amount": 1}]}, "tiers"),
        ({"tiers_mode": "volume", "tiers": [OPEN, OPEN]}, "tiers"),
        ({"tiers_mode": "volume", "tiers": [NINE, NINE, OPEN]}, "tiers"),
        ({"tiers_mode": "volume", "tiers": [{"up_to": "inf"}]}, "tiers[0]"),
        ({"unit_amount": 1, "recurring": {"interval": "month", "usage_type": "metered"}},
         "recurring[meter]"),
        ({"unit_amount": 1, "recurring": {"interval": "month", "meter": "mtr_x"}},
         "recurring[meter]"),
        ({"unit_amount": 1,
          "recurring": {"interval": "month", "usage_type": "metered", "meter": "mtr_x"}},
         "recurring[meter]"),
        ({"unit_amount": 1, "recurring": {"interval": "month", "interval_count": 37}},
         "recurring[interval_count]"),
        ({"unit_amount": 1, "transform_quantity": {"divide_by": 0, "round": "up"}},
         "transform_quantity[divide_by]"),
        ({"unit_amount": 1, "product": "prod_x", "product_data": None}, "product"),
        ({"unit_amount": 1, "product": "prod_x"}, "product"),
    ],
)  # fmt: skip
def test_a_price_that_cannot_be_is_refused_by_name(sandbox_client, given, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        price(sandbox_client, **given)

    assert refused.value.http_status == 400
    assert refused.value.param == param


def test_a_lookup_key_has_one_holder_and_moves_on_request(sandbox_client):
    key = fresh("scale")
    first = price(sandbox_client, unit_amount=1, lookup_key=key)

    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        price(sandbox_client, unit_amount=2, lookup_key=key)
    second = price(sandbox_client, unit_amount=2, lookup_key=key, transfer_lookup_key=True)

    found = sandbox_client.v1.prices.list({"lookup_keys": [key]}).data
    assert [one.id for one in found] == [second.id]
    assert sandbox_client.v1.prices.retrieve(first.id).lookup_key is None


def test_an_archived_price_cannot_be_subscribed_to(sandbox_client):
    plan = make_plan(sandbox_client)
    archived = sandbox_client.v1.prices.update(plan.id, {"active": False, "nickname": "Old"})
    customer = sandbox_client.v1.customers.create()

    with pytest.raises(stripe.InvalidRequestError, match="inactive") as refused:
        sandbox_client.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": plan.id}]}
        )

    assert (archived.active, archived.nickname) == (False, "Old")
    assert refused.value.param == "items[0][price]"


def test_a_price_is_never_deleted_nor_its_amount_changed(sandbox_client):
    plan = make_plan(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: unit_amount"):
        sandbox_client.v1.prices.update(plan.id, {"unit_amount": 1})


def test_a_product_comes_with_its_default_price(sandbox_client):
    products = sandbox_client.v1.products
    made = products.create(
        {
            "name": "Scale",
            "unit_label": "seat",
            "default_price_data": {"currency": "usd", "unit_amount": 900, "recurring": MONTHLY},
            "expand": ["default_price"],
        }
    )

    assert made.default_price.unit_amount == 900
    assert made.default_price.product == made.id
    with pytest.raises(stripe.InvalidRequestError, match="one or more user-created prices"):
        products.delete(made.id)


def test_a_product_may_have_a_size(sandbox_client):
    size = {"height": 1.5, "length": 20, "weight": 0, "width": 0.25}

    made = sandbox_client.v1.products.create({"name": "Box", "package_dimensions": size})

    assert made.package_dimensions.to_dict() == size


def test_a_product_is_changed_found_and_deleted(sandbox_client):
    products, id = sandbox_client.v1.products, fresh("prod")
    products.create({"id": id, "name": "Scale", "images": ["https://example.com/a.png"]})

    changed = products.update(id, {"name": "Scale 2", "images": "", "active": False})
    found = products.list({"ids": [id], "active": False}).data
    deleted = products.delete(id)

    assert (changed.name, changed.images, changed.active) == ("Scale 2", [], False)
    assert [one.id for one in found] == [id]
    assert (deleted.deleted, products.retrieve(id).deleted) == (True, True)
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        products.create({"id": id, "name": "Again"})


def test_a_metered_price_names_its_meter(sandbox_client):
    meter = make_meter(sandbox_client)
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter.id}

    made = price(sandbox_client, unit_amount_decimal="0.5", recurring=recurring)

    assert made.recurring.meter == meter.id


def test_a_price_in_further_currencies_shows_them_when_asked_to(sandbox_client):
    euros = {"unit_amount": 2_300, "tax_behavior": "inclusive"}
    made = price(sandbox_client, unit_amount=2_500, currency_options={"eur": euros})

    shown = sandbox_client.v1.prices.retrieve(made.id, {"expand": ["currency_options"]})

    assert "currency_options" not in made.to_dict()
    options = shown.currency_options.to_dict()
    assert (options["usd"]["unit_amount"], options["eur"]["unit_amount"]) == (2_500, 2_300)
    assert options["eur"]["tax_behavior"] == "inclusive"
    assert "tiers" not in options["eur"]


def test_the_tiers_of_a_currency_are_expanded_on_their_own(sandbox_client):
    tiers = {"tiers": [NINE, {**OPEN, "unit_amount": 7}]}
    made = price(
        sandbox_client,
        billing_scheme="tiered",
        tiers_mode="volume",
        currency_options={"eur": tiers},
        tiers=[NINE, OPEN],
    )

    expand = {"expand": ["currency_options.eur.tiers"]}
    shown = sandbox_client.v1.prices.retrieve(made.id, expand).currency_options

    assert [tier.unit_amount for tier in shown["eur"].tiers] == [1, 7]
    assert "tiers" not in shown["usd"].to_dict()


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"usd": {"unit_amount": 1}}, "currency_options[usd]"),
        ({"zzz": {"unit_amount": 1}}, "currency_options[zzz]"),
        ({"eur": {"tax_behavior": "inclusive"}}, "currency_options[eur][unit_amount]"),
        ({"eur": {"tiers": [OPEN]}}, "currency_options[eur][tiers]"),
        (
            {"eur": {"custom_unit_amount": {"enabled": True}}},
            "currency_options[eur][custom_unit_amount]",
        ),
    ],
)
def test_a_currency_that_makes_no_sense_is_refused(sandbox_client, options, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        price(sandbox_client, unit_amount=1, currency_options=options)

    assert refused.value.param == param


def test_currencies_can_be_added_later(sandbox_client):
    made = price(sandbox_client, unit_amount=100, currency_options={"eur": {"unit_amount": 90}})

    changed = sandbox_client.v1.prices.update(
        made.id,
        {"currency_options": {"gbp": {"unit_amount": 80}}, "expand": ["currency_options"]},
    )

    options = changed.currency_options.to_dict()
    amounts = {name: option["unit_amount"] for name, option in options.items()}
    assert amounts == {"usd": 100, "eur": 90, "gbp": 80}


def test_a_subscription_in_another_currency_is_billed_in_it(sandbox_client):
    made = price(
        sandbox_client, unit_amount=2_500, currency_options={"eur": {"unit_amount": 2_300}}
    )
    payer = make_payer(sandbox_client)

    subscription = sandbox_client.v1.subscriptions.create(
        {
            "currency": "eur",
            "customer": payer.id,
            "items": [{"price": made.id}],
            "expand": ["latest_invoice"],
        }
    )

    invoice = subscription.latest_invoice
    assert (subscription.currency, invoice.currency, invoice.total) == ("eur", "eur", 2_300)
    assert "€23.00" in invoice.lines.data[0].description


def test_a_tax_behavior_is_set_once(sandbox_client):
    made = price(sandbox_client, unit_amount=1)

    assert (
        sandbox_client.v1.prices.update(made.id, {"tax_behavior": "exclusive"}).tax_behavior
        == "exclusive"
    )
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.prices.update(made.id, {"tax_behavior": "inclusive"})
    assert refused.value.param == "tax_behavior"


def test_trial_days_of_a_price_are_kept(sandbox_client):
    made = price(sandbox_client, unit_amount=1, recurring={**MONTHLY, "trial_period_days": 14})

    assert made.recurring.trial_period_days == 14
