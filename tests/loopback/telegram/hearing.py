"""Hearing: the entities in what people write, and which of it reaches the bot while group privacy is on."""

import re
from typing import Any

from .chats import Chat
from .groups import Group
from .message import Message, cut
from .users import Me

Json = dict[str, Any]

_PATTERNS = (
    ("bot_command", re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w)")),
    ("url", re.compile(r"https?://[^\s]+")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z][A-Za-z0-9_]{2,31}")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d]\w*")),
)


def entities_in(text: str) -> tuple[Json, ...]:
    """The commands, addresses, mentions and hashtags that Telegram finds in a text, in order."""
    found: list[Json] = []
    taken: list[range] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() in span for span in taken):
                continue
            taken.append(range(match.start(), match.end()))
            found.append({"type": kind, "offset": units(text[: match.start()]), "length": units(match[0])})
    return tuple(sorted(found, key=lambda entity: entity["offset"]))


def units(text: str) -> int:
    """The length of a text as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def reaches_bot(message: Message, me: Me) -> bool:
    """Whether the bot is told of a message.

    With privacy on: commands to it by name, commands to nobody unless another bot spoke last, answers to its own
    messages, and service messages; without, everything. What bots write reaches no bot.
    Source: core.telegram.org/bots/features#privacy-mode.
    """
    chat: Chat = message.chat
    if chat.refusal() is not None:
        return False
    if not isinstance(chat, Group) or me.reads_all or chat.bot_is_admin or message.is_service:
        return True
    if message.reply_to is not None and message.reply_to.sender is me:
        return True
    command = _leading_command(message)
    if "@" in command:
        return command.split("@")[1].lower() == me.username.lower()
    return bool(command) and chat.last_bot in (None, me)


def _leading_command(message: Message) -> str:
    for entity in message.content.entities:
        if entity["type"] == "bot_command" and entity["offset"] == 0:
            return cut(message.content.text, entity)
    return ""
