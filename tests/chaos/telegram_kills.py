"""``python -m tests.chaos.telegram_kills --rounds 500 --seed 1``: bots on Telegram, killed at random."""

import argparse
import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from bot.store.milestones import Change, FileMoment, after_commit, before_commit
from tests.chaos.books import Kind, Problem
from tests.chaos.cape import Cape, Somebody, new_cape, of_anything, of_delivery
from tests.chaos.nursery import Nursery
from tests.chaos.town import LIFE_S
from tests.loopback.telegram.faults import Fault

_MOST_CALLS = 30
_PEOPLE = 4
_MOMENT_SHARE = 0.4  # of the deaths: at a named moment, and not at a call
_STORM_EVERY = 5  # rounds
#: In so many rounds, one begins when all before it is done: an update that is begun anew in more lives than that is
#: suspected to end them.
_REST_EVERY = 3
_PAUSE_S = 0.1
_SLOWER, _SLOWEST = 1.05, 4.0
_ACTS = (("photos", 5), ("albums", 1), ("broken photos", 1), ("edits", 3), ("cancels", 2), ("presses of Again", 1))


def _around(change: Change) -> tuple[str, str]:
    return before_commit(change), after_commit(change)


#: What lies on an update's way to its video, and is not on the way of a page's request: one death after the other, then
#: a rest. An update is begun anew where a death has left it.
DEATHS: tuple[tuple[str, ...], ...] = (
    (*_around(Change.INBOX), before_commit(Change.INBOX_BEGUN)),
    (before_commit(Change.ACCEPT), after_commit(Change.INBOX_BEGUN), after_commit(Change.ACCEPT)),
    (*_around(Change.INBOX_OPEN), FileMoment.PICTURE_WRITTEN),
    _around(Change.INBOX_DONE),
    _around(Change.NOTE),
    _around(Change.REVISE),
    (FileMoment.SENT, *_around(Change.DELIVERED)),
    _around(Change.TOLD),
)
#: All that is written, and all files that are made, while people on Telegram ask, edit and cancel.
MOMENTS: tuple[str, ...] = (
    *(moment for deaths in DEATHS for moment in deaths),
    *_around(Change.CANCEL),
    *_around(Change.CLAIM),
    *_around(Change.RENDERED),
    *_around(Change.RECOVER),
    *_around(Change.POSTPONE),
    FileMoment.HANDED_OVER,
    FileMoment.VIDEO_RENAMED,
    FileMoment.POSTER_WRITTEN,
    FileMoment.FILES_DELETED,  # of what was replaced
)


@dataclass
class Figures:
    """What was done, and what came of it."""

    kills: int = 0
    done: Counter[str] = field(default_factory=Counter)
    lost_answers: int = 0
    storms: int = 0
    jobs: int = 0
    videos: int = 0
    stale_lines: int = 0  # status messages that no bot knows of
    double_refusals: int = 0
    seconds: float = 0.0
    problems: set[Problem] = field(default_factory=set)

    def __str__(self) -> str:
        wrong = ", ".join(f"{sum(problem.kind is kind for problem in self.problems)} {kind}" for kind in Kind)
        done = ", ".join(f"{count} {what}" for what, count in sorted(self.done.items()))
        return (
            f"{self.kills} bots killed, {self.lost_answers} answers lost, {self.storms} calls met by storms; people: "
            f"{done}; {self.jobs} jobs, {self.videos} videos, {self.stale_lines} stale status lines, "
            f"{self.double_refusals} refusals said twice; {self.seconds:.0f} s: {wrong}"
        )


async def kill_on_telegram(nursery: Nursery, rounds: int, seed: int, lost_share: float = 0.02) -> Figures:
    """Let people send, edit and press while bots are killed where the seed says, and come to rest."""
    random, figures, started_s = Random(seed), Figures(), time.monotonic()
    async with new_cape(nursery) as cape:
        crowd = Crowd(cape, random)
        for number in range(1, rounds + 1):
            if number % _REST_EVERY == 0:
                await cape.bear()
                await cape.until_rest()
            if random.random() < _MOMENT_SHARE:
                await cape.bear_anew(random.choice(MOMENTS))
            else:
                await cape.bear()
            lost = cape.telegram.faults.next("*", lost_answer=True, count=None, rate=lost_share, random=random)
            storms = _storms(cape, random) if number % _STORM_EVERY == 0 else []
            cape.arm(random.randint(1, _MOST_CALLS), random.choice((of_anything, of_delivery)), random.random() < 0.5)
            await crowd.live_until_death()
            cape.telegram.faults.clear()
            figures.lost_answers += lost.hits
            figures.storms += sum(storm.hits for storm in storms)
            figures.problems.update(cape.checker.after_death())
        figures.problems.update(await cape.end())
        _count(cape, figures)
    figures.kills, figures.done, figures.seconds = rounds, crowd.done, time.monotonic() - started_s
    return figures


