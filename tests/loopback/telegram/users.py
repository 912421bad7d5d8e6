"""User: somebody with an account, a bot among them, as others are told about them."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(eq=False, repr=False)
class User:
    id: int
    name: str
    username: str = ""
    language: str = "en"
    is_bot: bool = False
    is_deactivated: bool = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.id}>"

    def to_json(self) -> Json:
        body: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        if self.username:
            body["username"] = self.username
        if self.language and not self.is_bot:
            body["language_code"] = self.language
        return body


@dataclass(eq=False, repr=False)
class Me(User):
    """The bot itself."""

    #: Group privacy is off for all groups.
    reads_all: bool = False

    def to_full_json(self) -> Json:
        """What getMe says."""
        flags = {
            "can_join_groups": True,
            "can_read_all_group_messages": self.reads_all,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }
        return self.to_json() | flags


# The accounts behind what a person writes in the name of a group or a channel, and behind automatic forwards.
GROUP_ANONYMOUS_BOT = User(1087968824, "Group", "GroupAnonymousBot", is_bot=True)
CHANNEL_BOT = User(136817688, "Channel", "Channel_Bot", is_bot=True)
TELEGRAM = User(777000, "Telegram", language="")
