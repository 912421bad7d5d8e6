"""What the loopback Telegram finds wrong with a call, and what reaches a bot in a group."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from telegram import BotCommand, CopyTextButton, InputFile, MessageEntity
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard
from telegram.error import BadRequest, TelegramError

from tests.loopback.telegram import NotOffered
from tests.loopback.telegram.spec import is_available
from tests.loopback.telegram.stage import Stage, buttons, jpeg, png, stage

Act = Callable[[Stage], Awaitable[object]]

_needs_description = pytest.mark.skipif(not is_available(), reason="the Bot API's description is not here")

_TYPES: dict[str, tuple[Act, str]] = {
    "unknown parameter": (lambda here: here.says(api_kwargs={"colour": "red"}), "colour: no such parameter"),
    "missing parameter": (
        lambda here: here.bot.set_message_reaction(here.chat.id, None),  # type: ignore[arg-type]
        "message_id: required",
    ),
    "unknown method": (lambda here: here.bot.do_api_request("sendFish"), "no such method"),
    "wrong type": (lambda here: here.says(api_kwargs={"message_thread_id": "boats"}), "message_thread_id: neither"),
    "wrong shape": (lambda here: here.says(api_kwargs={"reply_parameters": [7]}), "no ReplyParameters"),
    "unknown field": (
        lambda here: here.says(api_kwargs={"reply_parameters": {"message_id": 1, "colour": 1}}),
        "reply_parameters.colour: no such field",
    ),
    "nothing attached": (
        lambda here: here.bot.send_video(here.chat.id, "attach://video"),
        "attach://video is not attached",
    ),
    "attached for nothing": (
        lambda here: here.says(api_kwargs={"boat": InputFile(b"x", "boat.png")}),
        "the file boat is attached, but nothing names it",
    ),
}

_LIMITS: dict[str, tuple[Act, str]] = {
    "parse mode": (lambda here: here.says(parse_mode="HTML"), "never with a parse mode"),
    "long text": (lambda here: here.says("🚤" * 2049), "text: 4098 UTF-16 units"),
    "empty text": (lambda here: here.says(""), "text: 0 UTF-16 units"),
    "long caption": (lambda here: here.bot.send_video(here.chat.id, b"x", caption="x" * 1025), "caption: 1025"),
    "entity outside": (lambda here: here.says("ab", entities=[MessageEntity("bold", 1, 2)]), "not inside the text"),
    "entity in half": (lambda here: here.says("🚤b", entities=[MessageEntity("bold", 1, 1)]), "splits a character"),
    "long data": (
        lambda here: here.says(reply_markup=Keyboard([[Button("Go", callback_data="é" * 33)]])),
        "not 1 to 64 bytes",
    ),
    "long row": (lambda here: here.says(reply_markup=buttons(*"123456789")), "a row of 9 buttons"),
    "long copy": (
        lambda here: here.says(reply_markup=Keyboard([[Button("Seed", copy_text=CopyTextButton("7" * 257))]])),
        "does not copy 1 to 256 characters",
    ),
    "button that does nothing": (lambda here: here.says(reply_markup=Keyboard([[Button("Go")]])), "does []"),
    "command name": (
        lambda here: here.bot.set_my_commands([BotCommand("Forget-me", "All of it")]),
        "'Forget-me' is not 1 to 32",
    ),
    "command text": (lambda here: here.bot.set_my_commands([BotCommand("quota", "x" * 257)]), "1 to 256 characters"),
    "thumbnail kind": (
        lambda here: here.bot.send_video(here.chat.id, b"x", thumbnail=png(32, 32)),
        "thumbnail: a PNG",
    ),
    "thumbnail size": (
        lambda here: here.bot.send_video(here.chat.id, b"x", thumbnail=jpeg(321, 20)),
        "within 320 px",
    ),
    "long alert": (lambda here: here.bot.answer_callback_query("1", "x" * 201), "more than 200"),
    "secret": (lambda here: here.bot.set_webhook("https://bot.example", secret_token="a b"), "secret_token"),
}


@_needs_description
@pytest.mark.parametrize("case", _TYPES)
async def test_names_and_types(case: str) -> None:
    """Names and types that the Bot API's description does not have are noted."""
    await _expect_violation(*_TYPES[case])


@pytest.mark.parametrize("case", _LIMITS)
async def test_limits(case: str) -> None:
    """What is longer, larger or of another kind than the Bot API allows is noted."""
    await _expect_violation(*_LIMITS[case])


async def _expect_violation(act: Act, problem: str) -> None:
    async with stage() as here:
        # Telegram refuses some of it and lets some of it pass; it is noted either way.
        with suppress(TelegramError):
            await act(here)
        assert any(problem in line for line in here.telegram.violations), here.telegram.violations
        here.telegram.violations.clear()


