"""Filling the mirror from Stripe's lists, and reconciling it with them: resumable, idempotent.

Everything goes through apply, page by page, each page in one transaction with the cursor that
says how far it went. No transaction is open while Stripe is asked.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from portal.changes import Changes
from portal.database import Database
from portal.errors import NotFound, StripeRefused
from portal.mirror import cursors
from portal.mirror.applied import Applied, Reference
from portal.mirror.apply import Facts, apply
from portal.mirror.known_usage import known_usage
from portal.mirror.queries import list_subscribed_customers
from portal.mirror.reconcile import list_not_read_since, list_unknown_references
from portal.stripe_gateway import lists, reads
from portal.stripe_gateway.client import Gateway, together
from portal.stripe_gateway.facts import Gone
from portal.stripe_gateway.usage.snapshot import read_usage_snapshot
from portal.stripe_ids import CustomerId

# What is under way, how much of it is done, and how much there is, when that is known.
Progress = Callable[[str, int, int | None], None]
ListPages = Callable[[Gateway, str | None], lists.Pages]

_LISTS: Mapping[str, ListPages] = {
    "meters": lists.list_meters,
    "products": lists.list_products,
    "prices": partial(lists.list_prices, active=True),
    "inactive prices": partial(lists.list_prices, active=False),
    "customers": lists.list_customers,
    "subscriptions": lists.list_subscriptions,
    "invoices": lists.list_invoices,
}
_TEST_LISTS: Mapping[str, ListPages] = {"test clocks": lists.list_test_clocks_with_customers}
_USAGE = "usage"
_AT_ONCE = 8

_log = logging.getLogger(__name__)


async def sync(
    gateway: Gateway,
    database: Database,
    changes: Changes,
    *,
    progress: Progress,
    customer: CustomerId | None = None,
) -> None:
    """Let the mirror hold what Stripe holds, or only what concerns one customer.

    A whole one that was interrupted goes on where it was. Objects that Stripe has no more become
    tombstones. A customer whose usage Stripe refuses to tell is logged and left out. NotFound when
    the one customer does not exist.
    """
    backfill = _Backfill(gateway, database, changes, progress)
    if customer is None:
        await backfill.run()
    else:
        await backfill.run_for(customer)


class _Backfill:
    def __init__(
        self, gateway: Gateway, database: Database, changes: Changes, progress: Progress
    ) -> None:
        self._gateway = gateway
        self._database = database
        self._changes = changes
        self._progress = progress

    async def run(self) -> None:
        walked = _LISTS if self._gateway.is_live else {**_LISTS, **_TEST_LISTS}
        for name, pages in walked.items():
            await self._walk(name, pages)
        await self._read_unknown()
        await self._read_unlisted()
        await self._read_all_usage()
        async with self._database.transaction() as session:
            await cursors.end_run(session)

    async def run_for(self, customer: CustomerId) -> None:
        found = await reads.retrieve_customer(self._gateway, customer)
        await self._bring([found])
        if isinstance(found, Gone):
            raise NotFound(
                f"Stripe has no customer {customer}.",
                next_step="If the mirror had one, it is marked as deleted now.",
            )
        self._progress("customer", 1, 1)
        owned = [one async for one in lists.list_owned(self._gateway, customer)]
        await self._bring(owned)
        self._progress("subscriptions and invoices", len(owned), len(owned))
        await self._read_unknown()
        await self._read_usage(customer)
        self._progress(_USAGE, 1, 1)

    async def _walk(self, name: str, pages: ListPages) -> None:
        async with self._database.transaction() as session:
            cursor = await cursors.find_cursor(session, name)
            if cursor is None:
                await cursors.begin_list(session, name, self._gateway.clock.now())
        if cursor and cursor.finished_at:
            return
        after = cursor.last_id if cursor else None
        try:
            await self._apply_pages(name, pages(self._gateway, after))
        except StripeRefused as refused:
            if refused.param != "starting_after":
                raise
            # The object at which the last run stopped is gone; what was applied stays applied.
            await self._apply_pages(name, pages(self._gateway, None))
        async with self._database.transaction() as session:
            await cursors.finish_list(session, name, self._gateway.clock.now())

    async def _apply_pages(self, name: str, pages: lists.Pages) -> None:
        done = 0
        self._progress(name, done, None)
        async for page in pages:
            await self._bring(page.facts, cursor=(name, page.last_id))
            done += len(page.facts)
            self._progress(name, done, None)
        self._progress(name, done, done)

    async def _read_unknown(self) -> None:
        """Read what is only referred to; what is found may refer to more."""
        asked: set[Reference] = set()
        while True:
            async with self._database.reading() as session:
                unknown = [
                    one for one in await list_unknown_references(session) if one not in asked
                ]
            if not unknown:
                return
            await self._reread("references", unknown)
            asked.update(unknown)

    async def _read_unlisted(self) -> None:
        """Read by themselves the objects that no list brought: most of them will be gone."""
        async with self._database.reading() as session:
            started_at = await cursors.find_run_start(session)
            unlisted = await list_not_read_since(session, started_at) if started_at else []
        await self._reread("what no list has", unlisted)

    async def _reread(self, name: str, references: Sequence[Reference]) -> None:
        for begin in range(0, len(references), _AT_ONCE):
            batch = references[begin : begin + _AT_ONCE]
            await self._bring(
                await together(reads.retrieve(self._gateway, kind, one) for kind, one in batch)
            )
            self._progress(name, begin + len(batch), len(references))

    async def _read_all_usage(self) -> None:
        async with self._database.transaction() as session:
            cursor = await cursors.find_cursor(session, _USAGE)
            if cursor is None:
                await cursors.begin_list(session, _USAGE, self._gateway.clock.now())
            customers = await list_subscribed_customers(session)
        after = (cursor.last_id if cursor else None) or ""
        done = sum(one <= after for one in customers)
        for begin in range(done, len(customers), _AT_ONCE):
            batch = customers[begin : begin + _AT_ONCE]
            await together(self._read_usage(one) for one in batch)
            async with self._database.transaction() as session:
                await cursors.advance(session, _USAGE, batch[-1])
            self._progress(_USAGE, begin + len(batch), len(customers))

    async def _read_usage(self, customer: CustomerId) -> None:
        async with self._database.reading() as session:
            known = await known_usage(session, customer)
        try:
            facts = await read_usage_snapshot(self._gateway, customer, known)
        except StripeRefused as refused:
            _log.warning("the usage of %s was not read: %s", customer, refused)
            return
        await self._bring([facts])

    async def _bring(
        self, facts: Iterable[Facts], *, cursor: tuple[str, str] | None = None
    ) -> None:
        # In one order everywhere, so that no two transactions wait for each other's rows.
        in_order = sorted(facts, key=lambda one: (one.kind, getattr(one, "id", "")))
        async with self._database.transaction() as session:
            applied: list[Applied] = [await apply(session, one) for one in in_order]
            if cursor:
                await cursors.advance(session, *cursor)
            concerned = frozenset[CustomerId]().union(*(one.customers for one in applied))
            if concerned:
                await self._changes.announce(session, *concerned)
