"""Signing in and out, who one is, and what a person may do with all that is stored of them."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from bot.adapters.web.access import COOKIE_LIFETIME_S, Access
from bot.adapters.web.callers import Caller, address_of, cookie_name
from bot.adapters.web.schemas import ForgottenBody, MeBody
from bot.adapters.web.texts import Text
from bot.service.services import Services


class LoginBody(BaseModel):
    """What ``/login`` takes."""

    token: Text


class SessionRoutes:
    """``/login``, ``/logout`` and ``/api/me``."""

    def __init__(self, services: Services, access: Access) -> None:
        self._services, self._access = services, access

    def router(self) -> APIRouter:
        routes = APIRouter()
        routes.add_api_route("/login", self.login, methods=["POST"], status_code=204)
        routes.add_api_route("/logout", self.logout, methods=["POST"], status_code=204)
        routes.add_api_route("/api/me", self.me, methods=["GET"], response_model=MeBody)
        routes.add_api_route("/api/me/export", self.export, methods=["GET"], response_class=JSONResponse)
        routes.add_api_route("/api/me/forget", self.forget, methods=["POST"], response_model=ForgottenBody)
        return routes

    async def login(self, body: LoginBody, request: Request) -> Response:
        """Trade a token for a cookie."""
        cookie = self._access.sign_in(body.token.strip(), address_of(request))
        response = Response(status_code=204)
        if cookie:
            response.set_cookie(
                cookie_name(request),
                cookie,
                max_age=COOKIE_LIFETIME_S,
                path="/",
                secure=request.url.scheme == "https",
                httponly=True,
                samesite="strict",
            )
        return response

    async def logout(self, request: Request) -> Response:
        """Forget the cookie."""
        response = Response(status_code=204)
        response.delete_cookie(
            cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True, samesite="strict"
        )
        return response

    async def me(self, caller: Caller) -> MeBody:
        """Return who the caller is."""
        return MeBody(
            id=caller.id,
            name=caller.name,
            is_operator=self._services.admin.is_admin(caller),
            needs_login=self._access.needs_login,
        )

    async def export(self, caller: Caller) -> JSONResponse:
        """Return all that is stored of the caller, as a file."""
        stored = await self._services.privacy.export(caller.id)
        return JSONResponse(stored, headers={"Content-Disposition": 'attachment; filename="animate-bot-export.json"'})

    async def forget(self, caller: Caller) -> ForgottenBody:
        """Delete all that is stored of the caller."""
        return ForgottenBody(jobs=await self._services.privacy.forget(caller))
