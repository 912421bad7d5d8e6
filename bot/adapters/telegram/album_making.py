"""What becomes of an album: each picture a video, or all of them one, with the words that count for it.

It is seen to whenever a piece has come or was edited, and then as a whole: only what has changed is made or changed.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from bot.adapters.telegram.album_note import AlbumNote
from bot.adapters.telegram.answers import (
    EXPECTED_ERRORS,
    Declined,
    Unheard,
    answer_to,
    require_this_time,
    tell,
)
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.letters import Reading
from bot.adapters.telegram.people import CHANNEL_NAME, Letter
from bot.adapters.telegram.wishes import END_FRAME, PictureFile, Wishes, picture_of
from bot.domain.caption import take_switch
from bot.store.errors import StoreError

TOO_LATE_FOR_ENDS = (
    "This picture came after the video of its album had been begun. Answer it with /animate for its own."
)

#: Whether what has come still counts; it does not where its sender was forgotten meanwhile.
StillCounts = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One picture with the words that count for it, and those with which it was seen to before."""

    letter: Letter
    picture: PictureFile
    said: str | None

    @property
    def is_new(self) -> bool:
        return self.said is None

    @property
    def has_changed(self) -> bool:
        return self.said != self.letter.text


@dataclass(slots=True)
class _Outcome:
    """What was done in one go, by message."""

    seen_to: dict[int, str] = field(default_factory=dict)  # and with which words
    made: set[int] = field(default_factory=set)


class AlbumMaking:
    """Makes the jobs of an album, and has those that there are changed."""

    def __init__(self, desk: Desk, wishes: Wishes) -> None:
        self._desk, self._wishes = desk, wishes

    async def make(self, name: str, readings: Collection[Reading], still_counts: StillCounts) -> None:
        """See to an album of which these pieces have come or were edited. Raises NextTime, Unheard and StoreError.

        What it is to be is noted before its making, and what has become of it afterwards: cut off in between, it is
        seen to in the same way once more, and keys keep each job from being made twice.
        """
        notebook = self._desk.services.notebook
        known = await notebook.read(CHANNEL_NAME, name)
        if not await still_counts():
            return
        person = next(iter(readings)).letter.requester.id
        note = (AlbumNote({}) if known is None else AlbumNote.read(known)).with_readings(readings)
        everything = self._readings(note, readings)
        note = self._decided(note, everything)
        await notebook.keep(CHANNEL_NAME, name, person, str(note))
        if not note.is_ours:
            return
        pieces = list(_pieces(everything, note))
        problems = _Problems(self._desk, 1 if note.is_ends else len(pieces))
        outcome = _Outcome()
        for piece, end in _due(pieces, note):
            if not await still_counts():
                return
            with problems.noted(piece.letter):
                if await self._bring(piece, end, is_too_late=note.is_ends and end is None):
                    outcome.made.add(piece.letter.message)
            outcome.seen_to[piece.letter.message] = piece.letter.text
        await problems.tell()
        if await still_counts():
            done = note.with_said(outcome.seen_to, outcome.made)
            await notebook.keep(CHANNEL_NAME, name, person, str(done))

    async def _bring(self, piece: _Piece, end: PictureFile | None, *, is_too_late: bool) -> bool:
        """Make a piece's job, or change the one there is; False: there is none.

        Raises what ``Wishes.make`` and ``Wishes.revise`` raise, and Declined for one that came too late.
        """
        if is_too_late:
            raise Declined(TOO_LATE_FOR_ENDS)

        async def make() -> None:
            await self._wishes.make(piece.letter, piece.picture, end)

        if not piece.is_new:
            return await self._wishes.follow(piece.letter, make) is not None
        await make()  # where it was cut off before, the job may have the words of before
        return await self._wishes.revise(piece.letter) is not None

    def _readings(self, note: AlbumNote, new: Collection[Reading]) -> list[Reading]:
        """Return what all pieces of an album say, in its order."""
        known = {reading.letter.message: reading for reading in new}
        me = self._desk.posts.me
        found = (known.get(message) or piece.reading(me) for message, piece in note.pieces.items())
        return [reading for reading in found if reading is not None]

    def _decided(self, note: AlbumNote, everything: list[Reading]) -> AlbumNote:
        """Decide what an album is to be, and whose words count, where that is still open."""
        ours = [reading.letter for reading in everything if reading.is_ours]
        if not ours and not note.is_ours:
            return note
        if note.is_open:
            is_asked_for = any(take_switch(letter.text, END_FRAME)[1] for letter in ours)
            is_ends = is_asked_for or (self._desk.options.album_is_ends and self._can_end)
            note = replace(
                note,
                is_open=False,
                is_ours=True,
                message=0,
                is_ends=is_ends and len(everything) > 1,
                in_time=tuple(note.pieces),
            )
        if note.message == 0:
            note = replace(note, message=next((letter.message for letter in ours if letter.text), 0))
        return note

    @property
    def _can_end(self) -> bool:
        return self._desk.services.offers.capabilities.end_picture


class _Problems:
    """What went wrong with the pictures of an album, each sentence once."""

    def __init__(self, desk: Desk, pictures: int) -> None:
        self._desk, self._pictures = desk, pictures
        self._by_sentence: dict[str, list[Letter]] = {}

    @contextmanager
    def noted(self, letter: Letter) -> Iterator[None]:
        """Note what is refused inside, for ``tell``. Raises StoreError and NextTime."""
        try:
            yield
        except StoreError:
            raise
        except EXPECTED_ERRORS as error:
            require_this_time(self._desk, error)
            self._by_sentence.setdefault(answer_to(error), []).append(letter)

    async def tell(self) -> None:
        """Tell each sentence once, as an answer to the first picture that it is about."""
        for text, letters in self._by_sentence.items():
            heading = f"{len(letters)} of {self._pictures} pictures: " if self._pictures > 1 else ""
            if not await tell(self._desk, letters[0].address, heading + text):
                raise Unheard


def _pieces(readings: list[Reading], note: AlbumNote) -> Iterator[_Piece]:
    """Yield the pictures in their order, each with its words: its own, or else those of the album."""
    words_of_all = next((one.letter.text for one in readings if one.letter.message == note.message), "")
    for reading in readings:
        letter, picture = reading.letter, picture_of(reading.letter.raw)
        if picture is not None:
            words = letter.text or words_of_all
            if note.is_ends:  # the switch has been followed; else it is told with each picture that it cannot be
                words, _ = take_switch(words, END_FRAME)
            yield _Piece(replace(letter, text=words), picture, note.pieces[letter.message].said)


def _due(pieces: list[_Piece], note: AlbumNote) -> Iterator[tuple[_Piece, PictureFile | None]]:
    """Yield what is to be seen to: where the album is one video its first picture with its last, and who is late."""
    if not note.is_ends:
        yield from ((piece, None) for piece in pieces if piece.has_changed)
        return
    in_time = [piece for piece in pieces if piece.letter.message in note.in_time]
    if in_time and in_time[0].has_changed:
        yield in_time[0], in_time[-1].picture
    yield from ((piece, None) for piece in pieces if piece.is_new and piece.letter.message not in note.in_time)
