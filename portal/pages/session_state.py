"""The State that every room stands on: bound to one sign-in, and the way to who is acting."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx

from portal.components.formats import initials
from portal.errors import NotAllowed, PortalError
from portal.services.acting import Acting
from portal.wiring import wiring

log = logging.getLogger(__name__)

SIGN_IN_PATH = "/sign-in"
ANONYMOUS = "anonymous"


class SessionState(rx.State):
    """What every page shows of the person and the vendor; wiped when the sign-in changes."""

    vendor_name: str = ""
    customer_name: str = ""
    role_name: str = ""
    initials: str = ""
    notice: str = ""
    _owner: str = ""

    def _bind_to(self, owner: str) -> None:
        """Keep what is here only while the same sign-in stands behind the tab."""
        if self._owner != owner:
            self.reset()  # type: ignore[no-untyped-call]
            self._owner = owner

    async def _acting(self) -> Acting:
        """Who is acting in this tab; NotAllowed when nobody is signed in any more."""
        acting = await wiring().acting(self.router.headers.cookie)
        if acting is None:
            raise NotAllowed("You are signed out.", next_step="Sign in again.")
        session = await self.get_state(SessionState)
        session._introduce(acting)
        return acting

    def _introduce(self, acting: Acting) -> None:
        self.vendor_name = acting.catalog.vendor.name
        self.customer_name = acting.actor.name
        self.role_name = acting.actor.role.capitalize()
        self.initials = initials(acting.actor.name)

    async def _show(self, acting: Acting) -> None:
        """Build the room's view anew, on arrival and when there is news; rooms say how."""

    @asynccontextmanager
    async def _noticing(self) -> AsyncIterator[None]:
        """Turn an error that a person can understand into the page's notice."""
        session = await self.get_state(SessionState)
        try:
            yield
        except PortalError as error:
            log.info("told a person: %s", error)
            session.notice = str(error)
