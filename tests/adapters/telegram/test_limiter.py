"""The bot speaks as fast as Telegram lets it, to whom it matters most first: the usual rates, in simulated time."""

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import RetryAfter

from bot.adapters.telegram.limiter import Send, Urgency
from bot.adapters.telegram.trouble import Dropped, wait_of
from tests.adapters.telegram.wire import (
    ANNA,
    ANSWER,
    BEN,
    BURST,
    BURST_S,
    DELIVERY,
    GROUP,
    PER_GROUP_MINUTE,
    PER_SECOND,
    STATUS,
    Wire,
    most_within,
    now_s,
    play,
    settled,
)


def test_a_single_message_goes_at_once() -> None:
    """Whoever is answered now and then is answered at once, in private and in a group."""

    async def story(wire: Wire) -> None:
        for chat in (ANNA, GROUP, ANNA, GROUP):
            began_s = now_s()
            await wire.call(chat)
            assert now_s() - began_s == pytest.approx(wire.takes_s)
            await asyncio.sleep(10)

    play(story)


def test_a_hundred_people_at_once_are_all_answered_within_the_limits() -> None:
    """A hundred who ask at once are answered within seconds, and Telegram gets less than thirty calls a second."""

    async def story(wire: Wire) -> None:
        await asyncio.gather(*(wire.call(chat, name=f"{chat}") for chat in range(100, 200)))
        assert {made.chat for made in wire.made} == set(range(100, 200))
        assert most_within(wire.made, 1.0) <= PER_SECOND - 2
        assert wire.made[-1].at_s < 5

    play(story)


def test_no_limit_is_passed_in_any_stretch_of_time() -> None:
    """Whatever is to be said where, no second, no minute and no chat gets more than Telegram allows."""

    async def story(wire: Wire) -> None:
        random = Random(7)
        for _ in range(1500):
            chat = random.choice([ANNA, BEN, GROUP, -1004, *range(2000, 2030)])
            wire.start(chat, Send(random.choice(list(Urgency)[:3])))
            await asyncio.sleep(random.expovariate(20))
        await asyncio.sleep(2000)
        assert len(wire.made) == 1500
        assert most_within(wire.made, 1.0) <= PER_SECOND - 2
        for chat in {made.chat for made in wire.made}:
            assert most_within(wire.to(chat), BURST_S) <= BURST
        for group in (GROUP, -1004):
            assert most_within(wire.to(group), 60) < PER_GROUP_MINUTE

    play(story)


def test_a_flood_in_one_chat_keeps_no_other_waiting() -> None:
    """While one chat has a thousand things to be told, another one's video goes out at once."""

    async def story(wire: Wire) -> None:
        for number in range(1000):
            wire.start(ANNA, STATUS, f"{number}")
        await asyncio.sleep(5)
        began_s = now_s()
        await wire.call(BEN, DELIVERY)
        assert now_s() - began_s < wire.takes_s + 1 / 20
        assert BURST < len(wire.to(ANNA)) <= 2 * BURST

    play(story)


def test_chats_take_turns() -> None:
    """Where all want more than Telegram takes, each chat gets its share, however much one of them has lined up."""

    async def story(wire: Wire) -> None:
        chats = range(3000, 3050)
        for chat in chats:
            for _ in range(100 if chat < 3040 else 20):
                wire.start(chat, ANSWER)
        await asyncio.sleep(30)
        shares = [len(wire.to(chat)) for chat in chats]
        assert sum(shares) > 30 * 20
        assert max(shares) - min(shares) <= BURST  # whoever was there first had theirs alone

    play(story)


def test_a_video_goes_before_everything_else() -> None:
    """In one chat and between chats a delivery goes first, then answers, then new status lines, then edits."""

    async def story(wire: Wire) -> None:
        for number in range(10):
            wire.start(ANNA, ANSWER, f"before {number}")
        await settled()
        for urgency in reversed(list(Urgency)[:4]):
            wire.start(ANNA, Send(urgency), urgency.name)
        await asyncio.sleep(60)
        names = [made.name for made in wire.made]
        assert names.index("DELIVERY") <= BURST
        assert names[-3:] == ["ANSWER", "STATUS", "EDIT"]

    play(story)


def test_between_chats_a_video_goes_first() -> None:
    """A delivery passes the status lines of all other chats, and those that came first stay first among themselves."""

    async def story(wire: Wire) -> None:
        for chat in range(4000, 4200):
            wire.start(chat, STATUS)
        await settled()
        await wire.call(BEN, DELIVERY)
        assert [made.chat for made in wire.made].index(BEN) <= 5
        await asyncio.sleep(20)
        assert [made.chat for made in wire.made if made.chat != BEN] == list(range(4000, 4200))

    play(story)


