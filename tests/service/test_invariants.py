"""Whatever people, admins, platforms, renders and power cuts do, in whatever order: what is promised holds.

Each sequence is a story made by a seed: operations of all kinds upon a whole bot in simulated time. After every commit
all rows are compared with a ledger of the test's own, and whenever the bot rests, memory and files with the rows. A
sequence that fails is made as short as it goes, and printed.

``python -m tests.service.test_invariants --sequences 10000`` runs more of them; ``--seed 17`` one.
"""

import argparse
import io
import logging
import random as global_random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import structlog
from PIL import Image

from bot.app.core import Rules
from bot.domain.credits import Limit
from bot.service.limits import QueueLimits
from bot.service.quotas import QuotaLimits
from bot.service.retention import KeepRules
from bot.store.database import Database
from generation.picture import Picture
from tests.loopback.house import GENEROUS
from tests.loopback.operations import Operation, Operator, come_to_an_end, draw_operation
from tests.loopback.simulation import Life, Simulation

_LONGEST = 28  # operations
_LONGEST_IN_A_HURRY = 18
_SHM = Path("/dev/shm")


def _draw_rules(random: Random) -> Rules:
    def limit(cap: int) -> Limit:
        return Limit(cap, random.choice((0, 0, 7_001, 100_000)))

    return replace(
        GENEROUS,
        queue=QueueLimits(random.choice((3, 6)), random.choice((8, 20)), 1_000_000, 0),
        quota=QuotaLimits(
            limit(random.choice((3_000, 20_000))),
            random.choice((None, limit(9_000))),
            random.choice((None, limit(30_000))),
        ),
        keep=KeepRules(random.choice((0, 1, 3)), random.choice((0, 2)), random.choice((0, 0, 2_000))),
        give_up_after_s=1e9,
        slots=random.choice((1, 1, 2)),
    )


class Sequence:
    """One seed's story, whole or with some of its operations only."""

    def __init__(self, seed: int, longest: int = _LONGEST) -> None:
        self.seed = seed
        random = Random(seed)
        self.rules = _draw_rules(random)
        self.operations = [draw_operation(random) for _ in range(random.randrange(2, longest))]

    def play(self, operations: list[Operation], picture: Picture, folder: Path) -> None:
        """Raise AssertionError, or whatever else broke, where a promise is not kept."""
        random = Random(self.seed)
        global_random.seed(self.seed)
        simulation = Simulation(folder, picture, self.rules, random)
        accepted: dict[tuple[str, str], str] = {}
        left = list(operations)

        async def go_on(life: Life) -> None:
            operator = Operator(simulation, life, accepted)
            while left:
                operation = left.pop(0)
                if operation.name == "restart":
                    break
                await operator.do(operation)
            await operator.finish()

        while left:
            simulation.live(go_on)
        while not simulation.live(lambda life: come_to_an_end(simulation, life)):
            pass
        if self.seed % 5 == 0:
            simulation.live(simulation.rest)  # what was done is still done after one more start

    def shortest_failure(self, picture: Picture, template: Path) -> list[Operation]:
        """Return few operations that still fail: parts are left out as long as it goes on failing."""
        operations, part = self.operations, max(len(self.operations) // 2, 1)
        while part:
            start = 0
            while start < len(operations):
                fewer = operations[:start] + operations[start + part :]
                if self.failure(fewer, picture, template) is not None:
                    operations = fewer
                else:
                    start += part
            part //= 2
        return operations

    def failure(self, operations: list[Operation], picture: Picture, template: Path) -> Exception | None:
        with _folder() as folder:
            shutil.copytree(template, folder, dirs_exist_ok=True)
            try:
                self.play(operations, picture, folder)
            except Exception as error:  # noqa: BLE001 (whatever breaks is the finding)
                return error
        return None


def run_sequences(seeds: range, picture: Picture, longest: int = _LONGEST) -> Counter[str]:
    """Play them; return how often each operation was drawn. Raises AssertionError with the shortest failing story."""
    drawn: Counter[str] = Counter()
    with _folder() as template, _quiet():
        Database.open(template, 0)._close()
        for seed in seeds:
            sequence = Sequence(seed, longest)
            drawn.update(operation.name for operation in sequence.operations)
            if sequence.failure(sequence.operations, picture, template) is None:
                continue
            shortest = sequence.shortest_failure(picture, template)
            error = sequence.failure(shortest, picture, template)
            story = "\n".join(f"  {operation}" for operation in shortest)
            raise AssertionError(f"seed {seed}, slots {sequence.rules.slots}:\n{story}\n{error!r}") from error
    return drawn


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_SHM if _SHM.is_dir() else None) as name:
        yield Path(name)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log: the stories of 10,000 bots fill a disk."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def _picture() -> Picture:
    out = io.BytesIO()
    Image.new("RGB", (96, 64)).save(out, "PNG")
    return Picture(out.getvalue(), 96, 64)


def test_every_promise_holds_in_500_random_stories() -> None:
    """Whatever happens in whatever order: one end for each accepted job, exact credits, true places, no stray files."""
    drawn = run_sequences(range(500), _picture(), _LONGEST_IN_A_HURRY)
    assert drawn["submit"] > 800


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=500)
    parser.add_argument("--seed", type=int, help="only this one")
    arguments = parser.parse_args()
    seeds = range(arguments.sequences) if arguments.seed is None else range(arguments.seed, arguments.seed + 1)
    began_s = time.monotonic()
    try:
        drawn = run_sequences(seeds, _picture())
    except AssertionError as error:
        sys.exit(f"{error}")
    took_s = time.monotonic() - began_s
    print(f"{len(seeds)} sequences, {drawn.total()} operations, {took_s:.0f} s: every promise holds")
    for name, count in drawn.most_common():
        print(f"{count:8} {name}")


if __name__ == "__main__":
    main()
