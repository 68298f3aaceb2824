"""Live pages: one broadcaster that hears of a customer's news and shows it in the open tabs.

A tab that shows a room registers here; when its customer has news the room's `_show` runs in that
tab, at most once a second, with the tab's own sign-in. It also tells the refresher, through a
service, which customers are being looked at. A closed tab is dropped at the next turn.
"""

import asyncio
import logging
from dataclasses import dataclass

import reflex as rx

from portal.pages.session_state import ANONYMOUS, SessionState
from portal.services import overview
from portal.services.acting import Acting
from portal.stripe_ids import CustomerId
from portal.wiring import wiring

log = logging.getLogger(__name__)

PUSH_SECONDS = 1.0
WATCH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Tab:
    """One open tab and the room that it shows."""

    token: str
    room: type[SessionState]


class Live:
    """Which tabs look at which customer, and the loop that keeps them up to date."""

    def __init__(self) -> None:
        self._tabs: dict[CustomerId, dict[str, Tab]] = {}

    async def register(self, acting: Acting, token: str, room: type[SessionState]) -> None:
        """Let this tab follow the customer's news, and only this customer's, from now on."""
        self.forget(token)
        self._tabs.setdefault(acting.customer, {})[token] = Tab(token, room)
        await overview.keep_watched(acting)

    def forget(self, token: str) -> None:
        """Stop following with this tab."""
        for customer in list(self._tabs):
            self._tabs[customer].pop(token, None)
            if not self._tabs[customer]:
                del self._tabs[customer]

    def customers(self) -> set[CustomerId]:
        """The customers that somebody is looking at."""
        return set(self._tabs)

    async def push_news(self, app: rx.App) -> None:
        """Bring the open tabs of a customer with news up to date, until cancelled."""
        async for customers in wiring().changes.listen(self.customers):
            for customer in customers:
                await self._push_to_all(app, customer)
            await asyncio.sleep(PUSH_SECONDS)

    async def keep_watched(self, app: rx.App) -> None:
        """Tell the refresher again and again who is looked at, until cancelled."""
        while True:
            self._drop_closed_tabs(app)
            for customer in self.customers():
                acting = wiring().system("live pages", customer)
                await overview.keep_watched(acting)
                if await overview.is_stuck(acting):  # silence is no news, but must be seen
                    await self._push_to_all(app, customer)
            await asyncio.sleep(WATCH_SECONDS)

    async def _push_to_all(self, app: rx.App, customer: CustomerId) -> None:
        self._drop_closed_tabs(app)
        for tab in list(self._tabs.get(customer, {}).values()):
            await self._push(app, tab, customer)

    async def _push(self, app: rx.App, tab: Tab, customer: CustomerId) -> None:
        try:
            if not await _show(app, tab, customer):
                self.forget(tab.token)
        except Exception:
            log.exception("a tab of %s could not be brought up to date", customer)

    def _drop_closed_tabs(self, app: rx.App) -> None:
        connected = app.event_namespace.token_to_sid if app.event_namespace else {}
        open_tabs = [token for tabs in self._tabs.values() for token in tabs]
        for token in open_tabs:
            if token not in connected:
                self.forget(token)


async def _show(app: rx.App, tab: Tab, customer: CustomerId) -> bool:
    """Show the tab's room anew; False when its person no longer acts for the customer."""
    async with app.modify_state(rx.BaseStateToken(ident=tab.token, cls=tab.room)) as state:
        room = await state.get_state(tab.room)
        session = await state.get_state(SessionState)
        acting = await wiring().acting(session.router.headers.cookie)
        session._bind_to(acting.session_key if acting else ANONYMOUS)
        if acting is None or acting.customer != customer:
            return False
        await room._show(acting)
        return True


LIVE = Live()