def test_whoever_is_passed_again_and_again_hears_it_in_time() -> None:
    """A call that more urgent ones pass until its time is over ends as refused, and is not made."""

    async def story(wire: Wire) -> None:
        async def urgent() -> None:
            while now_s() < 40:
                await wire.call(ANNA, DELIVERY)

        streams = [asyncio.ensure_future(urgent()) for _ in range(3)]
        await asyncio.sleep(5)
        with pytest.raises(RetryAfter) as refused:
            await wire.call(ANNA, Send(Urgency.EDIT, max_wait_s=15), "edit")
        assert now_s() == pytest.approx(20, abs=0.1)
        assert wait_of(refused.value) > 0
        await asyncio.gather(*streams)
        assert "edit" not in {made.name for made in wire.made}

    play(story)


def test_who_gives_up_leaves_nothing_behind() -> None:
    """A call whose caller has gone is not made, takes no turn, and keeps nobody waiting."""

    async def story(wire: Wire) -> None:
        for _ in range(BURST):
            await wire.call(ANNA)
        gone = [wire.start(ANNA, DELIVERY, "gone") for _ in range(50)]
        await settled()
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        await wire.call(ANNA, ANSWER, "next")
        assert now_s() < 4
        assert [made.name for made in wire.made[BURST:]] == ["next"]

    play(story)


def test_chats_in_which_nothing_happens_are_forgotten() -> None:
    """The limiter knows the chats of the last minute, not all there ever were."""

    async def story(wire: Wire) -> None:
        wire.refusals = [(5, 1000.0)]
        with pytest.raises(RetryAfter):
            await wire.call(5, Send(Urgency.EDIT, message=1))
        for chat in range(10_000, 13_000):
            await wire.call(chat)
        await asyncio.sleep(60)
        await wire.call(ANNA)
        assert set(wire.limiter._lanes) == {5, ANNA}
        assert not wire.limiter._busy

    play(story)


def test_a_connection_that_closes_lets_go_of_what_waits() -> None:
    """Where the bot has to log in again nothing waits for the old connection, and the new one goes on in the limits."""

    async def story(wire: Wire) -> None:
        waiting = [wire.start(GROUP, ANSWER) for _ in range(10)]
        await asyncio.sleep(1)
        await wire.limiter.shutdown()
        await wire.limiter.initialize()
        done = await asyncio.gather(*waiting, return_exceptions=True)
        assert [isinstance(one, RetryAfter) for one in done] == [False] * BURST + [True] * 7
        began_s = now_s()
        await wire.call(GROUP)
        assert 2 < now_s() - began_s < 4

    play(story)


def test_a_turn_that_comes_as_the_connection_closes_is_not_used() -> None:
    """A call whose turn has come in the moment in which the connection closes is not made, and nobody has a doubt."""

    async def story(wire: Wire) -> None:
        for _ in range(BURST):
            await wire.call(ANNA)
        late = wire.start(ANNA, ANSWER, "late")
        await settled()
        wire.limiter._lanes[ANNA].start_next(now_s())
        await wire.limiter.shutdown()
        with pytest.raises(RetryAfter):
            await late
        assert "late" not in {made.name for made in wire.made}
        await wire.limiter.initialize()
        await wire.call(ANNA)

    play(story)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_every_call_ends_exactly_once(seed: int) -> None:
    """Whatever happens at once (refusals, newer edits, callers who leave), each call is made or ends as not made."""

    async def story(wire: Wire) -> None:
        random = Random(seed)
        calls: list[tuple[str, asyncio.Task[Any]]] = []
        for number in range(120):
            chat = random.choice([ANNA, BEN, GROUP])
            send = Send(
                random.choice(list(Urgency)[:4]), random.choice([0, 7, 8]), random.choice([None, None, 5.0, 20.0])
            )
            calls.append((f"{number}", wire.start(chat, send, f"{number}")))
            if random.random() < 0.1:
                wire.refusals.append((chat, random.choice([1.0, 7.0, 30.0])))
            if random.random() < 0.1:
                random.choice(calls)[1].cancel()
            if random.random() < 0.1:
                wire.limiter.drop_edits(chat, 7)
            await asyncio.sleep(random.choice([0, 0, 0.01, 0.3]))
        results = await asyncio.gather(*(task for _, task in calls), return_exceptions=True)
        made = [one.name for one in wire.made]
        for (name, _), result in zip(calls, results, strict=True):
            assert isinstance(result, str | RetryAfter | Dropped | asyncio.CancelledError)
            if isinstance(result, Dropped):
                assert name not in made
            if result == name:
                assert name in made
        assert not wire.limiter._busy
        assert not any(lane.waiting for lane in wire.limiter._lanes.values())

    play(story)
