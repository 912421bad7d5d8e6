"""How long a picture takes from untrusted bytes to a clean PNG.

    python benchmarks/picture_decode.py ../shared/images ../shared/photos

For each folder of pictures, and for both ways to a child (forked by a stem, executed anew): how many are taken, the
median and the worst of the wall times, each picture decoded by itself and best of three; then all of them at once by
two children: pictures a second, and the CPU time for one picture in this process and in the children. Files that are
refused are left out.
"""

import argparse
import asyncio
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from generation.errors import PictureRejected
from generation.picture import PictureDecoder, PictureLimits

_TRIES = 3
_CHILDREN = 2
_LEAST_PICTURES = 30  # for a rate; where a folder has fewer, they come again
_PICTURES_OF_A_STEM = {"forked": 500, "executed": 0}
_NO_PICTURES = {".csv", ".md", ".txt"}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    for folder in parser.parse_args().folders:
        files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix not in _NO_PICTURES]
        for way, pictures_of_a_stem in _PICTURES_OF_A_STEM.items():
            async with _decoder(pictures_of_a_stem) as decoder:
                times_ms = await _times_ms(decoder, files)
            if not times_ms:
                sys.exit(f"no picture in {folder}")
            worst = max(times_ms, key=lambda path: times_ms[path])
            print(
                f"{folder}, {way}: {len(times_ms)} of {len(files)} files taken, "
                f"median {statistics.median(times_ms.values()):.0f} ms, "
                f"worst {times_ms[worst]:.0f} ms ({worst.name}); "
                f"{await _throughput([path.read_bytes() for path in times_ms], pictures_of_a_stem)}"
            )


def _decoder(pictures_of_a_stem: int) -> PictureDecoder:
    return PictureDecoder(PictureLimits(), max_children=_CHILDREN, pictures_of_a_stem=pictures_of_a_stem)


async def _times_ms(decoder: PictureDecoder, files: list[Path]) -> dict[Path, float]:
    times_ms = {}
    for path in files:
        try:
            times_ms[path] = min([await _decode_ms(decoder, path.read_bytes()) for _ in range(_TRIES)])
        except PictureRejected:
            continue
    return times_ms


async def _decode_ms(decoder: PictureDecoder, data: bytes) -> float:
    started_at = time.perf_counter()
    await decoder.decode(data)
    return (time.perf_counter() - started_at) * 1_000


@dataclass(frozen=True, slots=True)
class _Throughput:
    pictures: int
    wall_s: float
    own_cpu_s: float
    childrens_cpu_s: float

    def __str__(self) -> str:
        own_ms, childrens_ms = (1_000 * cpu_s / self.pictures for cpu_s in (self.own_cpu_s, self.childrens_cpu_s))
        return (
            f"{self.pictures / self.wall_s:.1f} pictures/s with {_CHILDREN} children, "
            f"{own_ms:.0f} + {childrens_ms:.0f} ms of CPU each"
        )


async def _throughput(pictures: list[bytes], pictures_of_a_stem: int) -> _Throughput:
    pictures = pictures * -(-_LEAST_PICTURES // len(pictures))
    own, childrens, started_at = _cpu_s(resource.RUSAGE_SELF), _cpu_s(resource.RUSAGE_CHILDREN), time.perf_counter()
    async with _decoder(pictures_of_a_stem) as decoder:
        await asyncio.gather(*(decoder.decode(data) for data in pictures))
        wall_s = time.perf_counter() - started_at
    # Now that the stem is reaped, its time and that of its children count.
    own, childrens = _cpu_s(resource.RUSAGE_SELF) - own, _cpu_s(resource.RUSAGE_CHILDREN) - childrens
    return _Throughput(len(pictures), wall_s, own, childrens)


def _cpu_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(main())
