"""Cuts a picture to the shape of a frame: the middle of it, in the frame's proportions, at the frame's size.

Models stretch a picture of other proportions without a word; here it is cropped instead, and never distorted.
"""

from typing import TYPE_CHECKING

from generation.picture import Picture
from generation.request import VideoShape

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


Box = tuple[float, float, float, float]  # left, top, right, bottom, in px


def crop_box(width_px: int, height_px: int, frame_width_px: int, frame_height_px: int) -> Box:
    """Return the largest centred box of the frame's proportions inside a picture.

    The edges may lie between pixels, so that not even half a pixel is stretched.
    """
    scale = min(width_px / frame_width_px, height_px / frame_height_px)
    left = (width_px - frame_width_px * scale) / 2
    top = (height_px - frame_height_px * scale) / 2
    return left, top, width_px - left, height_px - top


def frame_picture(picture: Picture, shape: VideoShape) -> "npt.NDArray[np.uint8]":
    """Return the middle of the picture as one frame: (H, W, 3) uint8, values 0..255, RGB."""
    import numpy as np
    from PIL import Image

    pixels = picture.pixels()
    height_px, width_px = pixels.shape[:2]
    if (width_px, height_px) == (shape.width_px, shape.height_px):
        return pixels
    box = crop_box(width_px, height_px, shape.width_px, shape.height_px)
    size = (shape.width_px, shape.height_px)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box=box))
