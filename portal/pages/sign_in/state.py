"""What the sign-in page knows: so far, whom the demo offers to sign in as."""

from portal.pages.policy import PUBLIC, allow
from portal.pages.session_state import SessionState
from portal.pages.sign_in.view import EMPTY_SIGN_IN, SignInView, sign_in_view
from portal.services.demo_customers import list_demo_customers
from portal.wiring import wiring

_LONGEST_NAME = 100


class SignInState(SessionState):
    """The ways in that this installation offers."""

    view: SignInView = EMPTY_SIGN_IN

    @allow(PUBLIC)
    async def open_sign_in(self) -> None:
        """Show the ways in; the demo's customers only while the demo is on."""
        session = await self.get_state(SessionState)
        session.vendor_name = wiring().catalog.vendor.name
        await self._offer("")

    @allow(PUBLIC)
    async def find_customer(self, name: str) -> None:
        """Offer the customers whose name contains the text."""
        await self._offer(str(name)[:_LONGEST_NAME])

    async def _offer(self, name: str) -> None:
        parts = wiring()
        demo = parts.settings.portal_demo
        customers = await list_demo_customers(parts.database, name) if demo else []
        self.view = sign_in_view(
            demo=demo,
            customers=customers,
            home_currency=parts.catalog.currency,
            wanted=name.strip(),
        )
