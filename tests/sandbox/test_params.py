"""Parameters are checked against what Stripe's own client knows."""

from decimal import Decimal

import pytest

from portal.sandbox.params import adapter, checked, only
from portal.sandbox.refusals import Refused
from portal.sandbox.resources import ROUTES

ENDPOINTS = [endpoint for routes in ROUTES for endpoint in routes.endpoints]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path.pattern}")
def test_every_endpoint_names_parameters_that_stripe_has(endpoint):
    schema = adapter(endpoint.params).json_schema(mode="validation")

    first_words = {path.partition(".")[0] for path in endpoint.acts_on}
    known = set(schema.get("properties", {}))
    assert first_words - known <= {"expand", "limit", "starting_after", "ending_before"}


def test_form_texts_are_understood_as_what_they_stand_for():
    found = checked(
        "PriceCreateParams",
        {
            "currency": "usd",
            "active": "false",
            "unit_amount_decimal": "0.0125",
            "recurring": {"interval": "month", "interval_count": "3"},
            "tiers": [{"up_to": "inf"}, {"up_to": "10"}],
        },
    )

    assert found["active"] is False
    assert found["unit_amount_decimal"] == Decimal("0.0125")
    assert found["recurring"]["interval_count"] == 3
    assert [tier["up_to"] for tier in found["tiers"]] == ["inf", 10]


@pytest.mark.parametrize(
    ("name", "given", "param", "said"),
    [
        ("SubscriptionCreateParams", {"items": [{"prise": "x"}]}, "items[0][prise]", "unknown"),
        ("PriceCreateParams", {"currency": "usd", "tiers": [{}]}, "tiers[0][up_to]", "Missing"),
        ("SubscriptionCreateParams",
         {"items": [{"price_data": {"recurring": {"interval": "moon"}, "currency": "usd",
                                    "product": "prod_1"}}]},
         "items[0][price_data][recurring][interval]",
         "must be one of day, month, week, or year"),
        ("CustomerCreateParams", {"shipping": "x"}, "shipping", "Invalid object"),
        ("CustomerCreateParams", {"preferred_locales": "en"}, "preferred_locales", "Invalid array"),
        ("CustomerListParams", {"limit": "1.5"}, "limit", "Invalid integer: 1.5"),
        ("CustomerListParams", {"limit": "\N{ARABIC-INDIC DIGIT ONE}"}, "limit", "Invalid integer"),
        ("PriceCreateParams", {"currency": "usd", "unit_amount_decimal": "NaN"},
         "unit_amount_decimal", "Invalid decimal: NaN"),
        ("CustomerRetrieveParams", {"api_key": "sk_test_x"}, "api_key", "unknown"),
    ],
)  # fmt: skip
def test_what_stripe_would_not_take_is_named_in_brackets(name, given, param, said):
    with pytest.raises(Refused) as refused:
        checked(name, given)

    assert refused.value.fields["param"] == param
    assert said in refused.value.message


def test_a_cleared_field_is_no_unknown_word():
    assert checked("CustomerUpdateParams", {"metadata": "", "shipping": ""}) == {
        "metadata": "",
        "shipping": "",
    }


def test_what_is_not_acted_on_is_refused_rather_than_ignored():
    acts_on = frozenset(("items.price", "metadata"))

    only(acts_on, {"items": [{"price": "x"}], "metadata": {"any": "thing"}})
    with pytest.raises(Refused, match=r"items\[0\]\[quantity\]"):
        only(acts_on, {"items": [{"price": "x", "quantity": 2}]})
