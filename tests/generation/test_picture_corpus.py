"""Every file of the picture corpus behaves as its manifest says.

The corpus (libavif, PngSuite, image-rs, libpng, libjxl, EXIF orientation examples) lies beside the repository, in
``../shared/images``. Its ``manifest.csv`` says for each file whether it must be taken, must be refused, or may be
either; and for what is taken the upright sides and the mean colours of the four quarters.
"""

import asyncio
import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from generation.errors import ErrorCode, PictureRejected
from generation.picture import Picture, PictureDecoder, PictureLimits
from tests.generation.crafted_pictures import png_chunks

CORPUS = Path(__file__).parents[3] / "shared" / "images"
# A fifth of the usual: ratios and colours stay the same, and making PNGs is most of the time.
LIMITS = PictureLimits(max_output_pixels=400_000)
MAX_RATIO_ERROR = 0.03
MAX_COLOUR_ERROR = 24


@dataclass(frozen=True)
class Entry:
    """One line of the manifest."""

    file: str
    expected: str  # accept, refuse, either
    width_px: int | None
    height_px: int | None
    quarters: list[tuple[int, int, int]]  # upper left, upper right, lower left, lower right; empty: not stated

    @property
    def is_tiny(self) -> bool:
        """Whether it may be refused for its size alone."""
        return self.width_px is not None and self.height_px is not None and min(self.width_px, self.height_px) < 64


def manifest() -> list[Entry]:
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "manifest.csv").open(encoding="utf-8") as lines:
        return [
            Entry(
                file=line["file"],
                expected=line["expected"],
                width_px=int(line["width"]) if line["width"] else None,
                height_px=int(line["height"]) if line["height"] else None,
                quarters=[
                    (int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16))
                    for colour in line["grid_rgb"].split()
                ],
            )
            for line in csv.DictReader(lines)
        ]


ENTRIES = manifest()
TINY = [entry for entry in ENTRIES if entry.is_tiny]

pytestmark = pytest.mark.skipif(not ENTRIES, reason="the picture corpus is not beside the repository")


def name(entry: Entry) -> str:
    return entry.file


Outcome = Picture | PictureRejected


def decode_all(entries: list[Entry], limits: PictureLimits) -> dict[str, Outcome]:
    decoder = PictureDecoder(limits)

    async def outcome(entry: Entry) -> Outcome:
        try:
            return await decoder.decode((CORPUS / entry.file).read_bytes())
        except PictureRejected as refused:
            return refused

    async def outcomes() -> list[Outcome]:
        try:
            return await asyncio.gather(*(outcome(entry) for entry in entries))
        finally:
            await decoder.close()

    return dict(zip((entry.file for entry in entries), asyncio.run(outcomes()), strict=True))


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """What became of every file; all at once, since each by itself would wait for its own child."""
    return decode_all(ENTRIES, LIMITS)


@pytest.fixture(scope="module")
def outcomes_of_tiny_ones() -> dict[str, Outcome]:
    """What becomes of those that are too small, where nothing is."""
    return decode_all(TINY, replace(LIMITS, min_side_px=1))


@pytest.mark.parametrize("entry", ENTRIES, ids=name)
def test_a_file_of_the_corpus_is_taken_or_refused_as_its_manifest_says(
    outcomes: dict[str, Outcome], entry: Entry
) -> None:
    """What is good is taken, upright and in its colours; what is not is refused; nothing else happens."""
    outcome = outcomes[entry.file]
    if entry.expected != "either":
        assert isinstance(outcome, Picture) == (entry.expected == "accept"), outcome
    if isinstance(outcome, Picture):
        assert_as_stated(outcome, entry)


@pytest.mark.parametrize("entry", TINY, ids=name)
def test_a_tiny_file_of_the_corpus_would_come_out_right(
    outcomes_of_tiny_ones: dict[str, Outcome], entry: Entry
) -> None:
    """Refused only for its size: without that limit, size and colours are as the manifest states."""
    outcome = outcomes_of_tiny_ones[entry.file]
    assert isinstance(outcome, Picture), outcome
    assert_as_stated(outcome, entry)


def test_a_format_that_is_not_taken_is_named_so(outcomes: dict[str, Outcome]) -> None:
    """JPEG XL is a picture, but none that we take: it is not called broken."""
    outcome = outcomes["d_cropped_traffic_light.jxl"]
    assert isinstance(outcome, PictureRejected)
    assert outcome.code is ErrorCode.PICTURE_UNKNOWN_FORMAT


def assert_as_stated(picture: Picture, entry: Entry) -> None:
    assert set(png_chunks(picture.png)) == {"IHDR", "IDAT", "IEND"}
    pixels = picture.pixels().astype(float)
    height, width = pixels.shape[:2]
    assert (width, height) == (picture.width_px, picture.height_px)
    if entry.width_px is not None and entry.height_px is not None:
        assert width / height == pytest.approx(entry.width_px / entry.height_px, rel=MAX_RATIO_ERROR)
    if not entry.quarters:
        return
    upper, lower = slice(0, math.ceil(height / 2)), slice(height // 2, None)
    left, right = slice(0, math.ceil(width / 2)), slice(width // 2, None)
    found = [pixels[rows, columns].mean(axis=(0, 1)) for rows in (upper, lower) for columns in (left, right)]
    assert np.abs(np.array(found) - np.array(entry.quarters)).max() <= MAX_COLOUR_ERROR
