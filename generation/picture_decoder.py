"""The program that decodes one untrusted picture: bytes on stdin; one JSON line and raw sRGB pixels on stdout.

``generation.picture_child`` starts it anew for every picture, by its path: as a module it would first import its
package. ``generation.picture_stem`` runs it in a fork, which has loaded all but HEIF's library already. The JSON line
is ``{"width_px": …, "height_px": …}``, followed by height x width x 3 bytes, or ``{"code": …}`` with the sides where
they are known. Limits come as JSON in the only argument. The exit code is 0 for both; anything else is a fault of this
program or a death by a limit.

The limits of the process hold before the first byte is read, and without a stem before the first decoder is imported:
Pillow is imported inside functions, and only the parts that the picture at hand needs, since without a stem most of the
time of a small picture is start-up.
"""

import io
import json
import math
import os
import re
import resource
import sys
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

# A decoder holds one file; libraries and their data are read one at a time.
_MAX_OPEN_FILES = 64
_NICENESS = 5  # the event loop goes first, but beside busy processes a third of a core must be left for the wall limit

#: An honest progressive JPEG has about ten scans, and each costs 0.4 ms of CPU a megapixel, whatever its bytes are:
#: 2,006 scans of 49 MP fit in 388 kB and cost 40 s.
_MAX_JPEG_SCANS = 100
#: Metadata of 20 MB in full segments of 64 kB makes 320; Pillow reads each in Python.
_MAX_JPEG_SEGMENTS = 5_000
#: A marker in a JPEG: FF, then neither 00 (an FF of the data) nor D0..D7 (a restart inside a scan) nor FF (filling).
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA

_AVIF_BRANDS = {b"avif", b"avis"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}

_ORIENTATION_TAG = 0x0112  # of EXIF, and below what undoes each of its values
_WAYS_UP = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


class Limits(NamedTuple):
    """The fields of ``generation.picture.PictureLimits``, where each is explained."""

    max_bytes: int
    max_pixels: int
    max_jpeg_pixels: int
    min_side_px: int
    max_side_px: int
    max_ratio: float
    max_output_pixels: int
    max_memory_bytes: int
    max_cpu_s: int
    max_wall_s: float


