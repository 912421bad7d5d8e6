"""The pictures, videos and posters of jobs, in the data folder; each appears whole or not at all.

Names are made of the job's id only. All methods block; they are called off the loop.
"""

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from generation.picture import Picture

_FOLDERS = ("pictures", "videos")


class JobFiles:
    """Where the files of each job are."""

    def __init__(self, data_folder: Path) -> None:
        self._root = data_folder
        for folder in _FOLDERS:
            (data_folder / folder).mkdir(mode=0o700, parents=True, exist_ok=True)

    def picture(self, job_id: str) -> Path:
        return self._root / "pictures" / f"{job_id}.png"

    def end_picture(self, job_id: str) -> Path:
        return self._root / "pictures" / f"{job_id}-end.png"

    def video(self, job_id: str) -> Path:
        return self._root / "videos" / f"{job_id}.mp4"

    def poster(self, job_id: str) -> Path:
        return self._root / "videos" / f"{job_id}.jpg"

    def save_pictures(self, job_id: str, start: Picture, end: Picture | None) -> None:
        """Keep a job's clean pictures so that a power cut cannot take them once this has returned."""
        _write_whole(self.picture(job_id), start.png)
        if end is not None:
            _write_whole(self.end_picture(job_id), end.png)
        _sync(self._root / "pictures")

    def load_picture(self, path: Path) -> Picture:
        """Return a picture that was saved. Raises FileNotFoundError."""
        png = path.read_bytes()
        # IHDR: the sides stand right behind the signature and the chunk's head (PNG specification, 11.2.2).
        return Picture(png, int.from_bytes(png[16:20]), int.from_bytes(png[20:24]))

    def save_poster(self, job_id: str, jpeg: bytes) -> None:
        _write_whole(self.poster(job_id), jpeg)

    def delete_pictures(self, job_id: str) -> None:
        self.picture(job_id).unlink(missing_ok=True)
        self.end_picture(job_id).unlink(missing_ok=True)

    def delete_video(self, job_id: str) -> None:
        self.video(job_id).unlink(missing_ok=True)
        self.poster(job_id).unlink(missing_ok=True)

    def sweep(self, with_picture: Collection[str], with_video: Collection[str]) -> int:
        """Delete every file that no row knows, and return how many; only while nothing is being written."""
        kept = {path for job_id in with_picture for path in (self.picture(job_id), self.end_picture(job_id))}
        kept |= {path for job_id in with_video for path in (self.video(job_id), self.poster(job_id))}
        strays = [path for path in self._all() if path not in kept]
        for path in strays:
            path.unlink(missing_ok=True)
        return len(strays)

    def used_bytes(self) -> int:
        """Return how much disk the files take; a picture that two jobs share counts once."""
        sizes: dict[int, int] = {}
        for path in self._all():
            with suppress(FileNotFoundError):
                status = path.stat()
                sizes[status.st_ino] = status.st_size
        return sum(sizes.values())

    def bytes_of(self, job_id: str) -> int:
        """Return how much disk the files of one job take."""
        size_bytes = 0
        for path in (self.picture(job_id), self.end_picture(job_id), self.video(job_id), self.poster(job_id)):
            with suppress(FileNotFoundError):
                size_bytes += path.stat().st_size
        return size_bytes

    def free_bytes(self) -> int:
        """Return how much disk is free for this user."""
        return shutil.disk_usage(self._root).free

    def _all(self) -> Iterator[Path]:
        for folder in _FOLDERS:
            yield from (self._root / folder).iterdir()


def _write_whole(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make new names in ``folder`` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
