"""Stripe's ids as named strings, so that two kinds of id cannot be swapped unnoticed."""

from typing import NewType

CustomerId = NewType("CustomerId", str)
EventId = NewType("EventId", str)
InvoiceId = NewType("InvoiceId", str)
MeterId = NewType("MeterId", str)
PriceId = NewType("PriceId", str)
ProductId = NewType("ProductId", str)
SubscriptionId = NewType("SubscriptionId", str)
SubscriptionItemId = NewType("SubscriptionItemId", str)
