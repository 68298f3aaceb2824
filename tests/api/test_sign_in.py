from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from portal.api import sign_in
from portal.api.problems import answer_with_problems
from portal.services.sign_in import find_signed_in
from portal.stripe_ids import CustomerId
from portal.wiring import Wiring
from tests.rows import mirrored_customer

OWN = "http://localhost:3000"


@pytest.fixture
async def browser(parts: Wiring) -> AsyncIterator[httpx.AsyncClient]:
    api = FastAPI()
    answer_with_problems(api)
    api.include_router(sign_in.router)
    async with parts.database.transaction() as session:
        session.add(mirrored_customer("cus_acme"))
    transport = httpx.ASGITransport(api)
    headers = {"origin": OWN, "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url=OWN, headers=headers) as client:
        yield client


async def test_signing_in_sets_a_cookie_that_no_script_can_read(
    browser: httpx.AsyncClient, parts: Wiring
) -> None:
    answer = await browser.post("/auth/demo", data={"customer": "cus_acme"})
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    signed_in = await find_signed_in(
        parts.database, parts.clock, browser.cookies[parts.cookie_name]
    )
    assert signed_in is not None
    assert signed_in[1] == CustomerId("cus_acme")


async def test_signing_out_ends_the_session_on_the_server(
    browser: httpx.AsyncClient, parts: Wiring
) -> None:
    await browser.post("/auth/demo", data={"customer": "cus_acme"})
    token = browser.cookies[parts.cookie_name]
    answer = await browser.post("/auth/sign_out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert parts.cookie_name not in browser.cookies
    assert await find_signed_in(parts.database, parts.clock, token) is None


async def test_signing_out_without_being_signed_in_is_harmless(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/auth/sign_out")).status_code == 303


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/auth/demo", "/auth/sign_out"])
async def test_another_sites_form_is_refused(
    browser: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await browser.post(path, data={"customer": "cus_acme"}, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert "set-cookie" not in answer.headers


async def test_a_customer_that_does_not_exist_cannot_be_signed_in_as(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.post("/auth/demo", data={"customer": "cus_nobody"})
    assert answer.status_code == 404
    assert answer.json()["title"] == "There is no such demo customer."


async def test_outside_the_demo_there_is_no_demo_sign_in(
    browser: httpx.AsyncClient, parts: Wiring
) -> None:
    object.__setattr__(parts, "settings", parts.settings.model_copy(update={"portal_demo": False}))
    answer = await browser.post("/auth/demo", data={"customer": "cus_acme"})
    assert answer.status_code == 403
