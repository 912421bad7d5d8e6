"""The page itself: one document for everybody and for the operator, and its static parts."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

_ADDRESSES = ("/", "/operator")
_REVALIDATE = "no-cache"  # after an update the browser must not mix old and new modules


class PageRoutes:
    """``/``, ``/operator`` and ``/static``."""

    def __init__(self, static_folder: Path) -> None:
        self._static_folder = static_folder

    def install(self, app: FastAPI) -> None:
        routes = APIRouter(include_in_schema=False)
        for address in _ADDRESSES:
            routes.add_api_route(address, self.page, methods=["GET", "HEAD"], response_class=FileResponse)
        app.include_router(routes)
        app.mount("/static", _StaticParts(directory=self._static_folder, check_dir=False))

    async def page(self) -> FileResponse:
        return FileResponse(
            self._static_folder / "index.html", media_type="text/html", headers={"Cache-Control": _REVALIDATE}
        )


class _StaticParts(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _REVALIDATE
        return response