async def die_at_moments(nursery: Nursery, deaths: Iterable[Sequence[str]], seed: int) -> list[Problem]:
    """Let people live through these deaths, and return what is wrong after each row of them, and in the end."""
    problems = []
    async with new_cape(nursery) as cape:
        crowd = Crowd(cape, Random(seed))
        for moments in deaths:
            for moment in moments:
                bot = await cape.bear_anew(moment)
                await crowd.live_until_death()
                assert bot.died_at == moment, cape.home.log.read_text()[-3000:]
                problems += cape.checker.after_death()
            await cape.bear()
            await cape.until_rest()
            problems += cape.problems()
        return problems + await cape.end()


def _storms(cape: Cape, random: Random) -> list[Fault]:
    """Have Telegram refuse much for the length of a life: too many requests, and the page of a broken gateway."""
    faults = cape.telegram.faults
    return [
        faults.next("*", retry_after=1, count=None, rate=0.1, random=random),
        faults.next("*", html=True, count=None, rate=0.2, random=random),
    ]


class Crowd:
    """People who send pictures, change what they wrote, cancel, and ask once more, whether a bot lives or not."""

    def __init__(self, cape: Cape, random: Random) -> None:
        self._cape, self._random = cape, random
        self._people = [cape.newcomer(f"person {number}") for number in range(_PEOPLE)]
        self.done: Counter[str] = Counter()

    async def live_until_death(self) -> None:
        """Do this and that until the bot is dead, less often the longer it lives."""
        cape, patience = self._cape, 1.0
        async with asyncio.timeout(LIFE_S):
            while not cape.is_dead:
                self.done[await self._act(self._random.choice(self._people))] += 1
                await asyncio.sleep(self._random.uniform(0, _PAUSE_S) * patience)
                patience = min(patience * _SLOWER, _SLOWEST)
        await cape.bury()

    async def _act(self, somebody: Somebody) -> str:
        """Do one thing, and return what it was."""
        cape, random = self._cape, self._random
        words = f"draw {len(cape.wishes)}"
        match random.choices(*zip(*_ACTS, strict=True))[0]:
            case "albums":
                cape.sends_album(somebody, words, random.randint(2, 3), held=random.randint(0, 1))
                return "albums"
            case "broken photos":
                cape.sends(somebody, words, is_broken=True)
                return "broken photos"
            case "edits" if captioned := [one for one in somebody.photos if one.message.caption]:
                somebody.person.edits(captioned[-1].message, words)
                return "edits"
            case "cancels" if waiting := somebody.shown("Cancel"):
                await somebody.person.presses(waiting[-1], "Cancel", wait=False)
                return "cancels"
            case "presses of Again" if videos := somebody.shown("Again"):
                await cape.presses_again(somebody, random.choice(videos))
                return "presses of Again"
        cape.sends(somebody, words)
        return "photos"


def _count(cape: Cape, figures: Figures) -> None:
    figures.jobs = cape.job_count()
    messages = cape.telegram.messages
    figures.videos = sum(message.video is not None for message in messages)
    figures.stale_lines = sum("Cancel" in message.labels for message in messages)
    figures.double_refusals = sum(max(len(wish.refusals) - 1, 0) for wish in cape.wishes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500, help="how many kills")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what is done is drawn from it")
    parser.add_argument("--lost", type=float, default=0.02, help="the share of answers that get lost")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # uploads that break off with their bot
    with Nursery() as nursery:
        figures = asyncio.run(kill_on_telegram(nursery, arguments.rounds, arguments.seed, arguments.lost))
    for problem in sorted(figures.problems, key=str):
        print(f"{problem.kind}: {problem.text}")
    print(figures)
    sys.exit(bool(figures.problems))


if __name__ == "__main__":
    main()
