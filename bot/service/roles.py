"""Who may do what an admin may: the bot's admins everywhere, whoever manages a place only there."""

from dataclasses import dataclass

from bot.domain.job import Job, Requester


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks, with what the channel has just seen of them on its platform."""

    requester: Requester
    manages: str = ""  # the place that they may manage there, as ``Origin.place``; empty: none
    has_admin_role: bool = False  # one of the roles that the operator has named
    place: str = ""  # where they ask from, whether they manage it or not
    heard_in: str = ""  # the place where everybody reads what is about a place: of others even admins hear nothing

    @property
    def id(self) -> str:
        return self.requester.id


#: Somebody of whom no more is known is a caller who manages nothing.
Viewer = Requester | Caller


def as_caller(who: Viewer) -> Caller:
    """Return the caller that somebody is."""
    return who if isinstance(who, Caller) else Caller(who)


@dataclass(frozen=True, slots=True)
class Roles:
    """The admins that the settings name, as ``platform:user``."""

    admins: frozenset[str]

    def is_admin(self, who: Viewer) -> bool:
        """Whether somebody is an admin of the whole bot: by id, or by a role."""
        return who.id in self.admins or as_caller(who).has_admin_role

    def may_see(self, who: Viewer, job: Job) -> bool:
        """Whether a job exists for somebody: their own; not private ones where they manage; for admins all."""
        manages = as_caller(who).manages
        is_own = job.requester.id == who.id
        is_managed = manages != "" and manages == job.origin.place and not job.origin.is_private
        return is_own or self.is_admin(who) or is_managed
