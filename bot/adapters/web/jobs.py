"""Jobs over HTTP: send, list, look at, cancel, again, report."""

import asyncio
from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from bot.adapters.web.access import CHANNEL_NAME
from bot.adapters.web.callers import Caller
from bot.adapters.web.schemas import JobBody, JobPageBody
from bot.adapters.web.texts import Changes, Text, texts_of
from bot.adapters.web.upload import END_PICTURE, PICTURE, read_upload
from bot.domain.job import Origin
from bot.domain.refusals import RefusalCode, Refused
from bot.service.services import Services
from bot.service.views import IncomingRequest, JobView

ORIGIN = Origin(CHANNEL_NAME)

_UPLOADS_AT_ONCE = 3  # of one person; each may hold two pictures in memory
_MAX_TEXT_BYTES = 1_000_000
_MAX_KEY_CHARACTERS = 200
_MAX_REASON_CHARACTERS = 1_000
_MAX_PAGE = 100

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=_MAX_KEY_CHARACTERS)]


class ReportBody(BaseModel):
    """What ``/report`` takes."""

    reason: Text = Field(max_length=_MAX_REASON_CHARACTERS)


class JobRoutes:
    """``/api/jobs`` and what is below it, files and streams excepted."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._text_fields = frozenset({"prompt", *(option.name for option in services.offers.options)})
        # Never more keys than there are people with a token.
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_UPLOADS_AT_ONCE))

    def router(self) -> APIRouter:
        routes = APIRouter(prefix="/api/jobs")
        form = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": self._form_schema()}}}}
        routes.add_api_route(
            "", self.submit, methods=["POST"], status_code=202, response_model=JobBody, openapi_extra=form
        )
        routes.add_api_route("", self.latest, methods=["GET"], response_model=JobPageBody)
        routes.add_api_route("/{job_id}", self.get, methods=["GET"], response_model=JobBody)
        routes.add_api_route("/{job_id}", self.cancel, methods=["DELETE"], response_model=JobBody)
        routes.add_api_route("/{job_id}/again", self.again, methods=["POST"], status_code=202, response_model=JobBody)
        routes.add_api_route("/{job_id}/report", self.report, methods=["POST"], status_code=204)
        return routes

    async def submit(self, request: Request, response: Response, caller: Caller, key: Key = "") -> JobBody:
        """Take a new job: a picture, a prompt and options, all but the picture optional."""
        async with self._turns[caller.id]:
            upload = await read_upload(
                request.headers.get("content-type", ""),
                request.stream(),
                text_fields=self._text_fields,
                max_picture_bytes=self._services.offers.max_picture_bytes,
                max_text_bytes=_MAX_TEXT_BYTES,
            )
            picture = upload.pictures.get(PICTURE)
            if not picture:  # a form without a chosen file sends an empty one
                raise Refused(RefusalCode.NO_PICTURE)
            prompt = upload.texts.pop("prompt", "")
            incoming = IncomingRequest(
                picture=picture,
                prompt=prompt,
                options=upload.texts,
                end_picture=upload.pictures.get(END_PICTURE) or None,
                key=key,
            )
            del upload, picture
            return _accepted(response, await self._services.intake.submit(caller, ORIGIN, incoming))

    async def latest(
        self,
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 50,
        before: str | None = None,
    ) -> JobPageBody:
        """Return the caller's jobs, newest first."""
        views = await self._services.jobs.latest(caller, limit + 1, before or None)
        page = [JobBody.of(view) for view in views[:limit]]
        return JobPageBody(jobs=page, next=page[-1].id if len(views) > limit else None)

    async def get(self, job_id: str, caller: Caller) -> JobBody:
        """Return one job."""
        return JobBody.of(await self._services.jobs.get(caller, job_id))

    async def cancel(self, job_id: str, caller: Caller) -> JobBody:
        """Cancel a job that has not ended."""
        return JobBody.of(await self._services.jobs.cancel(caller, job_id))

    async def again(
        self,
        job_id: str,
        response: Response,
        caller: Caller,
        changes: Changes = None,
        key: Key = "",
    ) -> JobBody:
        """Make a new job of an old one's picture and options, with these changes; without a seed a new one is drawn."""
        view = await self._services.intake.again(caller, ORIGIN, job_id, texts_of(changes), key)
        return _accepted(response, view)

    async def report(self, job_id: str, body: ReportBody, caller: Caller) -> Response:
        """Tell the operator that something is wrong with a job."""
        await self._services.reports.report(caller, job_id, body.reason)
        return Response(status_code=204)

    def _form_schema(self) -> dict[str, Any]:
        file = {"type": "string", "format": "binary"}
        options = {
            option.name: {"type": "string", "description": option.help} for option in self._services.offers.options
        }
        properties = {PICTURE: file, END_PICTURE: file, "prompt": {"type": "string"}, **options}
        return {"type": "object", "required": [PICTURE], "properties": properties, "additionalProperties": False}


def _accepted(response: Response, view: JobView) -> JobBody:
    response.headers["Location"] = f"/api/jobs/{view.job.id}"
    return JobBody.of(view)
