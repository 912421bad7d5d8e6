"""What Telegram refuses is not tried too early, what is old is not said, and what only asks waits for nobody."""

import asyncio
from collections.abc import Awaitable

import pytest
from telegram.error import BadRequest, RetryAfter

from bot.adapters.telegram.limiter import USUAL_RATES, Send, Urgency
from bot.adapters.telegram.trouble import Dropped, wait_of
from tests.adapters.telegram.wire import (
    ANNA,
    ANSWER,
    BEN,
    BURST,
    DELIVERY,
    GROUP,
    Wire,
    now_s,
    play,
    settled,
)


def test_what_telegram_refuses_is_not_tried_too_early() -> None:
    """A chat that takes nothing for a time is left alone until then, and the call is made after it, once."""

    async def story(wire: Wire) -> None:
        wire.refusals = [(ANNA, 20.0)]
        first = wire.start(ANNA, ANSWER, "first")
        await asyncio.sleep(1)
        refused_s = wire.takes_s
        for number in range(5):
            wire.start(ANNA, ANSWER, f"later {number}")
        assert await first == "first"
        await asyncio.sleep(30)
        assert len(wire.made) == 7
        assert [made.at_s for made in wire.made[1:] if made.at_s < refused_s + 20] == []

    play(story)


def test_a_refusal_in_the_moment_of_anothers_turn_counts_for_it() -> None:
    """A call whose turn comes just as another one of its chat is refused is not made before the time either."""

    async def story(wire: Wire) -> None:
        wire.takes_s = USUAL_RATES.private.window_s  # so that the first ends when the fourth has its turn
        wire.refusals = [(ANNA, 20.0)]
        await asyncio.gather(*(wire.call(ANNA, ANSWER, f"{number}") for number in range(4)))
        assert [made.at_s for made in wire.made if 1 < made.at_s < 20] == []
        assert len(wire.made) == 5

    play(story)


def test_a_refusal_in_one_chat_is_none_in_another() -> None:
    """While Telegram refuses one chat for half a minute, a hundred others are served as if nothing were."""

    async def story(wire: Wire) -> None:
        wire.refusals = [(ANNA, 30.0)]
        with pytest.raises(RetryAfter):
            await wire.call(ANNA, Send(Urgency.EDIT, message=5))
        began_s = now_s()
        await wire.call(BEN, DELIVERY)
        assert now_s() - began_s == pytest.approx(wire.takes_s)
        await asyncio.gather(*(wire.call(chat) for chat in range(100, 200)))
        assert now_s() - began_s < 6
        assert len(wire.to(ANNA)) == 1

    play(story)


def test_whoever_does_not_wait_so_long_hears_it_at_once() -> None:
    """A call that would come too late for its caller is refused at once, with the time after which it may be made."""

    async def story(wire: Wire) -> None:
        patient, hasty = wire.start(ANNA, ANSWER), Send(Urgency.DELIVERY, max_wait_s=10)
        wire.refusals = [(ANNA, 60.0)]
        await asyncio.sleep(1)
        with pytest.raises(RetryAfter) as refused:
            await wire.call(ANNA, hasty)
        assert now_s() == pytest.approx(1)
        assert wait_of(refused.value) == pytest.approx(60 + wire.takes_s - 1)
        assert len(wire.made) == 1
        await patient
        assert now_s() >= 60

    play(story)


def test_whoever_already_waits_hears_of_a_refusal_at_once() -> None:
    """Where Telegram refuses a chat for longer than those wait who are in its line, they do not wait for nothing."""

    async def story(wire: Wire) -> None:
        wire.takes_s = 1.0
        wire.refusals = [(GROUP, 60.0)]
        waiting = [wire.start(GROUP, Send(Urgency.STATUS, max_wait_s=20)) for _ in range(6)]
        await asyncio.wait(waiting[-1:])
        assert now_s() == pytest.approx(1, abs=0.1)
        assert isinstance(waiting[-1].exception(), RetryAfter)
        await asyncio.gather(*waiting, return_exceptions=True)

    play(story)


def _edit(message: int) -> Send:
    return Send(Urgency.EDIT, message=message)


@pytest.mark.parametrize("newer", list(Urgency)[:4])
def test_an_edit_that_is_old_when_its_turn_comes_is_not_sent(newer: Urgency) -> None:
    """Of what a message was to show only the last is sent; whoever wanted it to show something else hears of it."""

    async def story(wire: Wire) -> None:
        for _ in range(BURST):
            await wire.call(ANNA)
        old, other = wire.start(ANNA, _edit(7), "old"), wire.start(ANNA, _edit(8), "other")
        await settled()
        new = wire.start(ANNA, Send(newer, message=7), "new")
        with pytest.raises(Dropped):
            await old
        await asyncio.gather(other, new)
        assert sorted(made.name for made in wire.made[BURST:]) == ["new", "other"]

    play(story)


