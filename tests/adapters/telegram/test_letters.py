"""Letters: for whom a message is, what it commands and says, and who has written it."""

from typing import Any

import pytest
from telegram import CallbackQuery, Message

from bot.adapters.telegram.letters import Reading, read_letter
from bot.adapters.telegram.people import Letter, press_of
from bot.adapters.telegram.posts import Me
from tests.loopback.telegram.hearing import entities_in

ME = Me(5_000_000_001, "Animate_Test_Bot", reads_all=True)
US = {"id": ME.id, "is_bot": True, "first_name": "Animate", "username": ME.username}
ANNA = {"id": 7, "is_bot": False, "first_name": "Anna", "last_name": "Berg"}
GROUP = {"id": -1005, "type": "supergroup", "title": "Sea"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Anna"}


def message(text: str = "", **fields: Any) -> Message:
    """Return a message with the entities that Telegram finds in it; Anna's, in the group, if nothing else is said."""
    body = {"message_id": 9, "date": 1, "chat": GROUP, "from": ANNA, "text": text, "entities": list(entities_in(text))}
    return Message.de_json({**body, **fields})


def reading(text: str = "", **fields: Any) -> Reading:
    found = read_letter(message(text, **fields), ME)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "command", "rest", "is_ours"),
    [
        ("/animate fog", "animate", "fog", True),
        ("/ANIMATE@animate_TEST_bot\nfog  rolls in", "animate", "fog  rolls in", True),
        ("/animate@other_bot fog", "", "fog", False),
        ("fog /animate", "", "fog /animate", False),
        ("@animate_test_bot fog", "", "fog", True),
        ("fog, @Animate_Test_Bot please", "", "fog, please", True),
        ("🌊🌊 @animate_test_bot 🌫", "", "🌊🌊 🌫", True),
        ("@other_bot fog", "", "@other_bot fog", False),
        ("fog", "", "fog", False),
        ("", "", "", False),
    ],
)
def test_what_a_message_in_a_group_says(text: str, command: str, rest: str, is_ours: bool) -> None:
    """Commands and our name count in any case and are no part of the words; what is for others is not for us."""
    found = reading(text)
    assert (found.command, found.letter.text, found.is_ours) == (command, rest, is_ours)


def test_in_private_everything_is_for_the_bot() -> None:
    """In private no command is needed."""
    found = reading("fog", chat=PRIVATE)
    assert found.is_ours
    assert (found.letter.is_private, found.letter.place) == (True, "")


def test_a_mention_without_a_username() -> None:
    """Some apps name the bot by its number: that counts as well, and is no part of the words either."""
    entity = {"type": "text_mention", "offset": 3, "length": 7, "user": US}
    found = reading("🌫 Animate rolls", entities=[entity])
    assert (found.is_ours, found.letter.text) == (True, "🌫 rolls")
    of_anna = {**entity, "user": ANNA}
    assert not reading("🌫 Animate rolls", entities=[of_anna]).is_ours


def test_half_of_a_surrogate_pair_breaks_nothing() -> None:
    """A text that is no Unicode is read all the same: what it may hold is decided later, by one rule for all."""
    assert reading("\ud83c @animate_test_bot fog").letter.text == "\ud83c fog"


def test_an_answer_to_the_bot_is_for_it() -> None:
    """What answers one of the bot's messages is for it, and what answers others is not."""
    ours = {"message_id": 3, "date": 1, "chat": GROUP, "from": US, "text": "x"}
    assert reading("fog", reply_to_message=ours).is_ours
    assert not reading("fog", reply_to_message={**ours, "from": ANNA}).is_ours
    assert not reading("/animate@other_bot fog", reply_to_message=ours).is_ours


@pytest.mark.parametrize(
    ("fields", "thread", "is_answer"),
    [
        ({"message_thread_id": 4, "is_topic_message": True}, 4, False),
        ({"message_thread_id": 4, "is_topic_message": True, "opens": True}, 4, False),
        ({"message_thread_id": 4, "is_topic_message": True, "answers": True}, 4, True),
        ({"message_thread_id": 4, "answers": True}, 0, True),  # a thread of comments
        ({}, 0, False),
    ],
)
def test_topics(fields: dict[str, Any], thread: int, is_answer: bool) -> None:
    """A topic is where Telegram says so; the message that opened it is answered by nobody."""
    opening = {"message_id": 4, "date": 1, "chat": GROUP, "from": US}
    created = {"forum_topic_created": {"name": "boats", "icon_color": 1}}
    answered = {"message_id": 5, "date": 1, "chat": GROUP, "from": ANNA, "text": "x"}
    if fields.pop("opens", False):
        fields["reply_to_message"] = opening | created
    if fields.pop("answers", False):
        fields["reply_to_message"] = answered
    letter = reading("fog", **fields).letter
    assert (letter.thread, letter.reply is not None) == (thread, is_answer)
    assert letter.address.thread == thread
    assert letter.circumstances.room == (str(thread) if thread else "")


def writer(**fields: Any) -> Letter | None:
    found = read_letter(message("/animate fog", **fields), ME)
    return None if found is None else found.letter


def test_who_has_written() -> None:
    """A person is their number; whoever writes in a group's or a channel's name is that; other bots are nobody."""
    anna = writer()
    assert anna is not None
    assert (anna.requester.id, anna.requester.name, anna.place) == ("telegram:7", "Anna Berg", "telegram:-1005")
    assert (anna.key, anna.is_anonymous_admin) == ("m-1005:9", False)
    stand_in = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    group = writer(**{"from": stand_in}, sender_chat=GROUP)
    assert group is not None
    assert (group.requester.id, group.user, group.is_anonymous_admin) == ("telegram:-1005", -1005, True)
    channel = {"id": -1009, "type": "channel", "title": "News"}
    voice = writer(**{"from": {"id": 136817688, "is_bot": True, "first_name": "Channel"}}, sender_chat=channel)
    assert voice is not None
    assert (voice.requester.id, voice.requester.name, voice.is_anonymous_admin) == ("telegram:-1009", "News", False)
    telegram = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
    assert writer(**{"from": telegram}, sender_chat=channel, is_automatic_forward=True) is None
    assert writer(**{"from": {"id": 8, "is_bot": True, "first_name": "Rival"}}) is None
    assert writer(**{"from": stand_in}) is None


def test_a_press() -> None:
    """A press is its person's, wherever its message is; one of an inline message is nobody's here."""
    of_us = {"message_id": 3, "date": 1, "chat": GROUP, "from": US, "text": "x", "message_thread_id": 4}
    body = {"id": "55", "from": ANNA, "chat_instance": "1", "data": "job:1:cancel"}
    press = press_of(CallbackQuery.de_json({**body, "message": {**of_us, "is_topic_message": True}}))
    assert press is not None
    assert (press.key, press.requester.id, press.place) == ("q55", "telegram:7", "telegram:-1005")
    assert (press.chat, press.message, press.thread, press.is_private) == (-1005, 3, 4, False)
    old = press_of(CallbackQuery.de_json({**body, "message": {"message_id": 3, "date": 0, "chat": GROUP}}))
    assert old is not None
    assert (old.message, old.thread) == (3, 0)
    assert press_of(CallbackQuery.de_json({**body, "inline_message_id": "x"})) is None
