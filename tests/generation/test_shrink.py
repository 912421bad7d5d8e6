"""A finished video, made smaller for a platform: whole, below the limit, or one clear error and no file."""

import asyncio
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from generation.encode import Mp4Encoder
from generation.errors import EncodeFailed, EngineUnavailable, ErrorCode
from generation.request import VideoShape
from generation.shrink import VideoShrinker
from tests.generation.test_encode import decode
from tests.loopback.expect import eventually

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
    max_bytes = int(share * len(made))
    smaller = await VideoShrinker().shrink(video, max_bytes)
    assert smaller.size_bytes == smaller.path.stat().st_size <= max_bytes
    assert len(decode(ffmpeg, smaller.path, smaller.width_px, smaller.height_px)) == SHAPE.frames
    assert video.read_bytes() == made
    assert smaller.path.parent == video.parent


async def test_what_fits_already_is_copied_as_it_is(video: Path, made: bytes) -> None:
    """A video that is small enough keeps every byte; sides, size and checksum are told all the same."""
    copy = await VideoShrinker().shrink(video, len(made))
    assert copy.path.read_bytes() == made
    assert copy.path != video
    assert (copy.width_px, copy.height_px) == (SHAPE.width_px, SHAPE.height_px)
    assert (copy.size_bytes, copy.sha256) == (len(made), hashlib.sha256(made).hexdigest())


async def test_a_little_less_keeps_the_sides(video: Path, made: bytes) -> None:
    """The picture is made smaller only where fewer bits alone are not enough."""
    smaller = await VideoShrinker().shrink(video, int(0.8 * len(made)))
    assert (smaller.width_px, smaller.height_px) == (SHAPE.width_px, SHAPE.height_px)


async def test_what_cannot_fit_leaves_no_file(video: Path, made: bytes) -> None:
    """A limit below everything ends in an error with the size, and the old file is as it was."""
    with pytest.raises(EncodeFailed) as failed:
        await VideoShrinker().shrink(video, 1_000)
    assert failed.value.code is ErrorCode.ENCODED_FILE_TOO_LARGE
    assert failed.value.values["max_bytes"] == 1_000
    assert only_the_old_one(video, made)


async def test_a_broken_video_leaves_no_file(video: Path, made: bytes) -> None:
    """What cannot be decoded is no video, however small it is."""
    video.write_bytes(made[: len(made) // 2])
    for max_bytes in (1_000, len(made)):
        with pytest.raises(EncodeFailed):
            await VideoShrinker().shrink(video, max_bytes)
    assert only_the_old_one(video, made[: len(made) // 2])


async def test_too_long_is_given_up(video: Path, made: bytes) -> None:
    """An ffmpeg that does not end is killed, and there is no file."""
    with pytest.raises(EncodeFailed) as failed:
        await VideoShrinker(time_limit_s=0.001).shrink(video, 1_000)
    assert failed.value.code is ErrorCode.ENCODER_DIED
    assert only_the_old_one(video, made)


async def test_whoever_does_not_wait_leaves_no_child_and_no_file(video: Path, made: bytes, tmp_path: Path) -> None:
    """Where the waiting is cancelled, ffmpeg is dead when the cancel has come through."""
    pid_file = tmp_path / "pid"
    slow = tmp_path / "ffmpeg"
    slow.write_text(f"#!/bin/sh\necho $$ > {pid_file}.new\nmv {pid_file}.new {pid_file}\nexec sleep 60\n")
    slow.chmod(0o700)
    shrinking = asyncio.create_task(VideoShrinker(str(slow), os.environ).shrink(video, 1_000))
    await eventually(pid_file.exists)
    shrinking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await shrinking
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
    assert not video.with_name(f".{video.name}.part").exists()


async def test_ffmpeg_sees_no_secret(video: Path, tmp_path: Path) -> None:
    """Of the environment it gets what programs need to start, and no token."""
    seen = tmp_path / "seen"
    nosy = tmp_path / "ffmpeg"
    nosy.write_text(f"#!/bin/sh\nenv > {seen}\nexit 1\n")
    nosy.chmod(0o700)
    environ = {"PATH": os.environ["PATH"], "ANIMATE_DISCORD__TOKEN": "a-secret"}
    with pytest.raises(EncodeFailed):
        await VideoShrinker(str(nosy), environ).shrink(video, 1_000)
    assert "PATH=" in seen.read_text()
    assert "a-secret" not in seen.read_text()


async def test_without_ffmpeg_nothing_is_made(video: Path, made: bytes) -> None:
    """A program that is not there is an error that names it."""
    with pytest.raises(EngineUnavailable) as missing:
        await VideoShrinker("/nowhere/ffmpeg").shrink(video, 1_000)
    assert missing.value.code is ErrorCode.NO_FFMPEG
    assert only_the_old_one(video, made)


def only_the_old_one(video: Path, content: bytes) -> bool:
    return list(video.parent.iterdir()) == [video] and video.read_bytes() == content
