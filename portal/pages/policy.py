"""The door of every event: nothing runs unless its handler says who may call it.

Any browser can call any handler of any State with any argument, so each event first meets this
middleware: it resolves who is signed in, binds the tab's state to that one sign-in, and lets the
event through only if its handler is marked with `allow` and the person has one of those rights.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, TypeVarTuple

import reflex as rx
from reflex.event import Event
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import EventCallback
from reflex_base.registry import RegisteredEventHandler, RegistrationContext

from portal.pages.session_state import ANONYMOUS, SIGN_IN_PATH, SessionState
from portal.services.acting import Acting, Right, has_right
from portal.wiring import wiring

log = logging.getLogger(__name__)

PUBLIC = "public"
# What Reflex itself sends to keep a tab going; each only when its state is Reflex's own.
_FRAMEWORK = frozenset(
    {
        "hydrate",
        "hydrate_and_load",
        "set_is_hydrated",
        "on_load_internal",
        "update_vars_internal",
        "handle_frontend_exception",
    }
)

S = TypeVar("S", bound=BaseState)
P = TypeVarTuple("P")


def allow(
    *rights: Right | str, background: bool = False
) -> Callable[[Callable[[S, *P], Any]], EventCallback[*P]]:
    """Make a State's method an event handler that people with one of these rights may call.

    `PUBLIC` lets everybody in, signed in or not. A handler without this mark is called by nobody.
    """

    def mark(method: Callable[[S, *P], Any]) -> EventCallback[*P]:
        method.__dict__["rights"] = frozenset(str(right) for right in rights)
        handler: EventCallback[*P] = rx.event(method, background=background)  # type: ignore[assignment]
        return handler

    return mark


class DenyByDefault(Middleware):
    """Refuses every event that is neither Reflex's own housekeeping nor allowed by its mark."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """None to let the event through, or the update that is sent instead."""
        acting = await wiring().acting(state.router.headers.cookie)
        root = state._get_root_state()
        mine = await root.get_state(SessionState)
        mine._bind_to(acting.session_key if acting else ANONYMOUS)
        registered = RegistrationContext.get().event_handlers.get(event.name)
        if registered is not None and _lets_through(registered, acting):
            return None
        # Strangers who open a page are no news; a signed-in person who is refused is.
        log.log(logging.WARNING if acting else logging.INFO, "refused %s", event.name[:200])
        return await _refusal(root, mine, signed_in=acting is not None)


def _lets_through(registered: RegisteredEventHandler, acting: Acting | None) -> bool:
    handler = registered.handler.fn
    rights = getattr(handler, "rights", None)
    if rights is None:
        of_reflex = handler.__module__.startswith(("reflex.", "reflex_base."))
        return of_reflex and handler.__name__ in _FRAMEWORK
    if PUBLIC in rights:
        return True
    return acting is not None and any(has_right(acting.actor.role, right) for right in rights)


async def _refusal(root: BaseState, mine: SessionState, *, signed_in: bool) -> StateUpdate:
    if signed_in:
        mine.notice = "You are not allowed to do that."
    delta = await root._get_resolved_delta()
    root._clean()
    away = [] if signed_in else [rx.redirect(SIGN_IN_PATH)]
    return StateUpdate(delta=delta, events=Event.from_event_type(away))
