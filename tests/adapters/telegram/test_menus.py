"""The commands that Telegram offers: each only where it can be given, and set only where something is new."""

from typing import Any

from tests.adapters.telegram.conftest import PLACE_RULES, OpenBot, quick, with_admins
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram

Json = dict[str, Any]


def names(telegram: LoopbackTelegram, scope: str | Json) -> set[str]:
    """Return the commands that are offered somewhere."""
    return {command["command"] for command in telegram.commands(scope)}


async def until_offered(telegram: LoopbackTelegram, *scopes: str | Json) -> None:
    """Wait until commands are offered everywhere."""
    await telegram.until(lambda: all(telegram.commands(scope) for scope in scopes), about="menus")


async def test_people_are_offered_what_people_can_do(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour
) -> None:
    """In private everything personal is offered, in groups what makes sense there, and no admin command to either."""
    async with open_bot() as bot:
        await until_offered(telegram, "all_private_chats", "all_group_chats", "all_chat_administrators")
        private, group = names(telegram, "all_private_chats"), names(telegram, "all_group_chats")
        personal = {"animate", "jobs", "history", "quota", "privacy", "forget_me", "help", "cancel", "report"}
        assert private == personal | {"start"}
        assert group == personal - {"privacy", "forget_me"}
        of_admins = {command.name.replace("-", "_") for command in bot.services.admin.commands} - {"cancel"}
        assert not of_admins & (private | group)


async def test_who_manages_a_group_is_offered_its_rules(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour
) -> None:
    """Admins of a group are offered its rules and jobs, without those that Telegram has no use for."""
    async with open_bot():
        await until_offered(telegram, "all_chat_administrators")
        more = names(telegram, "all_chat_administrators") - names(telegram, "all_group_chats")
        assert more == {"queue", "job", "place", "place_rooms", "place_pool"}


async def test_an_admin_is_offered_all_in_the_two_places_that_are_theirs(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour
) -> None:
    """Admin commands are offered in the admin's own chat, and to the admin alone in the chat for notices."""
    options = quick(telegram, admins=frozenset({scene.ben.id}), admin_chat=scene.group.id)
    own: Json = {"type": "chat", "chat_id": scene.ben.id}
    in_office: Json = {"type": "chat_member", "chat_id": scene.group.id, "user_id": scene.ben.id}
    async with open_bot(options=options, rules=with_admins(PLACE_RULES, scene.ben.id)) as bot:
        await until_offered(telegram, own, in_office)
        wanted = {command.name.replace("-", "_") for command in bot.services.admin.commands}
        wanted -= {"place_tier", "place_age_restricted"}
        for scope in (own, in_office):
            assert wanted <= names(telegram, scope)
        assert "start" in names(telegram, own)
        assert "start" not in names(telegram, in_office)


async def test_menus_are_set_once(telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour) -> None:
    """A bot that starts again with the same commands changes no menu."""
    async with open_bot():
        await until_offered(telegram, "all_chat_administrators")
    before, asked = len(telegram.calls_to("setMyCommands")), len(telegram.calls_to("getMyCommands"))
    async with open_bot():
        await telegram.until(lambda: len(telegram.calls_to("getMyCommands")) == 2 * asked)
        await scene.answer_to(scene.anna.sends(scene.private, "/help"))
        assert len(telegram.calls_to("setMyCommands")) == before


async def test_an_admin_who_comes_later_is_offered_theirs_then(telegram: LoopbackTelegram, open_bot: OpenBot) -> None:
    """An admin who has never written to the bot gets the admin commands with the first press of Start."""
    carl = telegram.user("carl")
    chat = telegram.private(carl, is_open=False)
    own: Json = {"type": "chat", "chat_id": carl.id}
    options = quick(telegram, admins=frozenset({carl.id}))
    async with open_bot(options=options, rules=with_admins(PLACE_RULES, carl.id)):
        await until_offered(telegram, "all_chat_administrators")
        await telegram.until(lambda: any("chat_id" in str(call) for call in telegram.calls_to("getMyCommands")))
        assert telegram.commands(own) == []
        carl.sends(chat, "/start")
        await until_offered(telegram, own)
        assert "pause" in names(telegram, own)


async def test_who_is_no_admin_any_more_loses_the_menu(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour
) -> None:
    """Somebody who was an admin is refused, and from then on offered what everybody is."""
    own: Json = {"type": "chat", "chat_id": scene.ben.id}
    options = quick(telegram, admins=frozenset({scene.ben.id}))
    async with open_bot(options=options, rules=with_admins(PLACE_RULES, scene.ben.id)):
        await until_offered(telegram, own)
    async with open_bot():
        await scene.answer_to(scene.ben.sends(telegram.private(scene.ben), "/pause"))
        assert not telegram.commands(own)


async def test_an_admin_who_never_comes_is_in_nobodys_way(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour
) -> None:
    """Where one admin has no chat with the bot yet, the others are offered their commands."""
    own: Json = {"type": "chat", "chat_id": scene.ben.id}
    async with open_bot(options=quick(telegram, admins=frozenset({1, scene.ben.id}))):
        await until_offered(telegram, own)


async def test_a_failure_is_made_good(telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour) -> None:
    """Where Telegram is away at the start, the menus are set when it is back."""
    telegram.faults.next("setMyCommands", status=502, html=True, count=2)
    async with open_bot():
        await until_offered(telegram, "all_private_chats", "all_group_chats", "all_chat_administrators")
