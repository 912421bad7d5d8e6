"""Where a job's status message is: what a job's ``Origin.address`` holds here."""

import json
from dataclasses import asdict, dataclass

from bot.domain.job import Job

_CHANNEL = "telegram"


@dataclass(frozen=True, slots=True)
class Address:
    """A status message. Numbers of 0 mean: there is none, or it is not known."""

    chat: int
    message: int = 0  # 0: it has not been sent yet, or it is gone
    thread: int = 0  # the topic; 0: the chat has none, or it is General
    asked: int = 0  # the message that it answers
    call: int = 0  # the short line that called the person to it
    is_sending: bool = False  # the video has been sent as a new message, or not: no answer has come

    @property
    def answer(self) -> "Address":
        """Where an answer to this message goes."""
        return Address(self.chat, thread=self.thread, asked=self.message)

    def __str__(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> "Address":
        """Return what ``str`` has written; of an empty text an address where nothing is."""
        return cls(**{"chat": 0, **json.loads(text or "{}")})

    @classmethod
    def of(cls, job: Job) -> "Address":
        """Return where a job's message is, or is to come: of a job without an address, where its person asks.

        Of a job of another channel, which has its message elsewhere, an address where nothing is.
        """
        if job.origin.channel != _CHANNEL:
            return cls(0)
        address = cls.read(job.origin.address)
        if address.chat:
            return address
        _, _, place = job.origin.place.partition(":")
        return cls(int(place or job.requester.user))
