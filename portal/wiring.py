"""The live parts of the portal, made once from the settings; and from a cookie to who is acting."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http.cookies import CookieError, SimpleCookie

from portal.catalog import Catalog, load_catalog
from portal.changes import Changes
from portal.clock import Clock, SystemClock
from portal.database import Database
from portal.inbox.refresher import Refresher
from portal.inbox.worker import InboxWorker
from portal.inbox.writer import InboxWriter
from portal.services.acting import Acting, Actor
from portal.services.sign_in import find_signed_in, token_hash
from portal.settings import Settings, read_settings
from portal.stripe_gateway.client import Gateway
from portal.stripe_ids import CustomerId


@dataclass(frozen=True, slots=True)
class Wiring:
    """Settings, clock, database, gateway and what hangs on them."""

    settings: Settings
    clock: Clock
    database: Database
    changes: Changes
    gateway: Gateway
    catalog: Catalog
    writer: InboxWriter
    worker: InboxWorker
    refresher: Refresher

    @property
    def cookie_name(self) -> str:
        """The session cookie's name; behind TLS browsers then pin it to this very host."""
        return "__Host-portal" if self.is_secure else "portal_session"

    @property
    def is_secure(self) -> bool:
        """Whether people reach the portal over TLS."""
        return self.settings.portal_url.startswith("https://")

    def session_token(self, cookie_header: str) -> str:
        """The session token out of a Cookie header, or an empty text."""
        try:
            morsel = SimpleCookie(cookie_header).get(self.cookie_name)
        except CookieError:
            return ""
        return morsel.value if morsel else ""

    async def acting(self, cookie_header: str) -> Acting | None:
        """Who is acting according to a Cookie header; None when nobody is signed in."""
        token = self.session_token(cookie_header)
        found = await find_signed_in(self.database, self.clock, token) if token else None
        if found is None:
            return None
        return self._acting(*found, session_key=token_hash(token)[:16])

    async def work_in_background(self) -> None:
        """Read again what events and open pages ask for, until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.worker.run())
            loops.create_task(self.refresher.run())

    def system(self, name: str, customer: CustomerId) -> Acting:
        """A named part of the portal acting for a customer."""
        return self._acting(Actor(name, "", "system"), customer, session_key="")

    def _acting(self, actor: Actor, customer: CustomerId, *, session_key: str) -> Acting:
        return Acting(
            actor=actor,
            customer=customer,
            session_key=session_key,
            database=self.database,
            clock=self.clock,
            catalog=self.catalog,
        )


def wire(settings: Settings) -> Wiring:
    """All parts for these settings; Misconfigured when one of them must not be so."""
    clock = SystemClock()
    database = Database(settings.database_url)
    changes = Changes(database)
    gateway = Gateway(settings, clock)
    worker = InboxWorker(gateway, database, changes, clock)
    every = timedelta(seconds=settings.usage_refresh_seconds)
    return Wiring(
        settings=settings,
        clock=clock,
        database=database,
        changes=changes,
        gateway=gateway,
        catalog=load_catalog(settings.portal_catalog),
        writer=InboxWriter(database, clock, worker.wake),
        worker=worker,
        refresher=Refresher(database, clock, every, worker.wake),
    )


@cache
def wiring() -> Wiring:
    """The parts of this process, made at the first call from the environment."""
    return wire(read_settings())
