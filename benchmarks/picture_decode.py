"""How long a picture takes from untrusted bytes to a clean PNG.

    python benchmarks/picture_decode.py ../shared/images ../shared/photos

For each folder of pictures: how many are taken, and the median and the worst of the wall times, each picture decoded by
itself and best of three; then how many pictures a second two children make. Files that are refused are left out.
"""

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path

from generation.errors import PictureRejected
from generation.picture import PictureDecoder, PictureLimits

_TRIES = 3
_CHILDREN = 2
_NO_PICTURES = {".csv", ".md", ".txt"}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    decoder = PictureDecoder(PictureLimits(), max_children=_CHILDREN)
    for folder in parser.parse_args().folders:
        files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix not in _NO_PICTURES]
        times_ms = {}
        for path in files:
            try:
                times_ms[path] = min([await _decode_ms(decoder, path.read_bytes()) for _ in range(_TRIES)])
            except PictureRejected:
                continue
        if not times_ms:
            sys.exit(f"no picture in {folder}")
        rate = await _pictures_a_second(decoder, [path.read_bytes() for path in times_ms])
        worst = max(times_ms, key=lambda path: times_ms[path])
        print(
            f"{folder}: {len(times_ms)} of {len(files)} files taken, "
            f"median {statistics.median(times_ms.values()):.0f} ms, "
            f"worst {times_ms[worst]:.0f} ms ({worst.name}), {rate:.1f} pictures/s with {_CHILDREN} children"
        )


async def _decode_ms(decoder: PictureDecoder, data: bytes) -> float:
    started_at = time.perf_counter()
    await decoder.decode(data)
    return (time.perf_counter() - started_at) * 1_000


async def _pictures_a_second(decoder: PictureDecoder, pictures: list[bytes]) -> float:
    started_at = time.perf_counter()
    await asyncio.gather(*(decoder.decode(data) for data in pictures))
    return len(pictures) / (time.perf_counter() - started_at)


if __name__ == "__main__":
    asyncio.run(main())
