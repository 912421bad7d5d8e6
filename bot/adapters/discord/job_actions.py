"""What the buttons of a job do."""

from collections.abc import Mapping

from bot.adapters.discord.desk import Desk
from bot.adapters.discord.job_buttons import Action, Verb


def job_actions(desk: Desk) -> Mapping[Verb, Action]:
    """Return what each button does."""
    return {}


class JobActions:
    """The buttons' answers. Who may do what is decided by the services, with what this very press says of the person."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
