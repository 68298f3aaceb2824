"""Where a link into the billing portal leads: it is good once, and for a few minutes."""

from portal.sandbox.hosted.pages import Page, Visit, redirect, refusal
from portal.sandbox.resources.portal_sessions import opened


def enter(visit: Visit) -> Page:
    """Exchange the link for the session's own address."""
    id, secret = visit.names
    session = opened(visit.store, id, secret)
    if session is None:
        return refusal(
            410,
            "This link is no longer good",
            "A link into the billing portal opens it once and within five minutes. Go back and "
            "ask for a new one.",
        )
    return redirect(f"/p/{session['id']}.{session['_secret']}")
