"""Reads of one object of Stripe's by its id, as facts.

Lists are in lists.py, usage in usage/.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, TypeVar

from portal.stripe_gateway import translate
from portal.stripe_gateway.client import Answer, Gateway, ObjectGone
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
    TestClockFacts,
)
from portal.stripe_gateway.translate import StripeObject
from portal.stripe_gateway.translate_invoice import invoice_facts

Found = TypeVar("Found", bound=ObjectFacts)


def _or_gone(
    kind: str,
) -> Callable[
    [Callable[[Gateway, str], Awaitable[Found]]], Callable[[Gateway, str], Awaitable[Found | Gone]]
]:
    """Let a read answer Gone when Stripe has no such object."""

    def wrap(
        read: Callable[[Gateway, str], Awaitable[Found]],
    ) -> Callable[[Gateway, str], Awaitable[Found | Gone]]:
        @wraps(read)
        async def reading(gateway: Gateway, object_id: str) -> Found | Gone:
            try:
                return await read(gateway, object_id)
            except ObjectGone as gone:
                return Gone(kind, object_id, gone.read_at)

        return reading

    return wrap


@_or_gone(CustomerFacts.kind)
async def retrieve_customer(gateway: Gateway, customer: str) -> CustomerFacts:
    """One customer."""
    answer = await gateway.read(lambda client: client.v1.customers.retrieve_async(customer))
    return translate.customer_facts(answer.stripe_object, answer.read_at)


@_or_gone(ProductFacts.kind)
async def retrieve_product(gateway: Gateway, product: str) -> ProductFacts:
    """One product."""
    answer = await gateway.read(lambda client: client.v1.products.retrieve_async(product))
    return translate.product_facts(answer.stripe_object, answer.read_at)


@_or_gone(PriceFacts.kind)
async def retrieve_price(gateway: Gateway, price: str) -> PriceFacts:
    """One price, with its tiers and its amounts in other currencies."""
    expand = ["tiers", "currency_options"]
    answer = await gateway.read(
        lambda client: client.v1.prices.retrieve_async(price, {"expand": expand})
    )
    return await complete_price(gateway, answer)


@_or_gone(MeterFacts.kind)
async def retrieve_meter(gateway: Gateway, meter: str) -> MeterFacts:
    """One billing meter."""
    answer = await gateway.read(lambda client: client.v1.billing.meters.retrieve_async(meter))
    return translate.meter_facts(answer.stripe_object, answer.read_at)


@_or_gone(TestClockFacts.kind)
async def retrieve_test_clock(gateway: Gateway, clock: str) -> TestClockFacts:
    """One test clock."""
    answer = await gateway.read(
        lambda client: client.v1.test_helpers.test_clocks.retrieve_async(clock)
    )
    return translate.test_clock_facts(answer.stripe_object, answer.read_at)


@_or_gone(SubscriptionFacts.kind)
async def retrieve_subscription(gateway: Gateway, subscription: str) -> SubscriptionFacts:
    """One subscription with all of its items."""
    answer = await gateway.read(lambda client: client.v1.subscriptions.retrieve_async(subscription))
    return await complete_subscription(gateway, answer)


@_or_gone(InvoiceFacts.kind)
async def retrieve_invoice(gateway: Gateway, invoice: str) -> InvoiceFacts:
    """One invoice with all of its lines."""
    answer = await gateway.read(lambda client: client.v1.invoices.retrieve_async(invoice))
    return await complete_invoice(gateway, answer)


@_or_gone(PaymentMethodFacts.kind)
async def retrieve_payment_method(gateway: Gateway, payment_method: str) -> PaymentMethodFacts:
    """One payment method, attached to a customer or not."""
    answer = await gateway.read(
        lambda client: client.v1.payment_methods.retrieve_async(payment_method)
    )
    return translate.payment_method_facts(answer.stripe_object, answer.read_at)


_RETRIEVE: Mapping[str, Callable[[Gateway, str], Awaitable[ObjectFacts | Gone]]] = MappingProxyType(
    {
        CustomerFacts.kind: retrieve_customer,
        ProductFacts.kind: retrieve_product,
        PriceFacts.kind: retrieve_price,
        MeterFacts.kind: retrieve_meter,
        TestClockFacts.kind: retrieve_test_clock,
        SubscriptionFacts.kind: retrieve_subscription,
        InvoiceFacts.kind: retrieve_invoice,
        PaymentMethodFacts.kind: retrieve_payment_method,
    }
)
KINDS = frozenset(_RETRIEVE)
# A preview's discounts with their coupons, so that each can be called by its name.
_NAMED_DISCOUNTS = ["total_discount_amounts.discount.source.coupon"]


async def retrieve(gateway: Gateway, kind: str, object_id: str) -> ObjectFacts | Gone:
    """One object of any kind in KINDS; KeyError for another kind."""
    return await _RETRIEVE[kind](gateway, object_id)


async def preview_invoice(gateway: Gateway, subscription: SubscriptionFacts) -> InvoiceFacts:
    """The next invoice of a subscription as Stripe previews it; StripeRefused when there is none.

    https://docs.stripe.com/api/invoices/create_preview
    """
    answer = await gateway.read(
        lambda client: client.v1.invoices.create_preview_async(
            {
                "customer": subscription.customer_id,
                "subscription": subscription.id,
                "expand": _NAMED_DISCOUNTS,
            }
        )
    )
    return await complete_invoice(gateway, answer)


async def complete_price(gateway: Gateway, answer: Answer) -> PriceFacts:
    """A price with its tiers in all of its currencies: each other one's must be asked for by name.

    https://docs.stripe.com/api/prices/object#price_object-currency_options
    """
    price = answer.stripe_object
    others = sorted(set(price.get("currency_options") or ()) - {price["currency"]})
    if price["billing_scheme"] == "tiered" and others:
        tiers = [f"currency_options.{currency}.tiers" for currency in others]
        answer = await gateway.read(
            lambda client: client.v1.prices.retrieve_async(
                price["id"], {"expand": ["tiers", "currency_options", *tiers]}
            )
        )
    return translate.price_facts(answer.stripe_object, answer.read_at)


async def complete_subscription(gateway: Gateway, answer: Answer) -> SubscriptionFacts:
    """A subscription with the items that Stripe did not embed: it embeds ten."""
    subscription = answer.stripe_object
    items = await _all_of(
        subscription["items"],
        gateway.pages(
            lambda client, page: client.v1.subscription_items.list_async(page),
            subscription=subscription["id"],
        ),
    )
    return translate.subscription_facts(subscription, items, answer.read_at)


async def complete_invoice(gateway: Gateway, answer: Answer) -> InvoiceFacts:
    """An invoice, or the preview of one, with the lines that Stripe did not embed."""
    invoice = answer.stripe_object
    lines = await _all_of(
        invoice["lines"],
        gateway.pages(
            lambda client, page: client.v1.invoices.line_items.list_async(invoice["id"], page)
        ),
    )
    return invoice_facts(invoice, lines, answer.read_at)


async def _all_of(embedded: StripeObject, pages: AsyncIterator[Answer]) -> list[Any]:
    """Everything in an embedded list, read from its beginning when it was cut off."""
    if not embedded["has_more"]:
        return list(embedded["data"])
    return [one async for page in pages for one in page.stripe_object["data"]]
