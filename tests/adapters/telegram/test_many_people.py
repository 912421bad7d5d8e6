"""A hundred people in one moment, under the limits that Telegram really sets."""

from collections import Counter

from bot.adapters.telegram.limiter import USUAL_RATES
from bot.service.status_messages import USUAL_PACE
from tests.adapters.telegram.conftest import OpenBot, quick
from tests.adapters.telegram.delivering import wish
from tests.adapters.telegram.scenes import PICTURE, Harbour, answers
from tests.loopback.telegram import Group, LoopbackTelegram

_PEOPLE = 100
_LIMIT_S = 60.0  # on a machine that does other things
_SOON_S = 4.0  # likewise
_FIRST_CALLS = 3 + 3 + 1  # as many as the groups take at once, and the one that is put off


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


async def test_whoever_floods_a_group_holds_up_nobody_else_in_it(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """While the answers to somebody's forty commands wait for their turn, another member's wish becomes a job."""
    telegram.flood.enforce()
    async with open_bot(options=quick(telegram, pace=USUAL_PACE, rates=USUAL_RATES), works=False) as bot:
        for _ in range(40):
            scene.anna.sends(scene.group, "/animate")
        await telegram.until(lambda: len(scene.group.of_bot) >= 2, about="the first answers")
        scene.ask(scene.ben, scene.group, caption="/animate fog")
        (job,) = await bot.until_accepted()
        assert job.requester.user == str(scene.ben.id)
        assert len(scene.group.of_bot) < 30
    assert telegram.flood.refusals == []


def _groups(telegram: LoopbackTelegram, scene: Harbour, count: int) -> list[Group]:
    groups = [telegram.supergroup(f"group {number}") for number in range(count)]
    for group in groups:
        group.join(scene.anna)
    return groups


async def test_busy_groups_keep_nobody_else_waiting(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """While a dozen pictures come in each of three groups, one of which Telegram puts off, another chat is served."""
    telegram.flood.enforce()
    first, *others = _groups(telegram, scene, 3)
    telegram.faults.next("sendMessage", chat=first.id, retry_after=7, count=None)
    async with open_bot(works=False, options=quick(telegram, pace=USUAL_PACE, rates=USUAL_RATES)) as bot:
        for group in (first, *others):
            for number in range(12):
                wish(scene, scene.anna, group, f"boat {number}")
        await bot.until_accepted(36)
        await telegram.until(lambda: len(telegram.calls_to("sendMessage")) >= _FIRST_CALLS)
        asked = wish(scene, scene.ben, scene.bens, "boats")
        await telegram.until(lambda: bool(answers(asked)), limit_s=_SOON_S)
    assert [call for call in telegram.flood.refusals if call.chat_id != first.id] == []
