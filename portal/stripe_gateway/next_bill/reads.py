"""Reads of a customer's next invoices: Stripe's previews, and what they should be made from.

Things go on changing while we read; whoever compares must read again before trusting a difference.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from portal.clock import Period, to_epoch
from portal.errors import StripeRefused
from portal.stripe_gateway import translate
from portal.stripe_gateway.client import Answer, Gateway, together
from portal.stripe_gateway.facts import (
    InvoiceFacts,
    InvoiceLineFacts,
    PriceFacts,
    SubscriptionFacts,
)
from portal.stripe_gateway.next_bill.circumstances import (
    read_billed_early,
    read_next_plan,
    units_billed,
)
from portal.stripe_gateway.next_bill.deductions import DeductionReader
from portal.stripe_gateway.next_bill.facts import NextBill
from portal.stripe_gateway.reads import complete_subscription, preview_invoice
from portal.stripe_gateway.translate import StripeObject
from portal.stripe_gateway.usage.agreement import metered_period
from portal.stripe_gateway.usage.facts import MeterPeriod
from portal.stripe_gateway.usage.figures import read_period_total
from portal.stripe_ids import CustomerId, PriceId

_NOTHING_BILLED = "invoice_upcoming_none"


class NextBillReader:
    """Reads the next invoices of any number of customers; a price is read once, as none changes."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._deductions = DeductionReader(gateway)
        self._prices: dict[tuple[PriceId, str], PriceFacts] = {}

    async def read(self, customer: CustomerId) -> list[NextBill]:
        """One for each of the customer's live subscriptions, as all of them are now."""
        answer = await self._gateway.read(
            lambda client: client.v1.customers.retrieve_async(customer)
        )
        pages = self._gateway.pages(
            lambda client, page: client.v1.subscriptions.list_async(page),
            customer=customer,
            expand=["data.discounts"],
        )
        listed = [
            Answer(one, page.read_at) async for page in pages for one in page.stripe_object["data"]
        ]
        found = await together(complete_subscription(self._gateway, one) for one in listed)
        return await together(
            self._next_bill(answer.stripe_object, one) for one in found if one.is_live
        )

    async def _next_bill(self, customer: StripeObject, subscription: SubscriptionFacts) -> NextBill:
        preview, refusal = await self._preview(subscription)
        lines = preview.lines if preview else ()
        first_end = min(item.current_period_end for item in subscription.items)
        at = to_epoch(preview.created_at if preview else first_end)
        pending = await self._deductions.pending(subscription, at)
        billed = {item.price_id for item in subscription.items}
        billed.update(line.price_id for line in lines if line.price_id)
        billed.update(item.price_id for item in pending if item.price_id)
        next_plan = await read_next_plan(self._gateway, subscription, at)
        billed.update(next_plan or ())
        prices = await self._prices_of(billed, subscription.currency)
        early = await read_billed_early(self._gateway, subscription)
        return NextBill(
            subscription=subscription,
            preview=preview,
            refusal=refusal,
            prices=prices,
            quantities=await self._quantities(subscription, lines, prices),
            billed_early={key: units_billed(prices[key[1]], early[key]) for key in early},
            next_plan=next_plan,
            pending=pending,
            shared=await self._deductions.of_invoice(customer, subscription, at),
            of_items=await self._deductions.of_items(subscription, at),
            grants=await self._deductions.grants(subscription.customer_id, subscription.currency),
            balance=customer["balance"],
            is_tax_exempt=customer.get("tax_exempt") in ("exempt", "reverse"),
            automatic_tax=subscription.stripe_object["automatic_tax"]["enabled"],
            is_classic=subscription.stripe_object["billing_mode"]["type"] == "classic",
        )

    async def _preview(self, subscription: SubscriptionFacts) -> tuple[InvoiceFacts | None, str]:
        try:
            return await preview_invoice(self._gateway, subscription), ""
        except StripeRefused as refused:
            return None, "" if refused.code == _NOTHING_BILLED else str(refused)

    async def _quantities(
        self,
        subscription: SubscriptionFacts,
        lines: Iterable[InvoiceLineFacts],
        prices: Mapping[PriceId, PriceFacts],
    ) -> Mapping[MeterPeriod, Decimal]:
        """The usage of the items' periods, and of the parts of them that the preview bills apart.

        A price that was changed bills its own part of a period
        (https://docs.stripe.com/billing/subscriptions/billing-mode/compare).
        """
        wanted = {period for item in subscription.items if (period := metered_period(item))}
        for line in lines:
            meter = prices[line.price_id].meter_id if line.price_id else None
            if meter and line.subscription_item_id:
                wanted.add(MeterPeriod(meter, Period(line.period_start, line.period_end)))
        totals = await together(
            read_period_total(self._gateway, subscription.customer_id, one) for one in wanted
        )
        return {MeterPeriod(one.meter_id, one.period): one.value for one in totals}

    async def _prices_of(
        self, prices: Iterable[PriceId], currency: str
    ) -> Mapping[PriceId, PriceFacts]:
        return {price: await self._price(price, currency) for price in sorted(prices)}

    async def _price(self, price: PriceId, currency: str) -> PriceFacts:
        """A price with its tiers; with its options where the subscription's currency is another."""
        if (price, currency) not in self._prices:
            found = await self._read_price(price, ["tiers"])
            if found.currency != currency:
                options = ["tiers", "currency_options", f"currency_options.{currency}.tiers"]
                found = await self._read_price(price, options)
            self._prices[price, currency] = found
        return self._prices[price, currency]

    async def _read_price(self, price: PriceId, expand: list[str]) -> PriceFacts:
        answer = await self._gateway.read(
            lambda client: client.v1.prices.retrieve_async(price, {"expand": expand})
        )
        return translate.price_facts(answer.stripe_object, answer.read_at)
