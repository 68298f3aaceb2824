"""Coupons, promotion codes and tax rates over HTTP: what is kept, shown, found and refused."""

import pytest
import stripe

from tests.sandbox.objects import fresh, make_payer, make_plan


def coupon(client, **terms):
    return client.v1.coupons.create({"percent_off": 25.5, "duration": "once", **terms})


def test_a_coupon_is_made_read_renamed_and_deleted(sandbox_client):
    made = coupon(sandbox_client, id=fresh("SALE"), name="Sale", metadata={"a": "b"})

    assert (made.percent_off, made.amount_off, made.currency) == (25.5, None, None)
    assert (made.valid, made.times_redeemed, made.max_redemptions) == (True, 0, None)
    assert sandbox_client.v1.coupons.retrieve(made.id).name == "Sale"
    assert sandbox_client.v1.coupons.update(made.id, {"name": "Sold"}).name == "Sold"
    assert sandbox_client.v1.coupons.list().data[0].id == made.id
    assert sandbox_client.v1.coupons.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as missing:
        sandbox_client.v1.coupons.retrieve(made.id)
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")


def test_products_and_currencies_of_a_coupon_are_shown_when_asked_for(sandbox_client):
    product = sandbox_client.v1.products.create({"name": "Seats"})
    options = {"eur": {"amount_off": 450}}

    made = sandbox_client.v1.coupons.create(
        {
            "amount_off": 500,
            "applies_to": {"products": [product.id]},
            "currency": "usd",
            "currency_options": options,
        }
    )

    expand = {"expand": ["applies_to", "currency_options"]}
    shown = sandbox_client.v1.coupons.retrieve(made.id, expand).to_dict()
    assert not {"applies_to", "currency_options"} & made.to_dict().keys()
    assert shown["applies_to"] == {"products": [product.id]}
    assert shown["currency_options"] == {"usd": {"amount_off": 500}, **options}
    assert shown["duration"] == "once"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"percent_off": 10, "amount_off": 5, "currency": "usd"}, "percent_off"),
        ({}, "percent_off"),
        ({"percent_off": 0}, "percent_off"),
        ({"percent_off": 100.1}, "percent_off"),
        ({"amount_off": 5}, "currency"),
        ({"amount_off": 0, "currency": "usd"}, "amount_off"),
        ({"amount_off": 5, "currency": "zzz"}, "currency"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 10, "duration_in_months": 3}, "duration_in_months"),
        ({"percent_off": 10, "max_redemptions": 0}, "max_redemptions"),
        ({"percent_off": 10, "redeem_by": 1}, "redeem_by"),
        ({"percent_off": 10, "name": "x" * 41}, "name"),
        (
            {"percent_off": 10, "applies_to": {"products": ["prod_none"]}},
            "applies_to[products][0]",
        ),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(sandbox_client, given, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.coupons.create(given)

    assert (refused.value.http_status, refused.value.param) == (400, param)


def test_a_coupons_id_is_its_own(sandbox_client):
    made = coupon(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        coupon(sandbox_client, id=made.id)

    assert refused.value.code == "resource_already_exists"


def test_a_promotion_code_is_made_found_and_taken_out_of_use(sandbox_client):
    made, word = coupon(sandbox_client), fresh("FALL").replace("_", "-")

    code = sandbox_client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": made.id}, "code": word}
    )

    assert (code.active, code.promotion.coupon, code.times_redeemed) == (True, made.id, 0)
    found = sandbox_client.v1.promotion_codes.list({"code": word.lower()})
    assert [one.id for one in found.data] == [code.id]
    expand = {"expand": ["promotion.coupon"]}
    whole = sandbox_client.v1.promotion_codes.retrieve(code.id, expand)
    assert whole.promotion.coupon.percent_off == 25.5
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        sandbox_client.v1.promotion_codes.create(
            {"promotion": {"type": "coupon", "coupon": made.id}, "code": word.lower()}
        )
    assert not sandbox_client.v1.promotion_codes.update(code.id, {"active": False}).active
    assert sandbox_client.v1.promotion_codes.list({"coupon": made.id, "active": True}).data == []


def test_a_promotion_code_may_ask_for_a_minimum(sandbox_client):
    least = {"minimum_amount": 5_000, "minimum_amount_currency": "usd"}

    code = sandbox_client.v1.promotion_codes.create(
        {
            "promotion": {"type": "coupon", "coupon": coupon(sandbox_client).id},
            "restrictions": least,
        }
    )

    assert code.restrictions.to_dict() == {"first_time_transaction": False, **least}
    assert len(code.code) == 8


def test_a_discount_on_a_subscription_is_shown_by_its_id_or_whole(sandbox_client):
    ten = coupon(sandbox_client, percent_off=10, duration="forever")
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)

    made = sandbox_client.v1.subscriptions.create(
        {
            "customer": payer.id,
            "items": [{"price": plan.id}],
            "discounts": [{"coupon": ten.id}],
            "expand": ["discounts", "latest_invoice.total_discount_amounts.discount"],
        }
    )

    (discount,) = made.discounts
    (amount,) = made.latest_invoice.total_discount_amounts
    assert amount.discount.id == discount.id
    assert (discount.source.coupon, discount.subscription) == (ten.id, made.id)
    assert (discount.end, discount.promotion_code, discount.invoice) == (None, None, None)
    assert made.latest_invoice.discounts == [discount.id]


