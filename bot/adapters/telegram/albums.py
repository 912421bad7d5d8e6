"""Albums: Telegram sends each picture by itself; they are gathered, and the words of one count for those without any.

Their updates are done with together: after a crash all of them come again, and each picture has its own key.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import structlog

from bot.adapters.telegram.album_caption import AlbumCaption, album_name
from bot.adapters.telegram.answers import (
    EXPECTED_ERRORS,
    UNREACHABLE,
    Declined,
    NextTime,
    Unheard,
    answer_to,
    require_this_time,
    tell,
)
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.hearing import until_heard
from bot.adapters.telegram.letters import Reading
from bot.adapters.telegram.pauses import Pauses
from bot.adapters.telegram.people import CHANNEL_NAME, Letter
from bot.adapters.telegram.wishes import END_FRAME, PictureFile, Wishes, picture_of
from bot.domain.caption import take_switch
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)

TOO_LATE_FOR_ENDS = (
    "This picture came after the video of its album had been begun. Answer it with /animate for its own."
)


@dataclass(slots=True, eq=False)
class _Album:
    """The pieces that have come since the last time it was made."""

    name: str
    readings: dict[int, Reading] = field(default_factory=dict)  # by message
    numbers: set[int] = field(default_factory=set)  # of their updates
    has_more: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One picture with the words that count for it."""

    letter: Letter
    picture: PictureFile


class Albums:
    """Gathers pieces until none has come for a while, then makes their jobs."""

    def __init__(self, desk: Desk, wishes: Wishes) -> None:
        self._desk, self._wishes = desk, wishes
        self._albums: dict[str, _Album] = {}
        self._making: set[asyncio.Task[None]] = set()

    def add(self, number: int, reading: Reading) -> None:
        """Take the piece of an album that came with the update of this number; it is done with when all are."""
        name = album_name(reading.letter)
        album = self._albums.get(name)
        if album is None:
            album = self._albums[name] = _Album(name)
            task = asyncio.create_task(self._gather(album), name=name)
            self._making.add(task)
            task.add_done_callback(self._making.discard)
        album.readings[reading.letter.message] = reading
        album.numbers.add(number)
        album.has_more.set()

    def amend(self, reading: Reading) -> bool:
        """Take the new words of a piece that is still being gathered; False: it is not."""
        album = self._albums.get(album_name(reading.letter))
        if album is None or reading.letter.message not in album.readings:
            return False
        album.readings[reading.letter.message] = reading
        return True

    async def stop(self) -> None:
        """Leave what is being gathered or made to the next start."""
        for task in self._making:
            task.cancel()
        if self._making:
            await asyncio.wait(self._making)

    async def _gather(self, album: _Album) -> None:
        while album.has_more.is_set():
            album.has_more.clear()
            try:
                async with asyncio.timeout(self._desk.options.album_wait_s):
                    await album.has_more.wait()
            except TimeoutError:
                break
        del self._albums[album.name]  # what comes from here on is a new gathering
        pauses = Pauses(self._desk.options.pause_s)
        while True:
            try:
                if await until_heard(lambda: self._make_safely(album), self._desk.options.pause_s):
                    await self._desk.services.inbox.done(CHANNEL_NAME, album.numbers)
            except StoreError as error:
                log.error("the database does not answer", reason=str(error))
                await pauses.wait()
            else:
                return

    async def _make_safely(self, album: _Album) -> bool:
        """Make an album; False: it is left to the next start. Raises Unheard and StoreError."""
        readings = [album.readings[message] for message in sorted(album.readings)]
        try:
            await self._make(album.name, readings)
        except NextTime:
            return False
        except (StoreError, Unheard):
            raise
        except UNREACHABLE as lost:
            log.info("an answer did not arrive", reason=repr(lost))
        except Exception:  # nobody waits for this task, and a bug would be there the next time as well
            log.exception("an album broke")
            await tell(self._desk, readings[0].letter.address, sentence(Refused(RefusalCode.BROKEN)))
        return True

    async def _make(self, name: str, readings: list[Reading]) -> None:
        notebook = self._desk.services.notebook
        known = await notebook.read(CHANNEL_NAME, name)
        earlier = None if known is None else AlbumCaption.read(known)
        if earlier is None and not any(reading.is_ours for reading in readings):
            return  # the group's own affair
        caption = self._caption(readings, earlier)
        await notebook.keep(CHANNEL_NAME, name, readings[0].letter.requester.id, str(caption))
        pieces = list(_pieces(readings, caption))
        problems = _Problems(self._desk, 1 if caption.is_ends else len(pieces))
        if caption.is_ends:
            await self._make_one(pieces, caption, problems)
        else:
            for piece in pieces:
                with problems.noted(piece.letter):
                    await self._wishes.make(piece.letter, piece.picture)
        await problems.tell()

    async def _make_one(self, pieces: list[_Piece], caption: AlbumCaption, problems: "_Problems") -> None:
        """Make one video of an album. After a crash its pieces come again: that is not too late."""
        in_time = [piece for piece in pieces if piece.letter.message in caption.messages]
        if in_time:
            with problems.noted(in_time[0].letter):
                await self._wishes.make(in_time[0].letter, in_time[0].picture, in_time[-1].picture)
        for piece in pieces:
            if piece not in in_time:
                with problems.noted(piece.letter):
                    raise Declined(TOO_LATE_FOR_ENDS)

    def _caption(self, readings: list[Reading], earlier: AlbumCaption | None) -> AlbumCaption:
        if earlier is not None:
            sharing = {*earlier.sharing, *_sharing(readings, earlier.message)}
            return replace(earlier, sharing=tuple(sorted(sharing)))
        spoken = next((reading.letter for reading in readings if reading.letter.text and reading.is_ours), None)
        words, message = ("", 0) if spoken is None else (spoken.text, spoken.message)
        is_asked_for = any(take_switch(reading.letter.text, END_FRAME)[1] for reading in readings if reading.is_ours)
        is_ends = is_asked_for or (self._desk.options.album_is_ends and self._can_end)
        return AlbumCaption(
            words=words,
            message=message,
            sharing=_sharing(readings, message),
            is_ends=is_ends and len(readings) > 1,
            messages=tuple(reading.letter.message for reading in readings),
        )

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


def _sharing(readings: Iterable[Reading], spoken: int) -> tuple[int, ...]:
    messages = ((reading.letter.message, reading.letter.text) for reading in readings)
    return tuple(message for message, text in messages if message == spoken or not text)


def _pieces(readings: Iterable[Reading], caption: AlbumCaption) -> Iterator[_Piece]:
    """Yield the pictures in their order, each with its words: its own, or else those of the album."""
    for reading in readings:
        letter, picture = reading.letter, picture_of(reading.letter.raw)
        if picture is not None:
            words = letter.text or caption.words
            if caption.is_ends:  # the switch has been followed; else it is told with each picture that it cannot be
                words, _ = take_switch(words, END_FRAME)
            yield _Piece(replace(letter, text=words), picture)
