"""A hundred people in one moment, under the limits that Telegram really sets."""

from collections import Counter

from bot.adapters.telegram.limiter import USUAL_RATES
from bot.service.status_messages import USUAL_PACE
from tests.adapters.telegram.conftest import OpenBot, quick
from tests.adapters.telegram.scenes import PICTURE
from tests.loopback.telegram import LoopbackTelegram

_PEOPLE = 100
_LIMIT_S = 60.0  # on a machine that does other things


async def test_a_hundred_people_at_once_have_one_video_each(open_bot: OpenBot, telegram: LoopbackTelegram) -> None:
    """Of a hundred who ask in the same moment each gets exactly one video, and Telegram never hears too much of it."""
    telegram.flood.enforce()
    people = [telegram.user(f"person {number}") for number in range(_PEOPLE)]
    chats = [telegram.private(person) for person in people]
    async with open_bot(options=quick(telegram, pace=USUAL_PACE, rates=USUAL_RATES)) as bot:
        for person, chat in zip(people, chats, strict=True):
            person.sends_photo(chat, PICTURE, caption="draw")
        await telegram.until(
            lambda: all(any(one.video for one in chat.of_bot) for chat in chats), limit_s=_LIMIT_S, about="all videos"
        )
        for job in await bot.jobs():
            await bot.until(job.id)
        assert len(await bot.jobs()) == _PEOPLE
    shown = Counter(chat.id for chat in chats for message in chat.of_bot if message.video is not None)
    assert shown == dict.fromkeys([chat.id for chat in chats], 1)
    assert telegram.flood.refusals == []
