"""The operator's view: the board, live, and every command of the admin service."""

import asyncio

from fastapi import APIRouter

from bot.adapters.web.callers import OperatorCaller
from bot.adapters.web.event_stream import EventStream, EventWriter, OpenStreams, add_stream_route
from bot.adapters.web.operator_schemas import AnswerBody, BoardBody, CommandBody, CommandsBody
from bot.adapters.web.texts import Changes, texts_of
from bot.domain.job import Requester
from bot.service.services import Services

_BOARD_INTERVAL_S = 1.0


class OperatorRoutes:
    """``/api/admin``."""

    def __init__(self, services: Services, streams: OpenStreams) -> None:
        self._services, self._streams = services, streams

    def router(self) -> APIRouter:
        routes = APIRouter(prefix="/api/admin")
        routes.add_api_route("/commands", self.commands, methods=["GET"], response_model=CommandsBody)
        routes.add_api_route("/commands/{name}", self.run, methods=["POST"], response_model=AnswerBody)
        routes.add_api_route("/board", self.board, methods=["GET"], response_model=BoardBody)
        add_stream_route(routes, "/events", self.events)
        return routes

    async def commands(self, caller: OperatorCaller) -> CommandsBody:
        """Return every command with its arguments."""
        return CommandsBody(commands=[CommandBody.of(command) for command in self._services.admin.commands])

    async def run(self, name: str, caller: OperatorCaller, arguments: Changes = None) -> AnswerBody:
        """Run a command."""
        given = {argument: text for argument, text in texts_of(arguments).items() if text is not None}
        answer = await self._services.admin.run(caller, name, given)
        return AnswerBody(message=answer.message, data=answer.data)

    async def board(self, caller: OperatorCaller) -> BoardBody:
        """Return everything that the operator's view shows."""
        return await self._board(caller)

    async def events(self, caller: OperatorCaller) -> EventStream:
        """Tell the board as ``board``, at once and when it changes, at most once a second."""

        async def tell(writer: EventWriter) -> None:
            with self._services.board.subscribe(None) as subscription:
                await writer.event("board", await self._board(caller))
                async for _ in writer.changes(subscription):
                    await asyncio.sleep(_BOARD_INTERVAL_S)  # what comes meanwhile is in the next board
                    await writer.event("board", await self._board(caller))

        return self._streams.answer(tell)

    async def _board(self, caller: Requester) -> BoardBody:
        return BoardBody.of(await self._services.admin.overview(caller))