async def test_longest_of_everything() -> None:
    """What is exactly as long as it may be is taken without a word."""
    async with stage() as here:
        row = [Button("x", callback_data="x" * 64)] * 8
        bold = [MessageEntity("bold", 0, 4096)]
        message = await here.says("🚤" * 2048, entities=bold, reply_markup=Keyboard([row]))
        assert message.entities[0].text == message.text
        await here.bot.send_video(here.chat.id, b"x", caption="🚤" * 512, thumbnail=jpeg(320, 320))


_HEARD = {
    "a command to the bot": ("/quota@animate_test_bot", True),
    "a command to another bot": ("/quota@rival_bot", False),
    "a command to nobody": ("/quota", True),
    "a mention": ("what about you, @animate_test_bot?", False),
    "a command that is not at the beginning": ("try /quota@animate_test_bot", False),
    "talk": ("nice boats", False),
}


@pytest.mark.parametrize("case", _HEARD)
async def test_group_privacy(case: str) -> None:
    """With group privacy a bot hears commands for it and nothing that people say to each other."""
    text, is_heard = _HEARD[case]
    async with stage() as here:
        here.anna.sends(here.group, text)
        here.anna.sends_photo(here.group, jpeg(8, 8), text)
        assert len(here.telegram.updates) == (2 if is_heard else 0)


async def test_group_privacy_of_answers() -> None:
    """With group privacy a bot hears what answers its own messages, and not what answers people."""
    async with stage() as here:
        sent = await here.bot.send_message(here.group.id, "What shall move?")
        here.anna.sends(here.group, "the boats", reply_to=here.group.all_messages[sent.message_id])
        assert (await here.next_update()).message is not None
        here.anna.sends(here.group, "or not", reply_to=here.group.messages[-1])
        assert await here.nothing_comes()


async def test_command_brings_what_it_answers() -> None:
    """A command that answers a photo brings that photo, which was not heard itself, but not what the photo answers."""
    async with stage() as here:
        photo = here.anna.sends_photo(
            here.group, jpeg(8, 8), "look", reply_to=here.anna.sends(here.group, "what have you got?")
        )
        here.anna.sends(here.group, "/animate slowly", reply_to=photo)
        message = (await here.next_update()).message
        assert message is not None
        assert message.reply_to_message is not None
        assert message.reply_to_message.photo[-1].file_id == photo.photo[-1].file_id
        assert message.reply_to_message.reply_to_message is None


async def test_commands_go_to_the_bot_that_spoke_last() -> None:
    """A command to nobody goes to whichever bot spoke last."""
    async with stage() as here:
        here.group.another_bot_speaks()
        here.anna.sends(here.group, "/quota")
        assert here.telegram.updates == []
        await here.bot.send_message(here.group.id, "now me")
        here.anna.sends(here.group, "/quota")
        assert len(here.telegram.updates) == 1


async def test_administrators_hear_everything() -> None:
    """A bot that is an administrator of a group hears all of it, and so does one without privacy anywhere."""
    async with stage() as here:
        here.group.adds_bot(admin=True)
        here.anna.sends(here.group, "nice boats")
        here.anna.sends(here.forum, "nice boats")
        here.telegram.me.reads_all = True
        here.anna.sends(here.forum, "very nice")
        messages = [update["message"]["text"] for update in here.telegram.updates if "message" in update]
        assert messages == ["nice boats", "very nice"]


async def test_people_cannot_do_what_their_app_does_not_offer() -> None:
    """Nobody presses what is not shown, writes where they are not, or changes what is not theirs."""
    async with stage() as here:
        ben = here.telegram.user("ben")
        message = await here.says(reply_markup=buttons("Cancel"))
        with pytest.raises(AssertionError, match="no button 'Again'"):
            await here.anna.presses(message, "Again")
        with pytest.raises(NotOffered):
            await ben.presses(message, "Cancel")
        with pytest.raises(NotOffered):
            ben.sends(here.group, "hello")
        with pytest.raises(NotOffered):
            ben.edits(here.anna.sends(here.chat, "hers"), "his")
        message.delete()
        with pytest.raises(AssertionError, match="deleted"):
            await here.anna.presses(message, "Cancel")


async def test_large_video_without_geometry_is_a_square() -> None:
    """A large video of which nothing is said is shown as a square of no length."""
    async with stage() as here:
        await here.bot.send_video(here.chat.id, bytes(10_000_001))
        video = here.chat.of_bot[0].video
        assert video is not None
        assert (video.width, video.height, video.duration) == (320, 320, 0)


async def test_photo_that_is_none() -> None:
    """What is no picture cannot be sent as a photo."""
    async with stage() as here:
        with pytest.raises(BadRequest, match=r"(?i)IMAGE_PROCESS_FAILED"):
            await here.bot.send_photo(here.chat.id, b"nothing")
