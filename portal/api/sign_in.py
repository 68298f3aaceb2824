"""The routes that set and clear the session cookie; a page's script never sees it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from portal.errors import NotAllowed
from portal.services.sign_in import SESSION_LENGTH, sign_in_to_demo, sign_out
from portal.stripe_ids import CustomerId
from portal.wiring import Wiring, wiring

router = APIRouter(prefix="/auth")


@router.post("/demo", include_in_schema=False)
async def demo(
    request: Request, customer: Annotated[str, Form(max_length=255)]
) -> RedirectResponse:
    """Sign in to the demo as a customer; there is no such route outside the demo."""
    parts = wiring()
    _require_own_page(request, parts)
    if not parts.settings.portal_demo:
        raise NotAllowed("There is no demo here.", next_step="Sign in in another way.")
    token = await sign_in_to_demo(parts.database, parts.clock, CustomerId(customer))
    answer = RedirectResponse("/", status_code=303)
    answer.set_cookie(
        parts.cookie_name,
        token,
        max_age=int(SESSION_LENGTH.total_seconds()),
        path="/",
        httponly=True,
        secure=parts.is_secure,
        samesite="lax",
    )
    return answer


@router.post("/sign_out", include_in_schema=False)
async def leave(request: Request) -> RedirectResponse:
    """End the session and forget the cookie; harmless when nobody is signed in."""
    parts = wiring()
    _require_own_page(request, parts)
    token = parts.session_token(request.headers.get("cookie", ""))
    if token:
        await sign_out(parts.database, parts.changes, parts.clock, token)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(parts.cookie_name, path="/", secure=parts.is_secure, httponly=True)
    return answer


def _require_own_page(request: Request, parts: Wiring) -> None:
    """Refuse a form that another site's page posts (cross-site request forgery).

    Browsers say where a request comes from in Sec-Fetch-Site and, on every POST, in Origin.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = (None, *parts.settings.portal_origins)
    if site not in (None, "same-origin", "none") or origin not in own:
        raise NotAllowed(
            "This form was sent from another site.",
            next_step=f"Open {parts.settings.portal_url} and sign in there.",
        )
