"""Errors as RFC 9457 problem details: one table from our errors to HTTP."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from portal.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    PortalError,
    StripeRefused,
    StripeUnavailable,
)

_STATUS: dict[type[PortalError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    NotAllowed: 403,
    Conflict: 409,
    StripeRefused: 502,
    StripeUnavailable: 503,
}


def answer_with_problems(api: FastAPI) -> None:
    """Let every error of ours leave as application/problem+json."""

    @api.exception_handler(PortalError)
    async def problem(_request: Request, error: PortalError) -> JSONResponse:
        status = _STATUS.get(type(error), 500)
        body = {"type": "about:blank", "title": error.message, "status": status}
        if error.next_step:
            body["detail"] = error.next_step
        return JSONResponse(body, status_code=status, media_type="application/problem+json")
