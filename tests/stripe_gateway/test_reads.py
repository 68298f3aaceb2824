"""Reads of the sandbox's objects: whole ones, however Stripe cuts them up."""

from decimal import Decimal

from portal.mirror.queries import rating_price
from portal.mirror.rows import row_of
from portal.mirror.tables import Price
from portal.stripe_gateway import lists, reads
from portal.stripe_gateway.client import Gateway
from portal.stripe_gateway.facts import (
    CustomerFacts,
    Gone,
    InvoiceFacts,
    MeterFacts,
    ObjectFacts,
    PaymentMethodFacts,
    PriceFacts,
    ProductFacts,
    SubscriptionFacts,
)
from portal.stripe_gateway.facts import (
    TestClockFacts as ClockFacts,
)
from tests.fixtures.stripe_account import StripeAccount

TIERS = [{"up_to": 100 * n, "unit_amount_decimal": str(13 - n)} for n in range(1, 12)]
TWELVE_TIERS = [*TIERS, {"up_to": "inf", "unit_amount_decimal": "0.5"}]


async def test_a_customer_and_her_payment_method(gateway: Gateway, stripe_account: StripeAccount):
    customer = stripe_account.customer(email="billing@acme.example")

    facts = await reads.retrieve(gateway, "customer", customer)

    assert isinstance(facts, CustomerFacts)
    assert facts.email == "billing@acme.example"
    method = await reads.retrieve(gateway, "payment_method", str(facts.default_payment_method_id))
    assert isinstance(method, PaymentMethodFacts)
    assert (method.brand, method.last4, method.customer_id) == ("visa", "4242", customer)


async def test_a_tiered_price_comes_with_its_tiers(gateway: Gateway, stripe_account: StripeAccount):
    meter = stripe_account.meter("last")
    made = stripe_account.price(
        meter, billing_scheme="tiered", tiers_mode="graduated", tiers=TWELVE_TIERS
    )

    price = await reads.retrieve_price(gateway, made)

    assert isinstance(price, PriceFacts)
    assert (price.meter_id, price.usage_type, price.interval) == (meter.id, "metered", "month")
    tiers = rating_price(row_of(Price, price), "usd").tiers
    assert [tier.up_to for tier in tiers] == [*(Decimal(100 * n) for n in range(1, 12)), None]
    assert tiers[-1].unit_amount_decimal == Decimal("0.5")


async def test_a_price_comes_with_its_tiers_in_every_currency(
    gateway: Gateway, stripe_account: StripeAccount
):
    yen = [{"up_to": 100, "unit_amount": 3}, {"up_to": "inf", "unit_amount_decimal": "0.5"}]
    made = stripe_account.price(
        stripe_account.meter(),
        billing_scheme="tiered",
        tiers_mode="graduated",
        tiers=TWELVE_TIERS,
        currency_options={"jpy": {"tiers": yen}, "eur": {"tiers": TWELVE_TIERS}},
    )

    price = await reads.retrieve_price(gateway, made)

    assert isinstance(price, PriceFacts)
    row = row_of(Price, price)
    assert [tier.up_to for tier in rating_price(row, "jpy").tiers] == [Decimal(100), None]
    assert len(rating_price(row, "eur").tiers) == 12
    listed = [one for one in await every_price(gateway) if one.id == made]
    assert [dict(one.stripe_object) for one in listed] == [dict(price.stripe_object)]


async def every_price(gateway: Gateway) -> list[ObjectFacts]:
    pages = lists.list_prices(gateway, active=True)
    return [one async for page in pages for one in page.facts]


async def test_a_price_leads_to_its_product_and_meter(
    gateway: Gateway, stripe_account: StripeAccount
):
    price = await reads.retrieve_price(gateway, stripe_account.price(stripe_account.meter("count")))

    assert isinstance(price, PriceFacts)
    product = await reads.retrieve(gateway, "product", price.product_id)
    assert isinstance(product, ProductFacts)
    assert product.name == "API requests"
    meter = await reads.retrieve(gateway, "meter", str(price.meter_id))
    assert isinstance(meter, MeterFacts)
    assert meter.formula == "count"


async def test_a_subscription_with_more_items_than_stripe_embeds(
    gateway: Gateway, stripe_account: StripeAccount
):
    prices = [stripe_account.price() for _ in range(13)]
    subscription = stripe_account.subscribe(stripe_account.customer(), prices)

    facts = await reads.retrieve_subscription(gateway, subscription)

    assert isinstance(facts, SubscriptionFacts)
    assert {item.price_id for item in facts.items} == set(prices)
    assert [item.position for item in facts.items] == list(range(13))


async def test_an_invoice_with_more_lines_than_stripe_embeds(
    gateway: Gateway, stripe_account: StripeAccount
):
    prices = [stripe_account.price(unit_amount=100 + n) for n in range(13)]
    subscription = stripe_account.subscribe(stripe_account.customer(), prices)
    invoice = stripe_account.client.v1.subscriptions.retrieve(subscription).latest_invoice

    facts = await reads.retrieve_invoice(gateway, str(invoice))

    assert isinstance(facts, InvoiceFacts)
    assert len(facts.lines) == 13
    assert sum(line.amount for line in facts.lines) == facts.total == 13 * 100 + 78
    assert facts.subscription_id == subscription


async def test_a_test_clock(gateway: Gateway, stripe_account: StripeAccount):
    clock = stripe_account.client.v1.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000})

    facts = await reads.retrieve(gateway, "test_clock", clock.id)

    assert isinstance(facts, ClockFacts)
    assert facts.frozen_time.timestamp() == 1_800_000_000


async def test_what_never_was_and_what_was_deleted_are_gone(
    gateway: Gateway, stripe_account: StripeAccount
):
    deleted = stripe_account.customer()
    stripe_account.client.v1.customers.delete(deleted)

    for kind, object_id in [("customer", deleted), *((kind, "x_1") for kind in reads.KINDS)]:
        found = await reads.retrieve(gateway, kind, object_id)

        assert isinstance(found, Gone)
        assert (found.kind, found.id) == (kind, object_id)
