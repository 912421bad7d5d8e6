"""What most stories on Telegram begin with: two people, a group, a forum, and a picture."""

from dataclasses import dataclass

from tests.loopback.telegram import Chat, Group, LoopbackTelegram, Message, Person, PrivateChat, Topic

#: Not more than a name: the tests' decoder takes any bytes for the same picture.
PICTURE = b"a picture, as any other"


@dataclass(frozen=True)
class Harbour:
    """Anna and Ben, each with a private chat, and together in a group and in a forum."""

    telegram: LoopbackTelegram
    anna: Person
    ben: Person
    private: PrivateChat  # Anna's
    bens: PrivateChat
    group: Group
    forum: Group
    topic: Topic  # of the forum

    def ask(self, person: Person | None = None, chat: Chat | None = None, caption: str = "the boats sway") -> Message:
        """Have somebody send the picture with a caption; Anna in private if nobody else is named."""
        person = person or self.anna
        place = chat or (self.private if person is self.anna else self.bens)
        return person.sends_photo(place, PICTURE, caption=caption)

    async def answer_to(self, message: Message) -> Message:
        """Wait for our first answer to a message."""
        await self.telegram.until(lambda: bool(answers(message)), about=f"an answer to {message.text or 'a picture'}")
        return answers(message)[0]

    async def video_of(self, message: Message) -> Message:
        """Wait for the video that answers a message."""
        await self.telegram.until(lambda: any(one.video for one in answers(message)), about="a video")
        return next(one for one in answers(message) if one.video)

    async def video(self, person: Person | None = None, chat: Chat | None = None, caption: str = "boats") -> Message:
        """Have somebody ask, and return the message with the video."""
        return await self.video_of(self.ask(person, chat, caption))


def harbour(telegram: LoopbackTelegram) -> Harbour:
    """Make people and places; the bot is in all of them."""
    anna, ben = telegram.user("anna"), telegram.user("ben")
    group = telegram.group("Harbour", privacy=True)
    forum = telegram.supergroup("Sea", is_forum=True)
    for person in (anna, ben):
        group.join(person)
        forum.join(person)
    return Harbour(
        telegram, anna, ben, telegram.private(anna), telegram.private(ben), group, forum, forum.topic("boats")
    )


def answers(message: Message) -> list[Message]:
    """Return our messages that answer a message and are still there."""
    return [one for one in message.chat.of_bot if one.reply_to is message]
