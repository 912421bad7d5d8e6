"""Where a job's status message is, and by which ways it can be reached: what a job's ``Origin.address`` holds here."""

import json
from dataclasses import asdict, dataclass

CHANNEL_NAME = "discord"

#: Discord invalidates an interaction's token after 15 minutes (developers/interactions/receiving-and-responding); a
#: call that is begun in the last seconds might be too late when it arrives.
TOKEN_LIFE_S = 15 * 60 - 20


@dataclass(frozen=True, slots=True)
class Address:
    """A status message. Ids of 0 mean: there is none, or it is not known."""

    application: int
    channel: int
    message: int  # 0: the interaction's own response, whose id did not come back
    token: str = ""  # of the interaction; empty: the message was sent by the bot's own token
    expires_s: float = 0.0  # since 1970
    by_bot: bool = False  # whether the bot's own token may see the channel: it is installed there, or it is its own DM
    private: bool = False  # ephemeral: no way but the interaction's token
    call: int = 0  # the line by the bot's own token that called the person to it

    def has_token(self, now_s: float) -> bool:
        """Whether the interaction's token still counts."""
        return bool(self.token) and now_s < self.expires_s

    @property
    def is_open_to_bot(self) -> bool:
        """Whether the bot's own token may edit the message: it knows its id, and others see it."""
        return self.by_bot and not self.private and self.message != 0

    @property
    def is_to_be_found(self) -> bool:
        """Whether the bot's own token could edit the message, if only its id were known."""
        return self.by_bot and not self.private and self.message == 0

    def __str__(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Address":
        """Return what ``str`` has written; of an empty text an address where nothing is."""
        return cls(**{"application": 0, "channel": 0, "message": 0, **json.loads(text or "{}")})
