"""Small copies of our own pictures, for places that show many of them."""

import io
from pathlib import Path

_QUALITY = 80


def thumbnail_jpeg(picture: Path, max_side_px: int) -> bytes:
    """Return a JPEG of a clean picture or of a poster, its longer side at most ``max_side_px``. Blocks for some 30 ms.

    For files that we have written ourselves only. Raises FileNotFoundError.
    """
    from PIL import Image

    with Image.open(picture, formats=("PNG", "JPEG")) as image:
        image.thumbnail((max_side_px, max_side_px), Image.Resampling.BILINEAR, reducing_gap=2.0)
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
