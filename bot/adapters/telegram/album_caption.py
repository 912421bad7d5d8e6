"""What an album says: kept in the notebook, for pieces that come late and for edits."""

import json
from dataclasses import asdict, dataclass

from bot.adapters.telegram.people import Letter


@dataclass(frozen=True, slots=True)
class AlbumCaption:
    """What counts for the pictures of an album that have no words of their own."""

    words: str = ""
    message: int = 0  # where they stand; 0: nowhere
    sharing: tuple[int, ...] = ()  # the messages of the pictures that they count for, and that have one job each
    is_ends: bool = False  # the album is one video, from its first picture to its last
    messages: tuple[int, ...] = ()  # of the pictures that had come when it was made

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "AlbumCaption":
        """Return what ``str`` has written."""
        values = json.loads(text)
        values["sharing"], values["messages"] = tuple(values["sharing"]), tuple(values["messages"])
        return cls(**values)


def album_name(letter: Letter) -> str:
    """Return the name of an album, among those that are gathered and in the notebook."""
    return f"album:{letter.chat}:{letter.raw.media_group_id}"