class Refused(Exception):
    """The picture cannot be taken; ``code`` is a value of ``generation.errors.ErrorCode``."""

    def __init__(self, code: str, size: tuple[int, int] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.size = size


def main() -> None:
    limits = Limits(**json.loads(sys.argv[1]))
    _limit_this_process(limits)
    data = sys.stdin.buffer.read()
    answer: dict[str, str | int] = {}
    rgb = b""
    try:
        image_format = format_of(data)
        if image_format != "HEIF":  # libde265 decodes in a thread of its own, and threads count as processes
            _limit(resource.RLIMIT_NPROC, 0)
        picture = decode(data, image_format, limits)
        answer["width_px"], answer["height_px"] = picture.size
        rgb = picture.tobytes()
    except Refused as refused:
        answer["code"] = refused.code
        if refused.size:
            answer["width_px"], answer["height_px"] = refused.size
    except MemoryError:
        answer["code"] = "picture_too_costly"
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.write(rgb)
    sys.stdout.buffer.flush()
    os._exit(0)  # frees up to a gigabyte in one go instead of object by object


def decode(data: bytes, image_format: str, limits: Limits) -> "Image.Image":
    """Return the first picture in ``data``: upright, sRGB, mode RGB, of at most ``max_output_pixels``.

    Raises Refused, and MemoryError where the process may have no more.
    """
    if image_format == "JPEG" and _is_scan_bomb(data):
        raise Refused("picture_too_costly")
    max_pixels = limits.max_jpeg_pixels if image_format == "JPEG" else limits.max_pixels
    if image_format == "WEBP":
        # Opening a WebP allocates its canvas three times over: the size must be known before.
        _require_size(_webp_size(data), max_pixels, limits)
    try:
        picture = _open(data, image_format)
        _require_size(picture.size, max_pixels, limits)
        return _clean(picture, limits)
    except (Refused, MemoryError, ImportError):
        raise  # a missing library is not the picture's fault
    except Exception as error:
        # Hostile bytes make Pillow's plugins raise nearly anything: SyntaxError, KeyError, struct.error, ...
        raise Refused("picture_broken") from error


def _limit_this_process(limits: Limits) -> None:
    os.nice(_NICENESS)
    _limit(resource.RLIMIT_CPU, limits.max_cpu_s)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    if sys.platform != "darwin":  # whose kernel knows the limit but not how to keep it
        _limit(resource.RLIMIT_AS, limits.max_memory_bytes)


def _limit(kind: int, amount: int) -> None:
    _, hard = resource.getrlimit(kind)
    lowest = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(kind, (lowest, lowest))


def format_of(data: bytes) -> str:
    """Return Pillow's name of the format, told by the first bytes; raises Refused for one that we do not take."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"  # also what Pillow calls MPO: "MPO" itself in a list of formats makes Image.open raise KeyError
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
        brands = {box[at : at + 4] for at in range(0, len(box), 4)}
        # An AVIF may call itself mif1 as well, so AVIF is asked first.
        if brands & _AVIF_BRANDS:
            return "AVIF"
        if brands & _HEIF_BRANDS:
            return "HEIF"
    raise Refused("picture_unknown_format")


def _is_scan_bomb(data: bytes) -> bool:
    position = scans = 0
    for _ in range(_MAX_JPEG_SEGMENTS):
        found = _JPEG_MARKER.search(data, position)
        if found is None or found[1][0] == _EOI:
            return False
        position = found.end()
        if found[1][0] == _SOI:
            continue
        if found[1][0] == _SOS:
            scans += 1
            if scans > _MAX_JPEG_SCANS:
                return True
        position += int.from_bytes(data[position : position + 2], "big")  # the segment's length
    return True


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return the sides that a WebP's header states; source: RFC 9649, sections 2.5 to 2.7."""
    if len(data) < 30:
        raise Refused("picture_broken")
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
        case _:
            raise Refused("picture_broken")


def _require_size(size: tuple[int, int], max_pixels: int, limits: Limits) -> None:
    shorter, longer = sorted(size)
    if shorter * longer > max_pixels or longer > limits.max_side_px:
        raise Refused("picture_too_large", size)
    if shorter < limits.min_side_px:
        raise Refused("picture_too_small", size)
    if longer > limits.max_ratio * shorter:
        raise Refused("picture_too_narrow", size)


def _open(data: bytes, image_format: str) -> "Image.Image":
    from PIL import Image

    # Pillow's own limit would raise before the sides are known, so it waits until ours has been checked.
    Image.MAX_IMAGE_PIXELS = None
    if image_format == "AVIF":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread reserves address space, and RLIMIT_NPROC allows none
    if image_format == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    return Image.open(io.BytesIO(data), formats=[image_format])


def _clean(picture: "Image.Image", limits: Limits) -> "Image.Image":
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = limits.max_pixels  # for whatever a plugin still opens inside
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    # A JPEG decodes to 1/2, 1/4 or 1/8 of its sides, not below what comes out: a third of the time for a photograph of
    # 12 MP, at 47 dB to the full way, and what lets 200 MP fit into the memory. Other formats ignore it.
    picture.draft(None, _output_size(picture.size, limits.max_output_pixels))
    if "icc_profile" in picture.info:
        from PIL import ImageCms  # noqa: F401 - now, before the pixels take the memory that its library needs
    picture.load()  # the first frame; asking for their number would read them all
    way_up = _way_up(picture)
    icc_profile = picture.info.get("icc_profile")
    picture = _eight_bits(picture)
    size = _output_size(picture.size, limits.max_output_pixels)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    picture = _on_white(picture, icc_profile)
    return picture if way_up is None else picture.transpose(way_up)


def _output_size(size: tuple[int, int], max_output_pixels: int) -> tuple[int, int]:
    scale = min(1.0, math.sqrt(max_output_pixels / (size[0] * size[1])))
    return int(size[0] * scale), int(size[1] * scale)


def _way_up(picture: "Image.Image") -> "Image.Transpose | None":
    """Return what makes the picture upright, as EXIF or XMP say it; Pillow turns an AVIF's irot and imir into EXIF."""
    from PIL.Image import Transpose

    try:
        name = _WAYS_UP.get(picture.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001
        # Metadata is parsed in Python and raises nearly anything on pictures that are good: ValueError for an odd text
        # chunk, SyntaxError, struct.error, ... A picture that lies on its side beats none.
        return None
    return Transpose[name] if name else None


def _eight_bits(picture: "Image.Image") -> "Image.Image":
    """Return the picture in a mode of 8 bits a channel that can be resized; transparency becomes a channel."""
    if picture.mode.startswith("I"):
        # 16-bit grey. Pillow's own conversion clips at 255: any picture would turn white.
        picture.info.pop("transparency", None)  # a grey value of 16 bits, which no longer exists afterwards
        return picture.point(lambda grey: grey * (1 / 257) + 0.5).convert("L")
    if picture.mode in {"RGBa", "La"}:
        return picture.convert(picture.mode.upper())
    if picture.mode in {"1", "P", "PA"} or "transparency" in picture.info:
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return picture


def _on_white(picture: "Image.Image", icc_profile: bytes | None) -> "Image.Image":
    from PIL import Image

    alpha = picture.getchannel("A") if picture.mode in {"LA", "RGBA"} else None
    if alpha is not None:
        picture = picture.convert(picture.mode.removesuffix("A"))  # profiles know no alpha
    rgb = _srgb(picture, icc_profile) if icc_profile else picture.convert("RGB")
    return rgb if alpha is None else Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def _srgb(picture: "Image.Image", icc_profile: bytes) -> "Image.Image":
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        match profile.profile.xcolor_space.strip(), picture.mode:
            case ("RGB", "L" | "YCbCr"):
                picture = picture.convert("RGB")
            case ("RGB", "RGB") | ("GRAY", "L") | ("CMYK", "CMYK"):
                pass
            case _:
                return picture.convert("RGB")
        converted = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture.convert("RGB")  # a broken profile spoils a shade, not the picture
    return converted if converted is not None else picture.convert("RGB")


if __name__ == "__main__":
    main()
