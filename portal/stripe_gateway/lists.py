"""Stripe's lists, page by page, as facts: what the backfill walks.

Every list is asked for with all that it can hold: Stripe leaves out inactive prices, cancelled
subscriptions and whatever stands on a test clock unless it is told otherwise.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.stripe_gateway import translate
from portal.stripe_gateway.client import Answer, Gateway
from portal.stripe_gateway.facts import CustomerFacts, InvoiceFacts, ObjectFacts
from portal.stripe_gateway.reads import (
    complete_invoice,
    complete_price,
    complete_subscription,
)
from portal.stripe_gateway.translate import StripeObject
from portal.stripe_gateway.translate_invoice import AmountTooLarge

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FactsPage:
    """One page of a list: its facts, and the id from which the next page goes on."""

    facts: tuple[ObjectFacts, ...]
    last_id: str


Pages = AsyncIterator[FactsPage]


async def list_meters(gateway: Gateway, after: str | None = None) -> Pages:
    """All billing meters, active or not."""
    pages = gateway.pages(lambda client, page: client.v1.billing.meters.list_async(page), after)
    async for objects, read_at in _objects(pages):
        yield _page(objects, [translate.meter_facts(one, read_at) for one in objects])


async def list_products(gateway: Gateway, after: str | None = None) -> Pages:
    """All products, active or not."""
    pages = gateway.pages(lambda client, page: client.v1.products.list_async(page), after)
    async for objects, read_at in _objects(pages):
        yield _page(objects, [translate.product_facts(one, read_at) for one in objects])


async def list_prices(gateway: Gateway, after: str | None = None, *, active: bool) -> Pages:
    """All active or all inactive prices with their tiers and currencies; no inline prices.

    https://docs.stripe.com/api/prices/list
    """
    pages = gateway.pages(
        lambda client, page: client.v1.prices.list_async(page),
        after,
        active=active,
        expand=["data.tiers", "data.currency_options"],
    )
    async for objects, read_at in _objects(pages):
        answers = [Answer(one, read_at) for one in objects]
        yield _page(objects, [await complete_price(gateway, one) for one in answers])


async def list_test_clocks(gateway: Gateway, after: str | None = None) -> Pages:
    """All test clocks; a live key is refused."""
    pages = gateway.pages(
        lambda client, page: client.v1.test_helpers.test_clocks.list_async(page), after
    )
    async for objects, read_at in _objects(pages):
        yield _page(objects, [translate.test_clock_facts(one, read_at) for one in objects])


async def list_customers(
    gateway: Gateway, after: str | None = None, *, test_clock: str | None = None
) -> Pages:
    """All customers on no test clock, or all on one, each followed by its default payment method.

    https://docs.stripe.com/api/customers/list
    """
    pages = gateway.pages(
        lambda client, page: client.v1.customers.list_async(page),
        after,
        expand=["data.invoice_settings.default_payment_method"],
        **_chosen(test_clock=test_clock),
    )
    async for objects, read_at in _objects(pages):
        yield _page(
            objects, [facts for one in objects for facts in _customer_and_method(one, read_at)]
        )


async def list_every_customer(gateway: Gateway) -> AsyncIterator[CustomerFacts]:
    """All customers, those on test clocks too."""
    async for page in list_customers(gateway):
        for facts in page.facts:
            if isinstance(facts, CustomerFacts):
                yield facts
    if gateway.is_live:
        return
    async for clocks in list_test_clocks(gateway):
        for clock in clocks.facts:
            async for page in list_customers(gateway, test_clock=clock.id):
                for facts in page.facts:
                    if isinstance(facts, CustomerFacts):
                        yield facts


async def list_subscriptions(
    gateway: Gateway, after: str | None = None, *, customer: str | None = None
) -> Pages:
    """All subscriptions in any status, or one customer's, with all of their items."""
    pages = gateway.pages(
        lambda client, page: client.v1.subscriptions.list_async(page),
        after,
        status="all",
        **_chosen(customer=customer),
    )
    async for objects, read_at in _objects(pages):
        answers = [Answer(one, read_at) for one in objects]
        yield _page(objects, [await complete_subscription(gateway, one) for one in answers])


async def list_invoices(
    gateway: Gateway, after: str | None = None, *, customer: str | None = None
) -> Pages:
    """All invoices, or one customer's, with all of their lines, the newest first."""
    pages = gateway.pages(
        lambda client, page: client.v1.invoices.list_async(page),
        after,
        **_chosen(customer=customer),
    )
    async for objects, read_at in _objects(pages):
        found = [await _whole_invoice(gateway, Answer(one, read_at)) for one in objects]
        yield _page(objects, [one for one in found if one])


async def list_test_clocks_with_customers(gateway: Gateway, after: str | None = None) -> Pages:
    """Each test clock in a page of its own, with the customers on it and all that is theirs."""
    async for clocks in list_test_clocks(gateway, after):
        for clock in clocks.facts:
            facts: list[ObjectFacts] = [clock]
            async for customers in list_customers(gateway, test_clock=clock.id):
                facts.extend(customers.facts)
            for customer in [one.id for one in facts if one.kind == CustomerFacts.kind]:
                facts.extend([one async for one in list_owned(gateway, customer)])
            yield FactsPage(tuple(facts), clock.id)


async def list_owned(gateway: Gateway, customer: str) -> AsyncIterator[ObjectFacts]:
    """All subscriptions and invoices of one customer, on a test clock or not."""
    async for page in list_subscriptions(gateway, customer=customer):
        for subscription in page.facts:
            yield subscription
    async for page in list_invoices(gateway, customer=customer):
        for invoice in page.facts:
            yield invoice


async def _objects(
    pages: AsyncIterator[Answer],
) -> AsyncIterator[tuple[list[StripeObject], datetime]]:
    async for page in pages:
        if objects := page.stripe_object["data"]:
            yield objects, page.read_at


async def _whole_invoice(gateway: Gateway, answer: Answer) -> InvoiceFacts | None:
    """An invoice with all of its lines; None, and a warning, for one that cannot be kept."""
    try:
        return await complete_invoice(gateway, answer)
    except AmountTooLarge as error:
        _log.warning("%s", error)
        return None


def _chosen(**filters: str | None) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}


def _page(objects: list[StripeObject], facts: list[Any]) -> FactsPage:
    return FactsPage(tuple(facts), objects[-1]["id"])


def _customer_and_method(customer: StripeObject, read_at: datetime) -> list[ObjectFacts]:
    method = customer["invoice_settings"]["default_payment_method"]
    facts: list[ObjectFacts] = [translate.customer_facts(customer, read_at)]
    if isinstance(method, Mapping):
        facts.append(translate.payment_method_facts(method, read_at))
    return facts
