"""Edits: a caption that is changed before its job has begun changes the job."""

from bot.adapters.telegram.albums import Albums
from bot.adapters.telegram.answers import answering
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.letters import Reading, is_from
from bot.adapters.telegram.people import Letter
from bot.adapters.telegram.wishes import Wishes, picture_of


class Edits:
    """Carries changed words to the jobs that came of them."""

    def __init__(self, desk: Desk, wishes: Wishes, albums: Albums) -> None:
        self._desk, self._wishes, self._albums = desk, wishes, albums

    async def take(self, number: int, reading: Reading) -> bool:
        """Have the jobs of an edited message made from its new words.

        False: its album sees to it, and says when the update of this number is done with. Raises StoreError.
        """
        letter = reading.letter
        is_piece = letter.raw.media_group_id is not None and picture_of(letter.raw) is not None
        if is_piece and await self._albums.amend(number, reading):
            return False
        if self._is_of_a_picture(letter):
            async with answering(self._desk, letter):
                await self._follow(reading)
        return True

    async def _follow(self, reading: Reading) -> None:
        async def make() -> None:
            await self._wishes.serve(reading)

        view = await self._wishes.follow(reading.letter, make)
        # In private each picture was a wish from the first; in a group it may have been small talk until this edit.
        if view is None and not reading.letter.is_private and (reading.command or reading.is_named):
            await make()

    def _is_of_a_picture(self, letter: Letter) -> bool:
        """Whether a letter is about a picture; words about a job of ours do not name all options of what they made."""
        if picture_of(letter.raw) is not None:
            return True
        answered = letter.reply
        if answered is None:
            return letter.raw.external_reply is not None
        return picture_of(answered) is not None and not is_from(answered, self._desk.posts.me)
