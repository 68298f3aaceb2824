"""The app: our routes before Reflex's own, the background work beside it, and its pages."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import reflex as rx
from fastapi import FastAPI

from portal.api import sign_in
from portal.api.problems import answer_with_problems
from portal.components.document import document_head
from portal.inbox.endpoint import WebhookEndpoint
from portal.pages.discreet_log import keep_events_out_of_the_log
from portal.pages.live import LIVE
from portal.pages.not_found.page import not_found_page
from portal.pages.overview.page import overview_page
from portal.pages.overview.state import OverviewState
from portal.pages.policy import DenyByDefault
from portal.pages.session_state import SIGN_IN_PATH
from portal.pages.sign_in.page import sign_in_page
from portal.pages.sign_in.state import SignInState
from portal.wiring import wiring

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
Work = Callable[[], Coroutine[Any, Any, None]]


def make_app() -> rx.App:
    """The whole portal; nothing is connected to before it starts."""
    keep_events_out_of_the_log()
    made = rx.App(
        api_transformer=[_routes(), _webhooks],
        stylesheets=["/tokens.css", "/portal.css"],
        head_components=document_head(),
        backend_exception_handler=_log_bug,
        html_lang="en",
        toaster=None,
    )
    made.add_middleware(DenyByDefault(), index=0)
    made.register_lifespan_task(_live_parts)
    made.add_page(overview_page, route="/", title="Overview", on_load=OverviewState.open_overview)
    made.add_page(
        sign_in_page, route=SIGN_IN_PATH, title="Sign in", on_load=SignInState.open_sign_in
    )
    made.add_page(not_found_page, route="404", title="Not found")
    return made


def _routes() -> FastAPI:
    api = FastAPI(title="Usage Portal", docs_url=None, redoc_url=None, openapi_url=None)
    answer_with_problems(api)
    api.include_router(sign_in.router)
    return api


def _webhooks(behind: Any) -> WebhookEndpoint:
    parts = wiring()
    secrets = [secret.get_secret_value() for secret in parts.settings.stripe_webhook_secret]
    return WebhookEndpoint(
        behind, parts.writer, parts.clock, secrets, livemode=parts.settings.is_live
    )


@asynccontextmanager
async def _live_parts(app: rx.App) -> AsyncIterator[None]:
    """Everything that runs beside the pages, from the start to the end of the process."""
    parts = wiring()
    parts.settings.ready_to_serve()
    loops: dict[str, Work] = {
        "pushing news": lambda: LIVE.push_news(app),
        "watching tabs": lambda: LIVE.keep_watched(app),
    }
    if parts.settings.portal_worker:
        loops["background work"] = parts.work_in_background
    _settle_the_heap()
    async with parts.writer:
        tasks = [asyncio.create_task(_for_ever(name, work)) for name, work in loops.items()]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await parts.gateway.close()
    await parts.database.close()


async def _for_ever(name: str, work: Work) -> None:
    """Run the work, and again after a failure: a bug in it must not stop it unnoticed."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("%s failed and starts again", name)
        await asyncio.sleep(RESTART_SECONDS)


def _settle_the_heap() -> None:
    """Take what was imported out of the garbage collector's sight; its pauses would be long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _log_bug(exception: Exception) -> None:
    """Log what no one foresaw; the page keeps what it shows."""
    log.error("an event failed", exc_info=exception)


app = make_app()
