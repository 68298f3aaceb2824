"""What the overview knows: one view, built anew on arrival and whenever the customer has news."""

from portal.pages.live import LIVE
from portal.pages.overview.view import EMPTY_OVERVIEW, OverviewView, overview_view
from portal.pages.policy import allow
from portal.pages.session_state import SessionState
from portal.services import overview
from portal.services.acting import Acting, Right


class OverviewState(SessionState):
    """The overview of the customer for whom the person is signed in."""

    view: OverviewView = EMPTY_OVERVIEW

    @allow(Right.USAGE_READ)
    async def open_overview(self) -> None:
        """Show the overview and follow the customer's news from now on."""
        async with self._noticing():
            acting = await self._acting()
            await LIVE.register(acting, self.router.session.client_token, OverviewState)
            await self._show(acting)

    async def _show(self, acting: Acting) -> None:
        found = await overview.report(acting)
        self.view = overview_view(
            found.usage,
            found.upcoming,
            standing=found.standing,
            stripe_answers=found.stripe_answers,
        )
