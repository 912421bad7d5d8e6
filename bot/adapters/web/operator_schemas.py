"""The bodies of the operator's answers."""

from collections.abc import Mapping
from typing import Any, Self

from bot.adapters.web.schemas import Body, JobBody, QueueBody, credits_of
from bot.domain.job import Requester
from bot.service.admin_board import AdminBoard
from bot.service.admin_command import AdminCommand, Argument
from bot.service.views import JobView, PersonView


class ArgumentBody(Body):
    """One argument of a command."""

    name: str
    kind: str
    required: bool
    help: str
    choices: list[str] | None

    @classmethod
    def of(cls, argument: Argument) -> Self:
        return cls(
            name=argument.name,
            kind=argument.kind,
            required=argument.required,
            help=argument.help,
            choices=list(argument.choices) if argument.choices else None,
        )


class CommandBody(Body):
    """One command of the operator."""

    name: str
    help: str
    danger: bool
    arguments: list[ArgumentBody]

    @classmethod
    def of(cls, command: AdminCommand) -> Self:
        arguments = [ArgumentBody.of(argument) for argument in command.arguments]
        return cls(name=command.name, help=command.help, danger=command.danger, arguments=arguments)


class CommandsBody(Body):
    """All commands."""

    commands: list[CommandBody]


class AnswerBody(Body):
    """What a command did, as a sentence and as data."""

    message: str
    data: Any


class RequesterBody(Body):
    """Whose job it is."""

    id: str
    name: str

    @classmethod
    def of(cls, requester: Requester) -> Self:
        return cls(id=requester.id, name=requester.name)


class OwnedJobBody(JobBody):
    """One job and whose it is."""

    requester: RequesterBody | None = None

    @classmethod
    def of(cls, view: JobView) -> Self:
        return super().of(view).model_copy(update={"requester": RequesterBody.of(view.job.requester)})


class PersonBody(Body):
    """A person as the operator sees them."""

    id: str
    name: str
    waiting: int
    running: int
    left: float
    cap: float
    per_day: float
    banned: bool
    ban_reason: str | None
    jobs: int

    @classmethod
    def of(cls, view: PersonView) -> Self:
        return cls(
            id=view.requester.id,
            name=view.requester.name,
            waiting=view.waiting,
            running=view.running,
            left=credits_of(view.quota.left_mcr),
            cap=credits_of(view.quota.cap_mcr),
            per_day=credits_of(view.quota.per_day_mcr),
            banned=view.is_banned,
            ban_reason=view.ban_reason,
            jobs=view.jobs,
        )


class BoardBody(Body):
    """Everything the operator's view shows."""

    queue: QueueBody
    running: list[OwnedJobBody]
    waiting: list[OwnedJobBody]
    ended: list[OwnedJobBody]
    people: list[PersonBody]
    stats: dict[str, float | int | None]
    reports: list[Mapping[str, Any]]
    notices: list[Mapping[str, Any]]
    audit: list[Mapping[str, Any]]

    @classmethod
    def of(cls, board: AdminBoard) -> Self:
        return cls(
            queue=QueueBody.of(board.queue),
            running=[OwnedJobBody.of(view) for view in board.running],
            waiting=[OwnedJobBody.of(view) for view in board.waiting],
            ended=[OwnedJobBody.of(view) for view in board.ended],
            people=[PersonBody.of(view) for view in board.people],
            stats=dict(board.stats),
            reports=list(board.reports),
            notices=list(board.notices),
            audit=list(board.audit),
        )
