from decimal import Decimal
from pathlib import Path

import pytest

from portal.catalog import (
    CatalogInvalid,
    CatalogMissing,
    UsagePrice,
    load_catalog,
    parse_catalog,
)
from portal.rating.price import Price, Tier
from portal.rating.rate import rate

SHIPPED = Path(__file__).parents[1] / "catalog.toml"
SMALL = """
currency = "usd"
[vendor]
name = "Acme"
[[meters]]
event_name = "calls"
display_name = "API calls"
unit_label = "call"
formula = "sum"
price_per = 1000
[[plans]]
key = "basic"
name = "Basic"
amount = "9.50"
usage = [{ meter = "calls", tiers = [{ up_to = 10, price = "0" }, { price = "0.40" }] }]
"""


def test_the_shipped_catalog_has_the_three_plans_and_the_add_on() -> None:
    catalog = load_catalog(SHIPPED)

    assert [(plan.name, plan.amount) for plan in catalog.plans] == [
        ("Build", 9_900),
        ("Scale", 49_900),
        ("Volume", 119_900),
    ]
    assert [(add_on.name, add_on.amount) for add_on in catalog.add_ons] == [
        ("Burst capacity", 15_000)
    ]
    assert catalog.vendor.name == "Northwind AI"


def test_every_plan_of_the_shipped_catalog_prices_every_meter() -> None:
    catalog = load_catalog(SHIPPED)

    for plan in catalog.plans:
        assert [price.event_name for price in plan.usage] == [
            meter.event_name for meter in catalog.meters
        ]


@pytest.mark.parametrize(
    ("plan", "total"),
    [
        # 99.00 + 1,236.83 requests + 454.56 tokens + 57 × 0.40 storage
        ("build", 181_319),
        # 499.00 + 483.64 (400.00 and 261,382 × 0.00032) + 321.60 (162.50 and 159.10) + 0.00
        ("scale", 130_424),
        # 1,199.00 + 0.00 + 63.91 + 0.00
        ("volume", 126_291),
    ],
)
def test_a_month_of_usage_costs_what_the_plans_say(plan: str, total: int) -> None:
    catalog = load_catalog(SHIPPED)
    offered = next(one for one in catalog.plans if one.key == plan)
    used = {"api_request": 2_261_382, "output_tokens": 568_195_573, "storage_gb": 77}

    usage = sum(
        rate(as_price(price), Decimal(used[price.event_name])).amount for price in offered.usage
    )

    assert offered.amount + usage == total


def as_price(usage: UsagePrice) -> Price:
    tiers = tuple(
        Tier(None if tier.up_to is None else Decimal(tier.up_to), tier.unit_amount_decimal)
        for tier in usage.tiers
    )
    return Price(usage.lookup_key, "usd", "tiered", tiers=tiers, tiers_mode="graduated")


def test_a_price_for_many_units_is_kept_for_one_in_minor_units() -> None:
    plan = parse_catalog(SMALL).plans[0]

    assert plan.amount == 950
    assert [(tier.up_to, tier.unit_amount_decimal) for tier in plan.usage[0].tiers] == [
        (10, Decimal(0)),
        (None, Decimal("0.04")),
    ]


def test_products_and_lookup_keys_follow_from_the_names() -> None:
    plan = parse_catalog(SMALL).plans[0]

    assert (plan.product_name, plan.lookup_key) == ("Basic plan", "basic_plan")
    assert plan.usage[0].lookup_key == "basic_api_calls"


def test_a_meter_says_how_it_is_shown() -> None:
    meter = load_catalog(SHIPPED).meter("output_tokens")

    assert (meter.display_name, meter.unit_label_plural) == ("Output tokens", "tokens")
    assert (meter.price_per, meter.visible) == (1_000_000, True)


def test_a_meter_that_is_not_listed_is_shown_plainly() -> None:
    meter = load_catalog(SHIPPED).meter("gpu_seconds")

    assert (meter.display_name, meter.unit_label, meter.price_per) == ("gpu_seconds", "unit", 1)


@pytest.mark.parametrize(
    ("right", "wrong", "where"),
    [
        ('amount = "9.50"', 'amount = "much"', r"plans\[0\].amount"),
        ('amount = "9.50"', 'amount = "9.505"', r"plans\[0\].amount"),
        ('meter = "calls"', 'meter = "cals"', r"plans\[0\].usage\[0\].meter"),
        ("up_to = 10, ", "", r"plans\[0\].usage\[0\].tiers"),
        (', { price = "0.40" }', "", r"plans\[0\].usage\[0\].tiers"),
        ("up_to = 10", "up_to = 0", r"plans\[0\].usage\[0\].tiers"),
        ("price_per = 1000", "price_per = 3", r"plans\[0\].usage\[0\].tiers\[1\].price"),
        ('formula = "sum"', 'formula = "max"', r"meters\[0\].formula"),
        ('name = "Acme"', "", "vendor.name"),
        ('currency = "usd"', "currency =", "TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place(right: str, wrong: str, where: str) -> None:
    with pytest.raises(CatalogInvalid, match=where):
        parse_catalog(SMALL.replace(right, wrong, 1))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogMissing, match="PORTAL_CATALOG"):
        load_catalog(tmp_path / "catalog.toml")
