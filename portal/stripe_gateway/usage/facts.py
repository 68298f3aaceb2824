"""Facts about usage: what one look at a customer's meters and next invoice said.

Usage is pulled, never announced by Stripe; so a look says what it saw of all meters together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from portal.clock import Period
from portal.stripe_gateway.facts import InvoiceFacts, ObjectFacts
from portal.stripe_ids import CustomerId, MeterId


@dataclass(frozen=True, slots=True)
class MeterPeriod:
    """A meter over one billing period of a subscription item that it feeds."""

    meter_id: MeterId
    period: Period


@dataclass(frozen=True, slots=True)
class UsageWindow:
    """What a meter counted within a window: a whole hour, or the part of one at a period's end."""

    start: datetime
    end: datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class UsageWindows:
    """All windows with usage in a span, in order; a window that is not here was empty."""

    meter_id: MeterId
    span: Period
    windows: tuple[UsageWindow, ...]


@dataclass(frozen=True, slots=True)
class UsageTotalFacts:
    """A meter's quantity of one billing period so far, aggregated by Stripe in one sum."""

    meter_id: MeterId
    period: Period
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSnapshotFacts:
    """One look at a customer's usage; to be applied whole or not at all.

    `as_of` is the customer's own present moment, which differs from `read_at` on a test clock.
    `objects` were read along the way. There is a preview for each live subscription with an
    upcoming invoice. `agrees` says whether the previews bill exactly the totals.
    """

    kind: ClassVar[str] = "usage"

    customer_id: CustomerId
    read_at: datetime
    as_of: datetime
    objects: tuple[ObjectFacts, ...]
    previews: tuple[InvoiceFacts, ...]
    totals: tuple[UsageTotalFacts, ...]
    windows: tuple[UsageWindows, ...]
    agrees: bool


@dataclass(frozen=True, slots=True)
class KnownUsage:
    """What is known of a customer's usage from earlier looks, so that a look need not read it.

    `formulas` holds the meters' aggregation, `as_of` the customer's moment at which a period was
    last looked at, `windows` the known windows, in order, of the periods that are not over.
    """

    formulas: Mapping[MeterId, str] = field(default_factory=dict)
    as_of: Mapping[MeterPeriod, datetime] = field(default_factory=dict)
    windows: Mapping[MeterId, tuple[UsageWindow, ...]] = field(default_factory=dict)


NOTHING_KNOWN = KnownUsage()
