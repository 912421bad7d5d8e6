"""Writes a PNG as fast as one can be that is still small, for pictures that are kept and soon read again."""

import struct
import zlib

#: Each row as its difference to the row above, which one subtraction makes: on photographs 2 to 8 % more bytes than the
#: best filter for each row, in half the time.
_FILTER_UP = 2
_LEVEL, _WINDOW_BITS, _MEMORY_LEVEL = 1, 15, 9
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BITS = struct.pack(">BBBBB", 8, 2, 0, 0, 0)  # depth, colour type, and the only compression, filters, interlace


def png_of_rgb(rgb: bytes, width_px: int, height_px: int) -> bytes:
    """Return a PNG without metadata of ``rgb``: rows from the top, three bytes a pixel, sRGB.

    Source of the format: the PNG specification (W3C, third edition), sections 5, 9 and 11.
    """
    import numpy as np

    rows = np.frombuffer(rgb, np.uint8).reshape(height_px, 3 * width_px)
    filtered = np.empty((height_px, 1 + 3 * width_px), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]  # above the first row is black
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    # For filtered photographs run lengths are as small as a full search, and faster.
    compress = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW_BITS, _MEMORY_LEVEL, zlib.Z_RLE)
    pixels = compress.compress(filtered.data) + compress.flush()
    header = struct.pack(">II", width_px, height_px) + _RGB_8_BITS
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
