"""Albums: Telegram sends each picture by itself; they are gathered, and seen to together.

Their updates are done with together: after a crash all of them come again, edits among them.
"""

import asyncio
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import structlog

from bot.adapters.telegram.album_making import AlbumMaking
from bot.adapters.telegram.album_note import album_name
from bot.adapters.telegram.answers import UNREACHABLE, NextTime, Unheard, tell
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.hearing import until_heard
from bot.adapters.telegram.letters import Reading
from bot.adapters.telegram.pauses import Pauses
from bot.adapters.telegram.people import CHANNEL_NAME
from bot.adapters.telegram.wishes import Wishes
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from bot.store.errors import StoreError

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Album:
    """What has come of an album, or was edited, since it was last seen to."""

    name: str
    readings: dict[int, Reading] = field(default_factory=dict)  # by message
    numbers: set[int] = field(default_factory=set)  # of their updates
    has_more: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """Gathers pieces until none has come for a while, then has their jobs made; one gathering after the other."""

    def __init__(self, desk: Desk, wishes: Wishes) -> None:
        self._desk, self._making = desk, AlbumMaking(desk, wishes)
        self._albums: dict[str, _Album] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # of the albums being made
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, number: int, reading: Reading) -> None:
        """Take the piece of an album that came with the update of this number; it is done with when all are."""
        self._take(number, reading).has_more.set()

    async def amend(self, number: int, reading: Reading) -> bool:
        """Take the new words of a piece, like ``add`` but without waiting for more; False: nobody knows its album.

        Raises StoreError.
        """
        name = album_name(reading.letter)
        is_known = name in self._albums or name in self._turns
        if not is_known and await self._desk.services.notebook.read(CHANNEL_NAME, name) is None:
            return False
        self._take(number, reading)
        return True

    async def stop(self) -> None:
        """Leave what is being gathered or made to the next start."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _take(self, number: int, reading: Reading) -> _Album:
        name = album_name(reading.letter)
        album = self._albums.get(name)
        if album is None:
            album = self._albums[name] = _Album(name)
            task = asyncio.create_task(self._gather(album), name=name)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        album.readings[reading.letter.message] = reading
        album.numbers.add(number)
        return album

    async def _gather(self, album: _Album) -> None:
        while album.has_more.is_set():
            album.has_more.clear()
            try:
                async with asyncio.timeout(self._desk.options.album_wait_s):
                    await album.has_more.wait()
            except TimeoutError:
                break
        turn = self._turns.setdefault(album.name, asyncio.Lock())
        del self._albums[album.name]  # what comes from here on is a new gathering
        async with turn:
            await self._see_to(album)

    async def _see_to(self, album: _Album) -> None:
        """Make an album, however long the database does not answer."""
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

        async def still_counts() -> bool:
            return bool(await self._desk.services.inbox.still_open(CHANNEL_NAME, album.numbers))

        try:
            await self._making.make(album.name, readings, still_counts)
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
