"""Frames become an MP4 that is whole, below its limit, right in colour, or they become one clear error and no file."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from generation.encode import EncodedVideo, Mp4Encoder
from generation.errors import EncodeFailed, EngineUnavailable, ErrorCode
from generation.ffmpeg import find_ffmpeg
from generation.request import VideoShape

SHAPE = VideoShape(128, 96, 17)
MIB = 2**20


def encode(
    ffmpeg: Path, target: Path, shape: VideoShape, frames: "Iterator[np.ndarray]", max_bytes: int = 10 * MIB
) -> EncodedVideo:
    return write_all(Mp4Encoder(ffmpeg, shape, max_bytes, target), frames)


def write_all(encoder: Mp4Encoder, frames: "Iterator[np.ndarray]") -> EncodedVideo:
    for chunk in frames:
        encoder.write(chunk)
    return encoder.finish()


def write_often(encoder: Mp4Encoder, chunk: "np.ndarray") -> None:
    for _ in range(200):
        encoder.write(chunk)


def noise(shape: VideoShape) -> "Iterator[np.ndarray]":
    random = np.random.default_rng(1)
    for start in range(0, shape.frames, 8):
        count = min(8, shape.frames - start)
        yield random.integers(0, 256, (count, shape.height_px, shape.width_px, 3), np.uint8)


def flat(shape: VideoShape, rgb: tuple[int, int, int]) -> "Iterator[np.ndarray]":
    yield np.full((shape.frames, shape.height_px, shape.width_px, 3), rgb, np.uint8)


def decode(ffmpeg: Path, path: Path, width_px: int, height_px: int) -> "np.ndarray":
    """The frames as a player that honours the file's colour tags shows them."""
    raw = subprocess.run(
        [str(ffmpeg), "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True,
        check=True,
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height_px, width_px, 3)


def probe(ffmpeg: Path, path: Path) -> str:
    return subprocess.run(
        [str(ffmpeg), "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr


def test_the_file_plays_everywhere(ffmpeg: Path, tmp_path: Path) -> None:
    """The video is H.264 High in yuv420p, tagged bt709 in the file itself, and can start before it is loaded whole."""
    video = encode(ffmpeg, tmp_path / "v.mp4", SHAPE, noise(SHAPE))
    facts = probe(ffmpeg, video.path)
    assert "h264 (High)" in facts
    assert "yuv420p(tv, bt709, progressive)" in facts
    assert "24 fps" in facts
    content = video.path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    # nclx colour atom: primaries, transfer and matrix 1 = BT.709
    assert content[content.index(b"nclx") + 4 :][:6] == b"\0\1\0\1\0\1"


def test_every_frame_comes_back(ffmpeg: Path, tmp_path: Path) -> None:
    """As many frames as went in come out, each in its place."""
    ramp = np.repeat(np.arange(17, dtype=np.uint8) * 15, 128 * 96 * 3).reshape(17, 96, 128, 3)
    video = encode(ffmpeg, tmp_path / "v.mp4", SHAPE, iter([ramp[:5], ramp[5:]]))
    assert (video.width_px, video.height_px) == (128, 96)
    seen = decode(ffmpeg, video.path, 128, 96)
    assert np.abs(seen.mean(axis=(1, 2, 3)) - np.arange(17) * 15).max() <= 3
    assert video.poster_jpeg.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "rgb",
    [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 255, 255), (0, 0, 0), (200, 120, 90), (12, 60, 120)],
)
def test_flat_colours_come_back_within_3(ffmpeg: Path, tmp_path: Path, rgb: tuple[int, int, int]) -> None:
    """A flat patch of any colour looks the same after the round trip, within 3 of 255 a channel."""
    video = encode(ffmpeg, tmp_path / "v.mp4", SHAPE, flat(SHAPE, rgb))
    seen = decode(ffmpeg, video.path, 128, 96).astype(int)
    assert np.abs(seen - np.array(rgb)).max() <= 3


@pytest.mark.parametrize("max_mib", [10, 8, 2])
def test_noise_stays_below_the_limit(ffmpeg: Path, tmp_path: Path, max_mib: int) -> None:
    """Even pure noise, which does not compress, comes out below the size limit, at full size, in one pass."""
    shape = VideoShape(704, 448, 161)
    video = encode(ffmpeg, tmp_path / "v.mp4", shape, noise(shape), max_mib * MIB)
    assert video.path.stat().st_size == video.size_bytes <= max_mib * MIB
    assert video.width_px == 704


def test_a_file_that_comes_out_too_large_is_made_smaller(ffmpeg: Path, tmp_path: Path) -> None:
    """Where the rate cap cannot hold a tight limit, the video is encoded again at 3/4, else at half of its sides."""
    shape = VideoShape(704, 448, 9)
    video = encode(ffmpeg, tmp_path / "v.mp4", shape, noise(shape), 20_000)
    assert (video.width_px, video.height_px) in ((528, 336), (352, 224))
    assert video.size_bytes <= 20_000
    assert decode(ffmpeg, video.path, video.width_px, video.height_px).shape[0] == 9
    assert list(tmp_path.iterdir()) == [video.path]


def test_a_limit_that_nothing_can_meet_is_one_error(ffmpeg: Path, tmp_path: Path) -> None:
    """A video that is too large even at the smaller size ends in an error that names both sizes, and no file."""
    with pytest.raises(EncodeFailed) as failed:
        encode(ffmpeg, tmp_path / "v.mp4", SHAPE, noise(SHAPE), 500)
    assert failed.value.code is ErrorCode.ENCODED_FILE_TOO_LARGE
    assert failed.value.values["max_bytes"] == 500
    assert list(tmp_path.iterdir()) == []


def test_an_ffmpeg_that_is_killed_is_a_clear_error_and_no_file(ffmpeg: Path, tmp_path: Path) -> None:
    """When ffmpeg dies in the middle, the one who writes is told with its exit code, and nothing is left on disk."""
    shape = VideoShape(704, 448, 161)
    encoder = Mp4Encoder(ffmpeg, shape, 10 * MIB, tmp_path / "v.mp4")
    chunk = next(noise(shape))
    encoder.write(chunk)
    os.kill(encoder.pid, signal.SIGKILL)
    with pytest.raises(EncodeFailed) as failed:
        write_often(encoder, chunk)
    encoder.abort()
    assert failed.value.code is ErrorCode.ENCODER_DIED
    assert failed.value.values["exit_code"] == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_an_ffmpeg_that_dies_at_the_end_is_the_same(ffmpeg: Path, tmp_path: Path) -> None:
    """A death after the last frame, before the file is whole, is an error too and leaves no file."""
    encoder = Mp4Encoder(ffmpeg, SHAPE, 10 * MIB, tmp_path / "v.mp4")
    encoder.write(np.concatenate(list(noise(SHAPE))))
    os.kill(encoder.pid, signal.SIGKILL)
    with pytest.raises(EncodeFailed) as failed:
        encoder.finish()
    assert failed.value.code is ErrorCode.ENCODER_DIED
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_and_no_file(ffmpeg: Path) -> None:
    """A file that cannot be written ends in an error with ffmpeg's own words."""
    encoder = Mp4Encoder(ffmpeg, SHAPE, 10 * MIB, Path("/no/such/folder/v.mp4"))
    with pytest.raises(EncodeFailed) as failed:
        write_all(encoder, noise(SHAPE))
    encoder.abort()
    assert "No such file or directory" in str(failed.value.values["detail"])


def test_a_frame_too_few_is_not_a_video(ffmpeg: Path, tmp_path: Path) -> None:
    """A file counts only with exactly the promised frames."""
    with pytest.raises(EncodeFailed) as failed:
        encode(ffmpeg, tmp_path / "v.mp4", SHAPE, iter([np.zeros((16, 96, 128, 3), np.uint8)]))
    assert failed.value.code is ErrorCode.ENCODED_FILE_WRONG
    assert failed.value.values["found_frames"] == 16
    assert list(tmp_path.iterdir()) == []


def test_abort_leaves_nothing(ffmpeg: Path, tmp_path: Path) -> None:
    """A render that is cancelled in the middle leaves no process and no file."""
    encoder = Mp4Encoder(ffmpeg, SHAPE, 10 * MIB, tmp_path / "v.mp4")
    encoder.write(next(noise(SHAPE)))
    encoder.abort()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(encoder.pid, 0)


def test_abort_does_not_wait_for_an_ffmpeg_that_hangs(tmp_path: Path) -> None:
    """An ffmpeg that reads nothing and never ends is killed, not waited for."""
    hanging = tmp_path / "ffmpeg"
    hanging.write_text("#!/bin/sh\nexec sleep 20\n")
    hanging.chmod(0o700)
    encoder = Mp4Encoder(hanging, SHAPE, 10 * MIB, tmp_path / "v.mp4")
    encoder.write(next(noise(SHAPE)))
    started = time.monotonic()
    encoder.abort()
    assert time.monotonic() - started < 10


def test_another_ffmpeg_can_be_set(tmp_path: Path) -> None:
    """The operator's own ffmpeg is taken by path or by name; one that is not there is refused by name."""
    own = tmp_path / "my-ffmpeg"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o700)
    assert find_ffmpeg(str(own)) == own
    with pytest.raises(EngineUnavailable) as unavailable:
        find_ffmpeg(str(tmp_path / "none"))
    assert unavailable.value.code is ErrorCode.NO_FFMPEG
