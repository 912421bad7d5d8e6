"""``python -m tests.chaos.run --rounds 1000 --seed 1``: the long form, whose last line is what was found."""

import argparse
import asyncio
import sys
import time

from tests.chaos.nursery import Nursery
from tests.chaos.random_kills import kill_at_random


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="how many kills")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what is done is drawn from it")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with Nursery() as nursery:
        figures = asyncio.run(kill_at_random(nursery, arguments.rounds, arguments.seed))
    for problem in sorted(figures.problems, key=str):
        print(f"{problem.kind}: {problem.text}")
    print(figures)
    sys.exit(bool(figures.problems))


if __name__ == "__main__":
    main()
