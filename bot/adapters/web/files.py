"""The files of a job: its video with ranges, which a player needs to seek, and its pictures."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import FileResponse

from bot.adapters.web.callers import Caller
from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused
from bot.service.services import Services

#: Asked for again each time: whoever has signed out, or had a job deleted, must not find it in the browser's cache.
_PRIVATE = "private, no-cache"

IfNoneMatch = Annotated[str, Header(alias="If-None-Match")]
FindFile = Callable[[Requester, str], Awaitable[Path]]


class FileRoutes:
    """``/api/jobs/{id}/video`` and the others beside it."""

    def __init__(self, services: Services) -> None:
        self._jobs = services.jobs

    def router(self) -> APIRouter:
        routes = APIRouter(prefix="/api/jobs/{job_id}")
        for path, endpoint, media_type in (
            ("/video", self.video, "video/mp4"),
            ("/poster", self.poster, "image/jpeg"),
            ("/picture", self.picture, "image/png"),
            ("/end-picture", self.end_picture, "image/png"),
            ("/still", self.still, "image/jpeg"),
        ):
            content: dict[int | str, dict[str, Any]] = {200: {"content": {media_type: {}}}}
            routes.add_api_route(path, endpoint, methods=["GET"], response_class=FileResponse, responses=content)
            routes.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)
        return routes

    async def video(
        self, job_id: str, caller: Caller, download: bool = False, if_none_match: IfNoneMatch = ""
    ) -> Response:
        """Return the MP4; as an attachment with ``download=1``."""
        view = await self._jobs.get(caller, job_id)
        path = await self._jobs.video(caller, job_id)
        disposition = f'{"attachment" if download else "inline"}; filename="animate-{view.job.id}.mp4"'
        headers = {"Cache-Control": _PRIVATE, "Content-Disposition": disposition}
        if view.job.video is not None:
            headers["ETag"] = f'"{view.job.video.sha256}"'
        return await _file(path, "video/mp4", headers, if_none_match)

    async def poster(self, job_id: str, caller: Caller, if_none_match: IfNoneMatch = "") -> Response:
        """Return the video's first picture, a JPEG."""
        return await self._picture(self._jobs.poster, caller, job_id, "image/jpeg", if_none_match)

    async def picture(self, job_id: str, caller: Caller, if_none_match: IfNoneMatch = "") -> Response:
        """Return the start picture as it was cleaned, a PNG."""
        return await self._picture(self._jobs.picture, caller, job_id, "image/png", if_none_match)

    async def end_picture(self, job_id: str, caller: Caller, if_none_match: IfNoneMatch = "") -> Response:
        """Return the end picture as it was cleaned, a PNG."""
        return await self._picture(self._jobs.end_picture, caller, job_id, "image/png", if_none_match)

    async def still(self, job_id: str, caller: Caller) -> Response:
        """Return how the video of a running render looks so far, a JPEG."""
        jpeg = await self._jobs.still(caller, job_id)
        if jpeg is None:
            raise Refused(RefusalCode.NOT_FOUND)
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    async def _picture(
        self, find: FindFile, caller: Requester, job_id: str, media_type: str, if_none_match: str
    ) -> Response:
        return await _file(await find(caller, job_id), media_type, {"Cache-Control": _PRIVATE}, if_none_match)


async def _file(path: Path, media_type: str, headers: dict[str, str], if_none_match: str) -> Response:
    try:
        stat = await asyncio.to_thread(path.stat)
    except FileNotFoundError:
        raise Refused(RefusalCode.NOT_FOUND) from None
    response = FileResponse(path, media_type=media_type, headers=headers, stat_result=stat)
    if response.headers["etag"] in (tag.strip().removeprefix("W/") for tag in if_none_match.split(",")):
        return Response(status_code=304, headers={"ETag": response.headers["etag"], **headers})
    return response