def test_an_unknown_coupon_is_named_where_it_stands(sandbox_client):
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.subscriptions.create(
            {
                "customer": payer.id,
                "items": [{"price": plan.id}],
                "discounts": [{"coupon": "none"}],
            }
        )

    assert (refused.value.http_status, refused.value.code) == (400, "resource_missing")
    assert refused.value.param == "discounts[0][coupon]"
    assert str(refused.value.user_message) == "No such coupon: 'none'"


def test_a_tax_rate_is_made_described_anew_and_archived(sandbox_client):
    made = sandbox_client.v1.tax_rates.create(
        {
            "country": "DE",
            "display_name": "VAT",
            "inclusive": False,
            "percentage": 19.6,
            "tax_type": "vat",
        }
    )

    changed = sandbox_client.v1.tax_rates.update(made.id, {"active": False, "description": "old"})

    assert (made.percentage, made.inclusive, made.country) == (19.6, False, "DE")
    assert (changed.active, changed.description, changed.percentage) == (False, "old", 19.6)
    assert sandbox_client.v1.tax_rates.retrieve(made.id).description == "old"
    archived = sandbox_client.v1.tax_rates.list({"active": False})
    assert made.id in [one.id for one in archived.data]


@pytest.mark.parametrize("percentage", [-1, 101, 1.00001])
def test_a_tax_rate_is_a_percentage(sandbox_client, percentage):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sandbox_client.v1.tax_rates.create(
            {"display_name": "VAT", "inclusive": True, "percentage": percentage}
        )

    assert refused.value.param == "percentage"


def test_tax_rates_are_shown_whole_where_they_apply(sandbox_client):
    rate = sandbox_client.v1.tax_rates.create(
        {"display_name": "VAT", "inclusive": False, "percentage": 20}
    )
    payer, plan = make_payer(sandbox_client), make_plan(sandbox_client)

    made = sandbox_client.v1.subscriptions.create(
        {
            "customer": payer.id,
            "items": [{"price": plan.id, "tax_rates": [rate.id]}],
            "default_tax_rates": [rate.id],
            "expand": ["latest_invoice"],
        }
    )

    assert made.default_tax_rates[0].percentage == 20
    assert made["items"].data[0].tax_rates[0].display_name == "VAT"
    assert made.latest_invoice.default_tax_rates[0].id == rate.id


@pytest.mark.parametrize(
    "restrictions",
    [
        {"minimum_amount": 500, "minimum_amount_currency": "zzz"},
        {"currency_options": {"zzz": {"minimum_amount": 500}}},
    ],
)
def test_a_minimum_is_in_a_currency_that_there_is(sandbox_client, restrictions):
    coupon = sandbox_client.v1.coupons.create({"percent_off": 10})

    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency: zzz"):
        sandbox_client.v1.promotion_codes.create(
            {"promotion": {"type": "coupon", "coupon": coupon.id}, "restrictions": restrictions}
        )
