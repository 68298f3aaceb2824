"""What the sign-in page knows: so far, whom the demo offers to sign in as."""

from portal.pages.policy import PUBLIC, allow
from portal.pages.session_state import SessionState
from portal.pages.sign_in.view import EMPTY_SIGN_IN, SignInView, sign_in_view
from portal.services.sign_in import list_demo_customers
from portal.wiring import wiring


class SignInState(SessionState):
    """The ways in that this installation offers."""

    view: SignInView = EMPTY_SIGN_IN

    @allow(PUBLIC)
    async def open_sign_in(self) -> None:
        """Show the ways in; the demo's customers only while the demo is on."""
        parts = wiring()
        demo = parts.settings.portal_demo
        customers = await list_demo_customers(parts.database) if demo else []
        session = await self.get_state(SessionState)
        session.vendor_name = parts.catalog.vendor.name
        self.view = sign_in_view(demo=demo, customers=customers)
