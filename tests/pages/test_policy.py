"""Nobody gets through a door that was not opened for him."""

import asyncio
from typing import Any

import reflex as rx
from reflex.state import BaseState
from reflex_base.registry import RegistrationContext

from portal.pages.overview.state import OverviewState
from portal.pages.policy import _FRAMEWORK
from portal.pages.sign_in.state import SignInState
from portal.services.sign_in import sign_in_to_demo, sign_out
from portal.stripe_ids import CustomerId
from portal.wiring import Wiring
from tests.rows import mirrored_customer

OPEN_OVERVIEW = f"{OverviewState.get_full_name()}.open_overview"
OPEN_SIGN_IN = f"{SignInState.get_full_name()}.open_sign_in"


async def signed_in(parts: Wiring, customer: str = "cus_acme") -> str:
    """A cookie header for the owner of a customer that the mirror holds."""
    async with parts.database.transaction() as session:
        session.add(mirrored_customer(customer))
    token = await sign_in_to_demo(parts.database, parts.clock, CustomerId(customer))
    return f"{parts.cookie_name}={token}"


def handlers(app: rx.App) -> list[tuple[str, type[BaseState], Any]]:
    with app.set_contexts():
        registered = RegistrationContext.get().event_handlers
    return [(name, one.states[0], one.handler.fn) for name, one in registered.items()]


def test_every_handler_of_ours_says_who_may_call_it(portal_app: rx.App) -> None:
    ours = [h for h in handlers(portal_app) if h[1].__module__.startswith("portal.")]
    inherited = {"setvar"}
    unmarked = [
        n for n, _, fn in ours if not hasattr(fn, "rights") and n.split(".")[-1] not in inherited
    ]
    assert ours
    assert unmarked == [], "mark each with @allow(right) or make it a private method"


async def test_a_stranger_is_sent_to_sign_in_and_sees_nothing(open_tab: Any) -> None:
    tab = open_tab("stranger")
    await tab.send(OPEN_OVERVIEW)
    assert "_redirect" in tab.told()
    assert not tab.shown().get("customer_name")


async def test_everybody_may_open_the_sign_in_page(open_tab: Any, parts: Wiring) -> None:
    tab = open_tab("stranger")
    await tab.send(OPEN_SIGN_IN, path="/sign-in")
    assert tab.told() == []
    assert tab.shown()["vendor_name"] == parts.catalog.vendor.name


async def test_an_owner_sees_his_own_company(open_tab: Any, parts: Wiring) -> None:
    tab = open_tab("owner", cookie=await signed_in(parts))
    await tab.send(OPEN_OVERVIEW)
    assert tab.shown()["customer_name"] == "Acme"


async def test_a_handler_that_nobody_marked_is_refused(
    open_tab: Any, parts: Wiring, portal_app: rx.App
) -> None:
    tab = open_tab("owner", cookie=await signed_in(parts))
    await tab.send(f"{OverviewState.get_full_name()}.setvar", var_name="notice", value="hacked")
    assert tab.shown()["notice"] == "You are not allowed to do that."


async def test_a_signed_out_session_ends_at_the_next_event(open_tab: Any, parts: Wiring) -> None:
    cookie = await signed_in(parts)
    tab = open_tab("owner", cookie=cookie)
    await tab.send(OPEN_OVERVIEW)
    await sign_out(parts.database, parts.changes, parts.clock, parts.session_token(cookie))
    await tab.send(OPEN_OVERVIEW)
    assert "_redirect" in tab.told()
    assert tab.shown()["customer_name"] == ""


async def test_signing_out_is_news_to_the_customers_other_tabs(parts: Wiring) -> None:
    token = parts.session_token(await signed_in(parts))
    acme = CustomerId("cus_acme")
    news = parts.changes.listen(lambda: [acme])
    await anext(news)
    await sign_out(parts.database, parts.changes, parts.clock, token)
    assert await asyncio.wait_for(anext(news), 5) == {acme}


async def test_another_person_in_the_same_tab_finds_an_empty_state(
    open_tab: Any, parts: Wiring
) -> None:
    first = open_tab("shared", cookie=await signed_in(parts))
    await first.send(OPEN_OVERVIEW)
    second = open_tab("shared", cookie=await signed_in(parts, "cus_bolt"))
    await second.send(OPEN_OVERVIEW)
    assert second.shown()["customer_name"] == "Bolt"


async def test_a_forged_cookie_is_nobody(open_tab: Any, parts: Wiring) -> None:
    await signed_in(parts)
    tab = open_tab("forger", cookie=f"{parts.cookie_name}=not-a-token; other=1")
    await tab.send(OPEN_OVERVIEW)
    assert "_redirect" in tab.told()


def test_only_reflexs_own_housekeeping_passes_unmarked(portal_app: rx.App) -> None:
    passing = [
        name
        for name, state, fn in handlers(portal_app)
        if name.split(".")[-1] in _FRAMEWORK
        and not state.__module__.startswith("reflex")
        and fn.__module__.startswith("portal.")
    ]
    assert passing == []
