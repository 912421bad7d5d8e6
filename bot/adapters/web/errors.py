"""What goes wrong, as HTTP: the one table from codes to statuses, and the one shape of an error's body."""

import logging
import math
from collections.abc import Mapping
from types import MappingProxyType

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from bot.adapters.web.callers import cookie_name
from bot.adapters.web.schemas import ErrorBody
from bot.domain.messages import sentence
from bot.domain.refusal_words import store_sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.store.errors import StoreError, StoreProblem
from generation.errors import (
    EncodeFailed,
    EngineUnavailable,
    ErrorCode,
    GenerationError,
    PictureRejected,
    RenderBusy,
    RenderLost,
    RenderRefused,
    RequestRejected,
)

log = logging.getLogger(__name__)

STATUSES: Mapping[RefusalCode | ErrorCode, int] = MappingProxyType(
    {
        RefusalCode.BANNED: 403,
        RefusalCode.TOO_FAST: 429,
        RefusalCode.TOO_MANY_WAITING: 429,
        RefusalCode.NO_CREDITS: 429,
        RefusalCode.QUEUE_FULL: 503,
        RefusalCode.PAUSED: 503,
        RefusalCode.STOPPING: 503,
        RefusalCode.ENGINE_UNAVAILABLE: 503,
        RefusalCode.DISK_NEARLY_FULL: 507,
        RefusalCode.WRONG_ROOM: 403,
        RefusalCode.AGE_RESTRICTED_ONLY: 403,
        RefusalCode.UNKNOWN_JOB: 404,
        RefusalCode.ALREADY_ENDED: 409,
        RefusalCode.ALREADY_STARTED: 409,
        RefusalCode.NOT_OVER: 409,
        RefusalCode.NOT_READY: 409,
        RefusalCode.PICTURE_GONE: 410,
        RefusalCode.VIDEO_GONE: 410,
        RefusalCode.NOT_ALLOWED: 403,
        RefusalCode.UNKNOWN_COMMAND: 404,
        RefusalCode.UNKNOWN_PERSON: 404,
        RefusalCode.UNKNOWN_REPORT: 404,
        RefusalCode.BAD_ARGUMENT: 422,
        RefusalCode.MISSING_ARGUMENT: 422,
        RefusalCode.UNKNOWN_ARGUMENT: 422,
        RefusalCode.LOGIN_NEEDED: 401,
        RefusalCode.WRONG_TOKEN: 401,
        RefusalCode.FOREIGN_HOST: 421,
        RefusalCode.FOREIGN_SITE: 403,
        RefusalCode.NO_PICTURE: 422,
        RefusalCode.MALFORMED_REQUEST: 400,
        RefusalCode.TOO_LARGE: 413,
        RefusalCode.NOT_FOUND: 404,
        RefusalCode.BROKEN: 500,
        ErrorCode.PICTURE_TOO_MANY_BYTES: 413,
        ErrorCode.PICTURE_UNKNOWN_FORMAT: 415,
    }
)
#: For the codes of a render that have no line of their own.
_STATUSES_BY_KIND: Mapping[type[GenerationError], int] = MappingProxyType(
    {
        RequestRejected: 422,
        PictureRejected: 422,
        EngineUnavailable: 503,
        RenderBusy: 503,
        RenderLost: 502,
        RenderRefused: 500,
        EncodeFailed: 500,
    }
)
#: How a request's fields are called in the form, where that differs.
_FORM_FIELDS: Mapping[str, str] = MappingProxyType({"negative_prompt": "negative", "motion_strength": "motion"})


def error_response(error: Refused | GenerationError, status: int | None = None) -> JSONResponse:
    """Return the answer that says what is wrong and what to do; ``status`` where it is not the code's own."""
    body = ErrorBody(code=str(error.code), message=sentence(error), field=_field(error))
    return JSONResponse(body.model_dump(exclude_none=True), status or _status(error), _headers(error))


def install_error_answers(app: FastAPI) -> None:
    """Let every error leave ``app`` in the one shape."""
    app.add_exception_handler(Refused, _on_known_error)
    app.add_exception_handler(GenerationError, _on_known_error)
    app.add_exception_handler(StoreError, _on_store_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_bug)


async def _on_known_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused | GenerationError)
    response = error_response(error)
    if error.code is RefusalCode.LOGIN_NEEDED and cookie_name(request) in request.cookies:
        # It is old or of another token: sent again and again, it would count as so many failed tries.
        response.delete_cookie(cookie_name(request), path="/", httponly=True, samesite="strict")
    return response


async def _on_store_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, StoreError)
    log.error("the database does not answer: %s", error)
    body = ErrorBody(code=str(error.code), message=store_sentence(error.code, error.values))
    return JSONResponse(body.model_dump(exclude_none=True), 507 if error.code is StoreProblem.FULL else 503)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    place = ".".join(str(part) for part in error.errors()[0]["loc"])
    return error_response(Refused(RefusalCode.MALFORMED_REQUEST, detail=place), 422)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Refused | GenerationError):  # raised while FastAPI read a body
        return error_response(error.__cause__)
    if error.status_code in (404, 405):
        response = error_response(Refused(RefusalCode.NOT_FOUND), error.status_code)
        response.headers.update(error.headers or {})
        return response
    return error_response(Refused(RefusalCode.MALFORMED_REQUEST, detail=str(error.detail)), error.status_code)


async def _on_disconnect(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


async def _on_bug(request: Request, error: Exception) -> Response:
    # Starlette raises it again afterwards, and the server logs the traceback.
    return error_response(Refused(RefusalCode.BROKEN))


def _status(error: Refused | GenerationError) -> int:
    if error.code in STATUSES:
        return STATUSES[error.code]
    return next((status for kind, status in _STATUSES_BY_KIND.items() if isinstance(error, kind)), 500)


def _field(error: Refused | GenerationError) -> str | None:
    if isinstance(error, PictureRejected) or error.code is RefusalCode.NO_PICTURE:
        return str(error.values.get("field", "picture"))
    name = error.values.get("field") if isinstance(error, RequestRejected) else None
    return None if name is None else _FORM_FIELDS.get(str(name), str(name))


def _headers(error: Refused | GenerationError) -> dict[str, str]:
    headers = {}
    retry_after_s = error.values.get("retry_after_s")
    if isinstance(retry_after_s, int | float) and math.isfinite(retry_after_s):
        headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    if error.code in (RefusalCode.LOGIN_NEEDED, RefusalCode.WRONG_TOKEN):
        headers["WWW-Authenticate"] = "Bearer"
    return headers
