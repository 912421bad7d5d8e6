"""Person: a user and what they can do; each action is what their app would send."""

from dataclasses import dataclass
from typing import Any

from . import command_data, form_data
from .command_data import CHAT_INPUT, ON_MESSAGE, ON_USER, Assembly
from .components import SELECTS, find_pressable
from .interaction import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from .invoking import NotOffered, send
from .message import Message
from .people import User
from .places import Channel
from .sent import Choice, Modal, Sent
from .world import World

FIRST_RESPONSE_S = 3.0


@dataclass(eq=False, repr=False)
class Person(User):
    """By default each action waits for the bot's first response, or for the three seconds in which it must come."""

    world: World | None = None
    first_response_s: float = FIRST_RESPONSE_S

    async def command(
        self, place: Channel, name: str, /, *, user_install: bool = False, wait: bool = True, **options: Any
    ) -> Sent:
        """Type a slash command ("admin pause" for a subcommand)."""
        command_name, *path = name.split(" ")
        command = command_data.find(self._world, self, place, command_name, CHAT_INPUT, user_install=user_install)
        data = command_data.chat_input(self._world, place, command, path, options)
        return await self._send(place, COMMAND, data, wait=wait, user_install=user_install)

    async def message_command(
        self, place: Channel, name: str, message: Message, *, user_install: bool = False, wait: bool = True
    ) -> Sent:
        """Choose a command from the menu of a message."""
        command = command_data.find(self._world, self, place, name, ON_MESSAGE, user_install=user_install)
        data = command_data.on_message(self._world, place, command, message)
        return await self._send(place, COMMAND, data, wait=wait, user_install=user_install)

    async def user_command(self, place: Channel, name: str, user: User, *, wait: bool = True) -> Sent:
        """Choose a command from the menu of a user."""
        command = command_data.find(self._world, self, place, name, ON_USER, user_install=False)
        return await self._send(place, COMMAND, command_data.on_user(self._world, place, command, user), wait=wait)

    async def autocomplete(
        self, place: Channel, name: str, option: str, typed: str, /, *, user_install: bool = False, **others: Any
    ) -> list[Choice]:
        """Type into an option of a command and see what is offered."""
        command_name, *path = name.split(" ")
        command = command_data.find(self._world, self, place, command_name, CHAT_INPUT, user_install=user_install)
        values = others | {option: typed}
        data = command_data.chat_input(self._world, place, command, path, values, focused=option)
        sent = await self._send(place, AUTOCOMPLETE, data, wait=True, user_install=user_install)
        return sent.choices

    async def press(self, message: Message, what: str, *, values: list[Any] | None = None, wait: bool = True) -> Sent:
        """Press a button, or choose values in a select, found by label, placeholder or start of its custom_id."""
        if message.deleted or (message.is_ephemeral and message.recipient is not self):
            raise NotOffered(f"{self.name} does not see this message")
        component = find_pressable(message.components, what)
        data = {"custom_id": component["custom_id"], "component_type": component["type"], "id": component["id"]}
        if component["type"] in SELECTS:
            assembly = Assembly(self._world, message.channel)
            data["values"] = form_data.chosen(component, values or [], assembly)
            data["resolved"] = assembly.resolved
        elif values is not None:
            raise NotOffered(f"{what!r} is a button and takes no values")
        return await self._send(message.channel, COMPONENT, data, wait=wait, source=message)

    async def submit(self, modal: Modal | None, values: dict[str, Any] | None = None, /, *, wait: bool = True) -> Sent:
        """Fill in and submit a form; values are named by label or custom_id."""
        assert modal is not None, "no form is open"
        opener = modal.interaction
        data = form_data.submitted(modal, values or {}, Assembly(self._world, opener.channel))
        return await self._send(opener.channel, MODAL_SUBMIT, data, wait=wait, source=opener.source, opened_by=opener)

    def close_dms(self) -> None:
        self.dms_closed = True

    def open_dms(self) -> None:
        self.dms_closed = False

    def sees(self, place: Channel) -> list[Message]:
        """The messages in a place, with those for this person alone."""
        return [
            one
            for one in place.all_messages.values()
            if not one.deleted and (not one.is_ephemeral or one.recipient is self)
        ]

    @property
    def _world(self) -> World:
        assert self.world is not None
        return self.world

    async def _send(self, place: Channel, kind: int, data: dict[str, Any], *, wait: bool, **more: Any) -> Sent:
        sent = send(self._world, self, place, kind, data, first_response_s=self.first_response_s, **more)
        if wait:
            # The server itself ends the wait after first_response_s; the rest is room for a slow machine.
            await sent.answered(limit_s=self.first_response_s + 10)
        return sent
