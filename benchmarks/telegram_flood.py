"""How fast the bot answers on Telegram when many ask in the same moment, under Telegram's limits, printed as figures.

    python -m benchmarks.telegram_flood [--people 100] [--render-s 0.05]

The bot is a process of its own: the real adapter, python-telegram-bot, services and database; what renders is scripted.
Telegram is a loopback in this process, which refuses what comes too often: 30 calls a second in all, 3 in three seconds
in one chat, 20 a minute in a group. Everybody asks in their own chat; times are as people see them.
"""

import argparse
import asyncio
import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from tests.chaos.cape import Cape, Somebody, new_cape
from tests.chaos.nursery import Nursery

_RENDER_S = 0.05  # so that what takes time is the way to people
_PATIENCE_S = 600.0
_CLOSED_S = 30
_EDITS = ("editMessageText", "editMessageCaption")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100, help="how many ask at once")
    parser.add_argument("--render-s", type=float, default=_RENDER_S, help="how long one video is rendered")
    arguments = parser.parse_args()
    with Nursery() as nursery:
        asyncio.run(flood(nursery, arguments.people, arguments.render_s))
        usual_s = asyncio.run(beside_one_chat(nursery, is_closed=False))
        closed_s = asyncio.run(beside_one_chat(nursery, is_closed=True))
    print(f"from rendered to seen in ten other chats: {_times(usual_s)}")
    ratio = statistics.median(closed_s) / statistics.median(usual_s)
    print(f"the same while one chat takes no edits for {_CLOSED_S} s: {_times(closed_s)}; {ratio:.2f} x")


async def flood(nursery: Nursery, count: int, render_s: float) -> None:
    """Have everybody ask in the same moment, and print when they saw what."""
    async with new_cape(nursery, is_hurried=False, render_s=render_s) as cape:
        people = [cape.newcomer(f"person {number}") for number in range(count)]
        cape.telegram.flood.enforce()
        await cape.bear()
        for somebody in people:
            cape.sends(somebody, "draw")
        await _until_all_see(cape, people)
        waits_s = [somebody.chat.of_bot[0].sent_s - somebody.photos[0].message.sent_s for somebody in people]
        statuses = sum(not somebody.chat.of_bot[0].revisions[0].has_video for somebody in people)
        print(f"{count} people at once, of whom {statuses} saw a status message first")
        print(f"from the photo to the first line: {_times(waits_s)}")
        print(f"from rendered to seen: {_times(_deliveries_s(cape, people))}")
        whole_s = [_seen_s(somebody) - somebody.photos[0].message.sent_s for somebody in people]
        edits = len(cape.telegram.calls_to(*_EDITS))
        print(f"from the photo to the video: {_times(whole_s)}; {edits} edits of status messages on the way")
        refused = Counter(call.method for call in cape.telegram.flood.refusals)
        print(f"calls refused as too many: {refused.total()} {dict(refused) or ''}; the goal is 0")


async def beside_one_chat(nursery: Nursery, *, is_closed: bool) -> list[float]:
    """Return how long videos take to ten people, one after the other, while another person's jobs wait and end."""
    async with new_cape(nursery, is_hurried=False, render_s=_RENDER_S) as cape:
        anna, others = cape.newcomer("anna"), [cape.newcomer(f"person {number}") for number in range(10)]
        await cape.bear()
        if is_closed:
            for method in ("editMessageText", "editMessageMedia"):
                cape.telegram.faults.next(method, chat=anna.chat.id, retry_after=_CLOSED_S, count=None)
        for somebody in others:
            for _ in range(3):
                cape.sends(anna, "draw")
            cape.sends(somebody, "draw")
            await _until_all_see(cape, [somebody])
        return _deliveries_s(cape, others)


async def _until_all_see(cape: Cape, people: Iterable[Somebody]) -> None:
    await cape.telegram.until(
        lambda: all(any(message.video for message in somebody.chat.of_bot) for somebody in people),
        limit_s=_PATIENCE_S,
        about="all videos",
    )


def _seen_s(somebody: Somebody) -> float:
    """When the first video was there."""
    revisions = [revision for message in somebody.chat.of_bot for revision in message.revisions]
    return min(revision.at_s for revision in revisions if revision.has_video)


def _deliveries_s(cape: Cape, people: Iterable[Somebody]) -> list[float]:
    rendered_s = {}
    for line in cape.home.log.read_text().splitlines():
        facts = json.loads(line)
        if facts["event"] == "rendered":
            rendered_s[facts["job"]] = datetime.fromisoformat(facts["timestamp"]).timestamp()
    found = []
    for somebody in people:
        video = next(message for message in somebody.chat.of_bot if message.video)
        job_id = video.buttons[0].data.split(":")[1]
        found.append(_seen_s(somebody) - rendered_s[job_id])
    return found


def _times(times_s: Sequence[float]) -> str:
    p50, p99 = (statistics.quantiles(times_s, n=100, method="inclusive")[share - 1] for share in (50, 99))
    return f"p50 {p50:.2f} s, p99 {p99:.2f} s, longest {max(times_s):.2f} s"


if __name__ == "__main__":
    main()
