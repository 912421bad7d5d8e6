"""What is known of an album: kept in the notebook, for pieces that come late and for edits."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

import telegram

from bot.adapters.telegram.letters import Reading, read_letter
from bot.adapters.telegram.people import Letter
from bot.adapters.telegram.posts import Me


@dataclass(frozen=True, slots=True)
class NotedPiece:
    """One picture of an album."""

    raw: str  # its message, as Telegram sent or edited it last
    said: str | None = None  # the words with which it was seen to; None: it was not yet
    is_made: bool = False  # there is a job of it

    def reading(self, me: Me) -> Reading | None:
        """Return what its message says to us."""
        return read_letter(telegram.Message.de_json(json.loads(self.raw)), me)


@dataclass(frozen=True, slots=True)
class AlbumNote:
    """The pictures of an album, and what was decided about it."""

    pieces: Mapping[int, NotedPiece]  # by message, in the order of the album
    is_open: bool = True  # no job has come of it: all else is decided anew
    is_ours: bool = False  # one of its captions speaks to us; else it is the group's own affair
    message: int = 0  # whose words count for the pictures without any; 0: nobody's yet
    is_ends: bool = False  # it is one video, from its first picture to its last
    in_time: tuple[int, ...] = ()  # the messages that had come when its making was begun

    def with_readings(self, readings: Iterable[Reading]) -> "AlbumNote":
        """Return the note with pieces that have come or were edited."""
        pieces = dict(self.pieces)
        for reading in readings:
            message, raw = reading.letter.message, reading.letter.raw.to_json()
            known = pieces.get(message)
            pieces[message] = NotedPiece(raw) if known is None else replace(known, raw=raw)
        return replace(self, pieces=dict(sorted(pieces.items())))

    def with_said(self, seen_to: Mapping[int, str], made: Iterable[int]) -> "AlbumNote":
        """Return the note after pieces were seen to, each with its words; of some of them there are jobs."""
        jobs = set(made)
        pieces = {
            message: replace(piece, said=seen_to.get(message, piece.said), is_made=piece.is_made or message in jobs)
            for message, piece in self.pieces.items()
        }
        return replace(self, pieces=pieces, is_open=not any(piece.is_made for piece in pieces.values()))

    def __str__(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "AlbumNote":
        """Return what ``str`` has written."""
        values = json.loads(text)
        values["pieces"] = {int(message): NotedPiece(**piece) for message, piece in values["pieces"].items()}
        values["in_time"] = tuple(values["in_time"])
        return cls(**values)


def album_name(letter: Letter) -> str:
    """Return the name of an album, among those that are gathered and in the notebook."""
    return f"album:{letter.chat}:{letter.raw.media_group_id}"
