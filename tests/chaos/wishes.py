"""What people on Telegram have sent, as they remember it, and what must have come of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.books import Kind, Problem
from tests.loopback.telegram import Message, Pressed

Row = Mapping[str, Any]

_OF_SEVERAL = re.compile(r"([2-9]|1\d) of \d+ pictures: ")


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that somebody has sent, with all that they have written under it so far."""

    message: Message

    @property
    def key(self) -> str:
        return f"m{self.message.chat.id}:{self.message.id}"

    def may_be_about(self, prompt: str) -> bool:
        """Whether these words were ever written under it, or under another picture of its album."""
        return any(prompt == revision.text for one in self._album for revision in one.revisions)

    @property
    def refusals(self) -> list[str]:
        """What it was answered with beside the messages of jobs; what is said of pictures of an album, is said once."""
        answers = [one for one in self.message.chat.of_bot if not one.labels and one.video is None]
        own = [one.shown for one in answers if one.reply_to is self.message]
        of_album = [one.shown for one in answers if one.reply_to in self._album and _OF_SEVERAL.match(one.shown)]
        return own or of_album

    @property
    def _album(self) -> list[Message]:
        """The picture, and those that were sent with it."""
        if not self.message.album:
            return [self.message]
        return [one for one in self.message.chat.all_messages.values() if one.album == self.message.album]


@dataclass(frozen=True, slots=True)
class Press:
    """One press of "Again"."""

    pressed: Pressed

    @property
    def key(self) -> str:
        return f"q{self.pressed.query.id}"

    @property
    def refusals(self) -> list[str]:
        return [self.pressed.text] if self.pressed.text else []

    def may_be_about(self, prompt: str) -> bool:
        return any(prompt in revision.text for revision in self.pressed.query.message.revisions)


Wish = Photo | Press


def problems_of(wishes: Iterable[Wish], jobs: Iterable[Row]) -> Iterator[Problem]:
    """Yield each wish that has come to nothing, or to two things, and each job for which nobody has asked."""
    known, rows = {wish.key: wish for wish in wishes}, list(jobs)
    by_key = Counter(job["key"] for job in rows)
    for key, wish in known.items():
        if not by_key[key] and not wish.refusals:
            yield Problem(Kind.LOST, f"neither a job nor a word came of {wish}")
        if by_key[key] > 1:
            yield Problem(Kind.DOUBLE, f"{by_key[key]} jobs came of {wish}")
    for job in rows:
        if job["key"] is None:  # other words have taken its place
            if job["state"] != "cancelled" or job["credits"] != "returned":
                yield Problem(Kind.DOUBLE, f"{job['id']} was replaced, and is {job['state']}")
        elif job["key"] not in known:
            yield Problem(Kind.DOUBLE, f"nobody asked for {job['id']}, {job['key']}")
        elif not known[job["key"]].may_be_about(job["prompt"]):
            yield Problem(Kind.LOST, f"{job['id']} is about {job['prompt']!r}, which was not asked for")
