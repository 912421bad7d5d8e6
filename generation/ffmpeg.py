"""Where ffmpeg is, and how the command lines of this project are built.

Arguments are lists, never a shell line; the only input protocol is the pipe; paths are our own.
Measured with the binary that imageio-ffmpeg bundles (ffmpeg n9.0); another one can be set.
"""

import shutil
from pathlib import Path

from generation.errors import EngineUnavailable, ErrorCode
from generation.request import VideoShape

#: -colorspace and its kin alone leave the file untagged (no colr atom): setparams is what writes bt709 into it.
_TO_BT709 = (
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
)
_QUIET = ["-hide_banner", "-nostats", "-loglevel", "error", "-y"]


def find_ffmpeg(path: str = "") -> Path:
    """Return the ffmpeg binary: the one at ``path``, or imageio-ffmpeg's own where ``path`` is empty.

    Raises EngineUnavailable where there is none.
    """
    if path:
        found = shutil.which(path)
        if found is None:
            raise EngineUnavailable(ErrorCode.NO_FFMPEG, path=path)
        return Path(found)
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise EngineUnavailable(ErrorCode.NO_FFMPEG, path="imageio-ffmpeg") from error


def encode_command(ffmpeg: Path, shape: VideoShape, max_bits_per_s: int, target: Path) -> list[str]:
    """Return the command that reads raw RGB frames from its stdin and writes an MP4 that plays everywhere."""
    return [
        str(ffmpeg),
        *_QUIET,
        *("-protocol_whitelist", "pipe"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{shape.width_px}x{shape.height_px}", "-r", str(shape.fps)),
        *("-i", "pipe:0"),
        *_h264(_TO_BT709, max_bits_per_s, target),
    ]


def shrink_command(
    ffmpeg: Path, source: Path, width_px: int, height_px: int, bits_per_s: int, target: Path
) -> list[str]:
    """Return the command that makes a smaller MP4, in both senses, of one of our own."""
    return [
        str(ffmpeg),
        *_QUIET,
        *("-protocol_whitelist", "file"),
        *("-i", str(source)),
        *_h264(f"scale={width_px}:{height_px}:flags=lanczos,{_TO_BT709}", bits_per_s, target),
    ]


def read_back_command(ffmpeg: Path, source: Path) -> list[str]:
    """Return the command that decodes a file and prints its size and one checksum line a frame (framecrc)."""
    return [
        str(ffmpeg),
        *_QUIET,
        *("-xerror", "-protocol_whitelist", "file,pipe"),
        *("-i", str(source), "-map", "0:v:0", "-f", "framecrc", "pipe:1"),
    ]


def _h264(filters: str, max_bits_per_s: int, target: Path) -> list[str]:
    return [
        *("-an", "-sn", "-dn", "-map_metadata", "-1"),
        *("-vf", filters),
        # veryfast at CRF 19: VMAF 98.6 to 99.4 on camera moves over photographs, in a quarter of medium's time.
        *("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "19"),
        *("-maxrate", str(max_bits_per_s), "-bufsize", str(max_bits_per_s // 2)),
        *("-movflags", "+faststart", "-f", "mp4", str(target)),
    ]
