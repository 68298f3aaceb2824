"""Reads of what comes off a bill, and of the invoice items that wait for it.

A coupon is read once in a reader's life: all that may change of it is its name.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from portal.rating.invoice import CreditGrant, Discount
from portal.stripe_gateway.client import Gateway, ObjectGone
from portal.stripe_gateway.facts import SubscriptionFacts
from portal.stripe_gateway.next_bill.facts import Deductions, PendingItem
from portal.stripe_gateway.next_bill.translate import (
    coupon_of,
    credit_grant,
    discount,
    is_over,
    pending_item,
    tax_rates,
)
from portal.stripe_gateway.translate import StripeObject
from portal.stripe_ids import CustomerId, SubscriptionItemId

# A deleted coupon's discounts live on, but nobody can read any more what they grant.
_NOTHING_OFF: StripeObject = MappingProxyType({})


class DeductionReader:
    """Reads discounts, taxes, credits and pending items as they will be at an invoice's date."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._coupons: dict[str, StripeObject] = {}

    async def of_invoice(
        self, customer: StripeObject, subscription: SubscriptionFacts, at: int
    ) -> Deductions:
        """What goes for the whole invoice; a subscription's discounts replace the customer's.

        https://docs.stripe.com/billing/subscriptions/coupons
        """
        found = subscription.stripe_object["discounts"]
        if not found and customer.get("discount"):
            found = [customer["discount"]]
        return Deductions(
            await self._discounts(found, subscription.currency, at),
            tax_rates(subscription.stripe_object.get("default_tax_rates")),
        )

    async def of_items(
        self, subscription: SubscriptionFacts, at: int
    ) -> Mapping[SubscriptionItemId, Deductions]:
        """What each subscription item bears itself."""
        pages = self._gateway.pages(
            lambda client, page: client.v1.subscription_items.list_async(page),
            subscription=subscription.id,
            expand=["data.discounts"],
        )
        return {
            item["id"]: await self._own(item, subscription.currency, at)
            async for page in pages
            for item in page.stripe_object["data"]
        }

    async def pending(self, subscription: SubscriptionFacts, at: int) -> tuple[PendingItem, ...]:
        """The invoice items that the subscription's next invoice takes along."""
        pages = self._gateway.pages(
            lambda client, page: client.v1.invoice_items.list_async(page),
            customer=subscription.customer_id,
            pending=True,
            expand=["data.discounts"],
        )
        items = [item async for page in pages for item in page.stripe_object["data"]]
        return tuple(
            [
                pending_item(item, await self._own(item, subscription.currency, at))
                for item in items
                if _subscription_of(item) in (None, subscription.id)
                and item["currency"] == subscription.currency
            ]
        )

    async def grants(self, customer: CustomerId, currency: str) -> tuple[CreditGrant, ...]:
        """The credit that is left, in the currency."""
        pages = self._gateway.pages(
            lambda client, page: client.v1.billing.credit_grants.list_async(page), customer=customer
        )
        grants = [grant async for page in pages for grant in page.stripe_object["data"]]
        return tuple(
            [
                credit_grant(grant, await self._available(customer, grant))
                for grant in grants
                if grant["amount"]["monetary"]["currency"] == currency and not grant["voided_at"]
            ]
        )

    async def _available(self, customer: CustomerId, grant: StripeObject) -> int:
        answer = await self._gateway.read(
            lambda client: client.v1.billing.credit_balance_summary.retrieve_async(
                {
                    "customer": customer,
                    "filter": {"type": "credit_grant", "credit_grant": grant["id"]},
                }
            )
        )
        balances = answer.stripe_object["balances"]
        return sum(one["available_balance"]["monetary"]["value"] for one in balances)

    async def _own(self, item: StripeObject, currency: str, at: int) -> Deductions:
        discounts = await self._discounts(item.get("discounts") or (), currency, at)
        return Deductions(discounts, tax_rates(item.get("tax_rates")))

    async def _discounts(
        self, found: Iterable[StripeObject], currency: str, at: int
    ) -> tuple[Discount, ...]:
        return tuple(
            [
                discount(one, await self._coupon(coupon_of(one)), currency)
                for one in found
                if not is_over(one, at)
            ]
        )

    async def _coupon(self, coupon: str) -> StripeObject:
        if coupon not in self._coupons:
            try:
                answer = await self._gateway.read(
                    lambda client: client.v1.coupons.retrieve_async(
                        coupon, {"expand": ["applies_to", "currency_options"]}
                    )
                )
                self._coupons[coupon] = answer.stripe_object
            except ObjectGone:
                self._coupons[coupon] = _NOTHING_OFF
        return self._coupons[coupon]


def _subscription_of(item: StripeObject) -> str | None:
    details = (item.get("parent") or {}).get("subscription_details") or {}
    found: str | None = details.get("subscription")
    return found
