"""Finished videos, encoded again to at most so many bytes; ffmpeg is a child, and whoever waits can go away."""

import asyncio
import hashlib
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from generation.errors import EncodeFailed, ErrorCode
from generation.ffmpeg import find_ffmpeg, read_back_command, shrink_command
from generation.rate import SHARE_OF_LIMIT, SMALLER, bits_per_s

_TIME_LIMIT_S = 300.0
#: Of the sides and of the rate. Short clips come out up to 4 % above what the full rate is for.
_TRIES = ((1.0, 0.9), *((scale, scale) for scale in SMALLER))
_ENVIRONMENT_KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")  # ffmpeg needs no more, and gets no token
_NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ShrunkVideo:
    """A smaller MP4 beside the one it was made of, decoded back and found whole."""

    path: Path
    width_px: int
    height_px: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _Content:
    """What ffmpeg finds when it decodes a file."""

    width_px: int
    height_px: int
    frames: int
    seconds: float


class VideoShrinker:
    """Encodes finished videos again."""

    def __init__(
        self, ffmpeg: str = "", environ: Mapping[str, str] = _NO_ENVIRONMENT, time_limit_s: float = _TIME_LIMIT_S
    ) -> None:
        self._ffmpeg, self._time_limit_s = ffmpeg, time_limit_s
        self._environment = {name: environ[name] for name in _ENVIRONMENT_KEPT if name in environ}

    async def shrink(self, video: Path, max_bytes: int) -> ShrunkVideo:
        """Make a file of at most so many bytes beside ``video``; one that is small enough is copied as it is.

        First at its own size, then with shorter sides. Raises EncodeFailed where ffmpeg fails, takes too long, or no
        try is small enough, EngineUnavailable where there is no ffmpeg, and OSError; then no file is left.
        """
        ffmpeg = await asyncio.to_thread(find_ffmpeg, self._ffmpeg)
        target = video.with_name(f".{video.name}.part")
        try:
            async with asyncio.timeout(self._time_limit_s):
                content = await self._make(ffmpeg, video, max_bytes, target)
            size_bytes, sha256 = await asyncio.to_thread(_settle, target)
        except TimeoutError as error:
            target.unlink(missing_ok=True)
            detail = f"not done after {self._time_limit_s:g} s"
            raise EncodeFailed(ErrorCode.ENCODER_DIED, exit_code=None, detail=detail) from error
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return ShrunkVideo(target, content.width_px, content.height_px, size_bytes, sha256)

    async def _make(self, ffmpeg: Path, video: Path, max_bytes: int, target: Path) -> _Content:
        content = await self._read_back(ffmpeg, video)
        if await _size_bytes(video) <= max_bytes:
            await asyncio.to_thread(shutil.copyfile, video, target)
            return content
        for scale, share_of_rate in _TRIES:
            width_px, height_px = _even(content.width_px * scale), _even(content.height_px * scale)
            rate = bits_per_s(max_bytes, content.seconds, SHARE_OF_LIMIT * share_of_rate)
            await self._run(shrink_command(ffmpeg, video, width_px, height_px, rate, target))
            size_bytes = await _size_bytes(target)
            if size_bytes <= max_bytes:
                return await self._require_same(ffmpeg, target, content)
        raise EncodeFailed(ErrorCode.ENCODED_FILE_TOO_LARGE, bytes=size_bytes, max_bytes=max_bytes)

    async def _require_same(self, ffmpeg: Path, target: Path, before: _Content) -> _Content:
        after = await self._read_back(ffmpeg, target)
        if after.frames != before.frames:
            raise EncodeFailed(
                ErrorCode.ENCODED_FILE_WRONG,
                expected_frames=before.frames,
                found_frames=after.frames,
                detail="encoded again",
            )
        return after

    async def _read_back(self, ffmpeg: Path, video: Path) -> _Content:
        lines = (await self._run(read_back_command(ffmpeg, video))).splitlines()
        head = dict(line[1:].split(": ", 1) for line in lines if line.startswith("#") and ": " in line)
        frames = [line.split(",") for line in lines if not line.startswith("#")]
        if not frames or "dimensions 0" not in head:
            raise EncodeFailed(ErrorCode.ENCODED_FILE_WRONG, expected_frames=None, found_frames=0, detail=video.name)
        width_px, height_px = map(int, head["dimensions 0"].split("x"))
        _, _, shown_at, lasts, *_ = frames[-1]
        seconds = float((int(shown_at) + int(lasts)) * Fraction(head["tb 0"]))
        return _Content(width_px, height_px, len(frames), seconds)

    async def _run(self, command: Sequence[str]) -> str:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=self._environment
        )
        try:
            out, errors = await process.communicate()
        finally:
            if process.returncode is None:  # nobody waits for it any more
                process.kill()
                await process.wait()
        if process.returncode != 0:
            detail = errors[-500:].decode(errors="replace").strip()
            raise EncodeFailed(ErrorCode.ENCODER_DIED, exit_code=process.returncode, detail=detail)
        return out.decode()


async def _size_bytes(path: Path) -> int:
    return (await asyncio.to_thread(path.stat)).st_size


def _settle(video: Path) -> tuple[int, str]:
    """Return size and checksum of a file that no power cut can take any more."""
    with video.open("rb") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256")
    return video.stat().st_size, digest.hexdigest()


def _even(side_px: float) -> int:
    return int(side_px) // 2 * 2
