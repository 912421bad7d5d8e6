"""Wishes: from a message with a picture, or with words about one, to a job."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

import telegram

from bot.adapters.telegram.answers import Declined, answering
from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.edit_prompt import again_with_words
from bot.adapters.telegram.letters import Reading, read_letter
from bot.adapters.telegram.people import CHANNEL_NAME, Letter
from bot.adapters.telegram.questions import ask
from bot.adapters.telegram.replies import job_replied_to
from bot.adapters.telegram.text import plain
from bot.domain.caption import read_caption, take_switch
from bot.domain.job import Origin
from bot.service.views import IncomingRequest, JobView
from generation.errors import RequestRejected

QUESTION = "prompt"
END_FRAME = "end-frame"

NOT_A_PICTURE = "This is not a picture. Please send a photo, or a picture as a file."
ONE_PICTURE_ONLY = "--end-frame needs an album of two pictures or more, and only one has come."
HOW_TO_IN_A_GROUP = (
    "Please send a photo with /animate@{me} and what should happen as its caption, or answer one with that."
)
HOW_TO = "Please send a photo with a few words about what should happen, or answer a photo with /animate and the words."
WHAT_SHOULD_HAPPEN = "What should happen in this video? Please answer this message."

_EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".heic", ".heif"})

Holder = telegram.Message | telegram.ExternalReplyInfo


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture that Telegram holds."""

    file: str
    stated_bytes: int  # 0: it is not said


