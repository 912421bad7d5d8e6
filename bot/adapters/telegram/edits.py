"""Edits: a caption that is changed before its job has begun changes the job."""

from bot.adapters.telegram.album_caption import AlbumCaption, album_name
from bot.adapters.telegram.albums import Albums
from bot.adapters.telegram.answers import answering
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.letters import Reading, is_from
from bot.adapters.telegram.people import CHANNEL_NAME, Letter, message_key
from bot.adapters.telegram.wishes import END_FRAME, Wishes, picture_of, refused_name
from bot.domain.caption import read_caption, take_switch


class Edits:
    """Carries changed words to the jobs that came of them."""

    def __init__(self, desk: Desk, wishes: Wishes, albums: Albums) -> None:
        self._desk, self._wishes, self._albums = desk, wishes, albums

    async def take(self, reading: Reading) -> None:
        """Have the jobs of an edited message made from its new words. Raises StoreError."""
        letter = reading.letter
        if self._albums.amend(reading) or not self._is_of_a_picture(letter):
            return
        async with answering(self._desk, letter):
            refused = await self._desk.services.notebook.read(CHANNEL_NAME, refused_name(letter))
            if refused is None:
                for message in await self._sharing(letter):
                    await self._revise(letter, message)
            elif refused != letter.text:  # else what was edited is something that we do not see
                await self._desk.services.notebook.drop(CHANNEL_NAME, refused_name(letter))
                await self._wishes.take(reading)

    def _is_of_a_picture(self, letter: Letter) -> bool:
        """Whether a letter is about a picture; words about a job of ours do not name all options of what they made."""
        if picture_of(letter.raw) is not None:
            return True
        answered = letter.reply
        if answered is None:
            return letter.raw.external_reply is not None
        return picture_of(answered) is not None and not is_from(answered, self._desk.posts.me)

    async def _sharing(self, letter: Letter) -> tuple[int, ...]:
        """Return the messages for whose jobs the words of this one count."""
        note = None
        if letter.raw.media_group_id is not None:
            note = await self._desk.services.notebook.read(CHANNEL_NAME, album_name(letter))
        caption = AlbumCaption() if note is None else AlbumCaption.read(note)
        return caption.sharing if letter.message == caption.message else (letter.message,)

    async def _revise(self, letter: Letter, message: int) -> None:
        words, _ = take_switch(letter.text, END_FRAME)
        prompt, options = read_caption(words)
        key = message_key(letter.chat, message)
        revision = await self._desk.services.intake.revise(letter.requester, key, prompt, options)
        if revision.view is not None and revision.replaced is not None:
            self._desk.statuses.rename(revision.replaced, revision.view)
