"""ScriptedShrinker: makes small files of videos at once, or fails as a test has written down."""

from pathlib import Path

from generation.errors import EncodeFailed, ErrorCode
from generation.shrink import ShrunkVideo


class ScriptedShrinker:
    """Gives a file of just the size that is asked for. ``next_errors`` are raised first, one a call."""

    def __init__(self) -> None:
        self.calls: list[tuple[Path, int]] = []
        self.next_errors: list[BaseException] = []

    async def shrink(self, video: Path, max_bytes: int) -> ShrunkVideo:
        self.calls.append((video, max_bytes))
        if self.next_errors:
            raise self.next_errors.pop(0)
        if max_bytes < 1:
            raise EncodeFailed(ErrorCode.ENCODED_FILE_TOO_LARGE, bytes=1, max_bytes=max_bytes)
        smaller = video.with_name(f".{video.name}.part")
        smaller.write_bytes(b"s" * max_bytes)
        return ShrunkVideo(smaller, 48, 32, max_bytes, "1" * 64)
