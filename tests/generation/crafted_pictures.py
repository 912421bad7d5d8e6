"""Pictures made for the tests: photographs that nobody took, and files that only an attacker would send."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def photograph(width_px: int = 2400, height_px: int = 1600) -> Image.Image:
    """Return soft coloured shapes with film grain: as costly to decode as what a camera makes."""
    chance = np.random.default_rng(7)
    shapes = Image.fromarray(chance.integers(0, 256, (12, 18, 3), dtype=np.uint8))
    soft = np.asarray(shapes.resize((width_px, height_px), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = chance.integers(-6, 7, soft.shape, dtype=np.int16)
    return Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    """Return the bytes of ``image`` in Pillow's ``image_format``."""
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def plain(width_px: int, height_px: int, colour: tuple[int, int, int] = (200, 60, 20)) -> bytes:
    """Return a JPEG of one colour."""
    return encoded(Image.new("RGB", (width_px, height_px), colour), "JPEG", quality=95)


def scan_bomb(side_px: int = 7_000, extra_scans: int = 2_000) -> bytes:
    """Return a progressive JPEG whose last scan comes again and again; each costs all its pixels."""
    honest = encoded(Image.new("L", (side_px, side_px), 90), "JPEG", progressive=True)
    last_scan = honest[honest.rindex(b"\xff\xda") : -2]
    return honest[:-2] + last_scan * extra_scans + b"\xff\xd9"


def webp_bomb(side_px: int = 13_000) -> bytes:
    """Return 38 bytes that ask a WebP decoder for gigabytes."""
    pixels = b"\x2f" + struct.pack("<I", side_px - 1 | side_px - 1 << 14) + bytes(12)
    return b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8L" + struct.pack("<I", len(pixels)) + pixels


def png_of_one_row(width_px: int, height_px: int) -> bytes:
    """Return a PNG of some hundred bytes whose header promises many rows."""
    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    row = zlib.compress(bytes(1 + 3 * width_px))
    chunks = ((b"IHDR", header), (b"IDAT", row), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, body) for kind, body in chunks)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_chunks(png: bytes) -> list[str]:
    """Return the kinds of the chunks in a PNG, in order, and what follows its end, if anything does."""
    kinds, position = [], 8
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        kinds.append(kind.decode("latin-1"))
        position += 12 + length
        if kind == b"IEND" and position != len(png):
            return [*kinds, "appended bytes"]
    return kinds