class Wishes:
    """Makes jobs of what people send."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def take(self, reading: Reading) -> None:
        """Make a job of a letter, or tell what is missing. Raises StoreError."""
        async with answering(self._desk, reading.letter):
            await self.serve(reading)

    async def serve(self, reading: Reading) -> None:
        """Make a job of a letter; for whoever tells what goes wrong.

        Raises what ``make`` raises, and what ``questions.ask`` raises.
        """
        letter = reading.letter
        picture = picture_of(letter.raw)
        if picture is not None and self._is_asked_first(reading):
            await self._ask(letter)
        elif picture is not None:
            await self.make(letter, picture)
        elif _has_other_media(letter.raw):
            if letter.is_private or reading.is_named or reading.command:  # else they have a talk in a group
                raise Declined(NOT_A_PICTURE)
        else:
            await self._about_another(reading)

    async def make(self, letter: Letter, picture: PictureFile, end: PictureFile | None = None) -> JobView:
        """Return the job that a letter asks for, with a picture of its own or of another message.

        Raises Declined, DownloadFailed, Refused, GenerationError and StoreError.
        """
        desk = self._desk
        try:
            words, wants_end = take_switch(letter.text, END_FRAME)
            if wants_end and end is None:
                raise Declined(ONE_PICTURE_ONLY)
            prompt, options = read_caption(words)
            request = IncomingRequest(
                picture=partial(desk.downloads.fetch, picture.file, picture.stated_bytes),
                prompt=prompt,
                options=options,
                end_picture=None if end is None else partial(desk.downloads.fetch, end.file, end.stated_bytes),
                key=letter.key,
                circumstances=letter.circumstances,
            )

            async def submit(origin: Origin) -> JobView:
                return await desk.services.intake.submit(letter.requester, origin, request)

            return await desk.take(letter.address, letter.requester, letter.place, submit)
        except (RequestRejected, Declined):
            await self._note_missing_words(letter)
            raise

    async def revise(self, letter: Letter) -> JobView | None:
        """Have a letter's job that still waits made with the letter's words; None: there is no job of it.

        Raises Refused, RequestRejected and StoreError.
        """
        words, _ = take_switch(letter.text, END_FRAME)
        prompt, options = read_caption(words)
        return await self._desk.revise(letter.requester, letter.key, prompt, options)

    async def follow(self, letter: Letter, make: Callable[[], Awaitable[None]]) -> JobView | None:
        """Have changed words count: for the letter's job, or by ``make`` where the words of before made none.

        None: there is no job, as before. Raises what ``make`` and ``revise`` raise.
        """
        notebook, name = self._desk.services.notebook, missing_words_name(letter)
        missed = await notebook.read(CHANNEL_NAME, name)
        if missed is None:
            return await self.revise(letter)
        if missed == letter.text:  # what was edited is something that we do not see
            return None
        await make()
        view = await self.revise(letter)  # it may have been made before, and have been answered otherwise
        if view is not None:  # only now: cut off before, the edit comes again and must find the note
            await notebook.drop(CHANNEL_NAME, name)
        return view

    async def answered(self, letter: Letter, asked: str) -> None:
        """Make the job of a photo whose sender has said now what should happen, or has thought better of it.

        Raises StoreError.
        """
        async with answering(self._desk, letter):
            message = telegram.Message.de_json(json.loads(asked))
            reading, picture = read_letter(message, self._desk.posts.me), picture_of(message)
            assert reading is not None
            assert picture is not None
            spoken = replace(reading.letter, text=letter.text)
            await self.make(spoken, picture)
            await self.revise(spoken)
            await self._desk.services.notebook.drop(CHANNEL_NAME, missing_words_name(spoken))

    def _is_asked_first(self, reading: Reading) -> bool:
        letter = reading.letter
        return self._desk.options.asks_for_prompt and letter.is_private and not letter.text and not reading.command

    async def _ask(self, letter: Letter) -> None:
        # First, so that a disk that takes nothing has nothing asked again and again; and a caption may still be added.
        await self._note_missing_words(letter)
        await ask(
            self._desk,
            letter.address,
            letter.requester,
            QUESTION,
            letter.raw.to_json(),
            plain(WHAT_SHOULD_HAPPEN),
            "the boats sway --seconds 4",
        )

    async def _note_missing_words(self, letter: Letter) -> None:
        """Note that a letter's words made no job: then, and only then, an edit of them is a wish of its own."""
        await self._desk.services.notebook.keep(
            CHANNEL_NAME, missing_words_name(letter), letter.requester.id, letter.text
        )

    async def _about_another(self, reading: Reading) -> None:
        """Take words about the message that they answer."""
        letter = reading.letter
        answered: Holder | None = letter.reply or letter.raw.external_reply
        picture = None if answered is None else picture_of(answered)
        if picture is not None:
            await self.make(letter, picture)
            return
        job_id = job_replied_to(self._desk, letter)
        # In a group whoever answers a video without the command most often praises it, and must not pay for that.
        is_meant = letter.is_private or bool(reading.command) or reading.is_named
        if job_id is not None and letter.text and is_meant:
            await again_with_words(self._desk, letter, job_id)
        elif reading.command and job_id is None and answered is not None and _has_other_media(answered):
            raise Declined(NOT_A_PICTURE)
        elif reading.command or reading.is_named or (letter.is_private and letter.text):
            me = self._desk.posts.me.username
            raise Declined(HOW_TO if letter.is_private else HOW_TO_IN_A_GROUP.format(me=me))


def missing_words_name(letter: Letter) -> str:
    """Return the name of the note that a letter's words were not understood, or are still to come."""
    return f"words:{letter.chat}:{letter.message}"


def picture_of(holder: Holder) -> PictureFile | None:
    """Return the picture in a message, in its largest size, or the picture that is sent as a file."""
    if holder.photo:
        largest = max(holder.photo, key=lambda size: size.width * size.height)
        return PictureFile(largest.file_id, largest.file_size or 0)
    document = holder.document
    # Of an animation Telegram says that it is a document as well; what it holds is a film.
    if document is None or holder.animation is not None or not _is_picture(document):
        return None
    return PictureFile(document.file_id, document.file_size or 0)


def _is_picture(document: telegram.Document) -> bool:
    is_named_so = PurePosixPath(document.file_name or "").suffix.lower() in _EXTENSIONS
    return (document.mime_type or "").startswith("image/") or is_named_so


def _has_other_media(holder: Holder) -> bool:
    kinds = (
        holder.animation,
        holder.audio,
        holder.document,
        holder.sticker,
        holder.video,
        holder.video_note,
        holder.voice,
    )
    return any(kind is not None for kind in kinds)