def test_edits_can_be_called_back() -> None:
    """An edit that waits can be taken back, and with it nothing else: not another chat's, not an answer."""

    async def story(wire: Wire) -> None:
        for chat in (ANNA, BEN):
            for _ in range(BURST):
                await wire.call(chat)
        edit, answer = wire.start(ANNA, _edit(7)), wire.start(ANNA, Send(Urgency.ANSWER, message=7), "answer")
        late, bens = wire.start(ANNA, _edit(7)), wire.start(BEN, _edit(7), "Ben's")
        await settled()
        wire.limiter.drop_edits(ANNA, 7)
        wire.limiter.drop_edits(ANNA, 7)
        wire.limiter.drop_edits(12345, 7)
        done = await asyncio.gather(edit, answer, late, bens, return_exceptions=True)
        assert [type(one) for one in done] == [Dropped, str, Dropped, str]

    play(story)


def test_a_refused_edit_is_not_sent_later() -> None:
    """An edit that Telegram refuses is not tried again by itself: by then there is something newer to show."""

    async def story(wire: Wire) -> None:
        wire.refusals = [(ANNA, 3.0)]
        with pytest.raises(RetryAfter):
            await wire.call(ANNA, Send(Urgency.EDIT, message=7, max_wait_s=60))
        await asyncio.sleep(60)
        assert len(wire.made) == 1

    play(story)


def test_what_the_bot_is_doing_is_only_said_where_there_is_room() -> None:
    """ "Recording a video" is said at once or not at all, and takes nobody's turn."""

    async def story(wire: Wire) -> None:
        action = Send(Urgency.ACTION, max_wait_s=0)
        assert await wire.call(ANNA, action, "seen", endpoint="sendChatAction") == "seen"
        for _ in range(BURST):
            await wire.call(ANNA)
        assert now_s() < 1
        assert await wire.call(ANNA, action, "unseen", endpoint="sendChatAction") is True
        assert "unseen" not in {made.name for made in wire.made}
        waiting = wire.start(ANNA)
        await settled()
        assert await wire.call(ANNA, action, "unseen", endpoint="sendChatAction") is True
        await waiting

    play(story)


def test_an_action_that_is_refused_closes_its_chat_for_the_time() -> None:
    """Where Telegram refuses even that, the chat is left alone for as long as it says."""

    async def story(wire: Wire) -> None:
        wire.refusals = [(ANNA, 9.0)]
        with pytest.raises(RetryAfter):
            await wire.call(ANNA, Send(Urgency.ACTION, max_wait_s=0), endpoint="sendChatAction")
        await wire.call(ANNA)
        assert wire.made[-1].at_s >= 9

    play(story)


@pytest.mark.parametrize("endpoint", ["answerCallbackQuery", "getFile", "getMe", "setMyCommands"])
def test_what_is_in_no_chat_waits_for_none(endpoint: str) -> None:
    """Presses are answered and files are found at once, however much is to be said."""

    async def story(wire: Wire) -> None:
        for chat in range(300):
            wire.start(chat)
        await settled()
        began_s = now_s()
        await asyncio.gather(*(wire.call(None, None, endpoint=endpoint) for _ in range(50)))
        assert now_s() - began_s == pytest.approx(wire.takes_s)

    play(story)


def test_who_is_who_in_a_chat_is_asked_at_once() -> None:
    """A question about a chat says nothing in it, and waits for none of its calls."""

    async def story(wire: Wire) -> None:
        for _ in range(50):
            wire.start(GROUP)
        await settled()
        began_s = now_s()
        await wire.call(GROUP, None, endpoint="getChatMember")
        assert now_s() - began_s == pytest.approx(wire.takes_s)

    play(story)


def test_a_refused_question_is_not_asked_too_early() -> None:
    """A method without a chat that Telegram refuses for a time is not called again before, and others are."""

    async def story(wire: Wire) -> None:
        wire.refusals = [(0, 5.0)]
        with pytest.raises(RetryAfter):
            await wire.call(None, endpoint="getFile")
        with pytest.raises(RetryAfter) as refused:
            await wire.call(None, endpoint="getFile")
        assert wait_of(refused.value) == pytest.approx(5)
        await wire.call(None, endpoint="answerCallbackQuery")
        await asyncio.sleep(5)
        await wire.call(None, endpoint="getFile")
        assert [made.endpoint for made in wire.made] == ["getFile", "answerCallbackQuery", "getFile"]

    play(story)


def test_a_question_about_one_chat_closes_no_other() -> None:
    """Where Telegram puts off a question about one chat, the same question about another one is asked at once."""

    async def story(wire: Wire) -> None:
        wire.refusals = [(GROUP, 30.0)]
        for _ in range(2):
            with pytest.raises(RetryAfter):
                await wire.call(GROUP, None, endpoint="getChatMember")
        await wire.call(-1004, None, endpoint="getChatMember")
        assert [made.chat for made in wire.made] == [GROUP, -1004]

    play(story)


def test_other_errors_are_the_callers() -> None:
    """What else goes wrong with a call is told to whoever made it, once, and the chat goes on."""

    async def story(wire: Wire) -> None:
        async def refused() -> Awaitable[None]:
            raise BadRequest("chat not found")

        with pytest.raises(BadRequest):
            await wire.limiter.process_request(refused, (), {}, "sendMessage", {"chat_id": ANNA}, ANSWER)
        await wire.call(ANNA)

    play(story)
