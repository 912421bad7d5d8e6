"""A finished video, made smaller for a platform: whole, below the limit, or one clear error and no file."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from generation.encode import Mp4Encoder
from generation.errors import EncodeFailed, EngineUnavailable, ErrorCode
from generation.request import VideoShape
from generation.shrink import VideoShrinker

SHAPE = VideoShape(128, 96, 49)
MIB = 2**20


@pytest.fixture(scope="module")
def made(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole MP4 of noise, which no encoder makes small."""
    target = tmp_path_factory.mktemp("made") / "video.mp4"
    encoder, random = Mp4Encoder(ffmpeg, SHAPE, 10 * MIB, target), np.random.default_rng(1)
    for _ in range(SHAPE.frames):
        encoder.write(random.integers(0, 256, (1, SHAPE.height_px, SHAPE.width_px, 3), np.uint8))
    encoder.finish()
    return target.read_bytes()


@pytest.fixture
def video(made: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(made)
    return path


@pytest.mark.parametrize("share", [0.8, 0.3, 0.05])
async def test_a_video_is_made_to_fit(video: Path, made: bytes, ffmpeg: Path, share: float) -> None:
    """The new file keeps to the limit and has every frame, and the old one is as it was."""
    from tests.generation.test_encode import decode

    max_bytes = int(share * len(made))
    smaller = await VideoShrinker().shrink(video, max_bytes)
    assert smaller.size_bytes == smaller.path.stat().st_size <= max_bytes
    assert len(decode(ffmpeg, smaller.path, smaller.width_px, smaller.height_px)) == SHAPE.frames
    assert video.read_bytes() == made
    assert smaller.path.parent == video.parent
