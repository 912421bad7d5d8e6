"""A picture is cut to the frame's proportions: its middle, at the frame's size, never stretched."""

import io

import numpy as np
import pytest
from PIL import Image

from generation.framing import crop_box, frame_picture
from generation.picture import Picture
from generation.request import VideoShape


def picture_of(image: Image.Image) -> Picture:
    out = io.BytesIO()
    image.save(out, "PNG")
    return Picture(out.getvalue(), image.width, image.height)


@pytest.mark.parametrize(("width", "height"), [(1000, 10), (10, 1000), (641, 479), (33, 33), (704, 448), (4000, 3000)])
@pytest.mark.parametrize(("frame_width", "frame_height"), [(704, 448), (64, 1536), (544, 544)])
def test_the_box_is_centred_and_has_the_frames_proportions(
    width: int, height: int, frame_width: int, frame_height: int
) -> None:
    """The box lies in the middle of the picture, has the frame's proportions, and touches two opposite edges."""
    left, top, right, bottom = crop_box(width, height, frame_width, frame_height)
    assert (right - left) / (bottom - top) == pytest.approx(frame_width / frame_height)
    assert (left + right, top + bottom) == pytest.approx((width, height))
    assert min(left, top) == pytest.approx(0)
    assert max(left, top) >= 0


def test_a_picture_of_the_frames_size_stays_as_it_is() -> None:
    """Where nothing has to be cut or scaled, not one pixel changes."""
    noise = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    framed = frame_picture(picture_of(Image.fromarray(noise)), VideoShape(96, 64, 9))
    assert np.array_equal(framed, noise)


def test_a_circle_stays_a_circle() -> None:
    """A wide picture loses its sides; a circle in its middle is as wide as high afterwards."""
    image = Image.new("RGB", (900, 300))
    circle = Image.radial_gradient("L").resize((200, 200)).point(lambda value: 255 if value < 100 else 0)
    image.paste((255, 255, 255), (350, 50), circle)
    white = frame_picture(picture_of(image), VideoShape(256, 256, 9))[..., 0] > 127
    width, height = np.ptp(np.nonzero(white.any(axis=0))), np.ptp(np.nonzero(white.any(axis=1)))
    assert width > 80
    assert abs(int(width) - int(height)) <= 1


def test_the_middle_of_the_picture_is_kept() -> None:
    """Of a picture with a coloured stripe at each end, a narrower frame shows neither."""
    image = Image.new("RGB", (300, 100), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 60, 100))
    image.paste((255, 0, 0), (240, 0, 300, 100))
    framed = frame_picture(picture_of(image), VideoShape(96, 96, 9))
    assert framed.shape == (96, 96, 3)
    assert framed.dtype == np.uint8
    assert (framed == (0, 0, 255)).all()


def test_a_small_picture_is_enlarged_smoothly() -> None:
    """Enlarging interpolates: between two halves of black and white there are greys."""
    image = Image.new("RGB", (8, 8))
    image.paste((255, 255, 255), (4, 0, 8, 8))
    row = frame_picture(picture_of(image), VideoShape(64, 64, 9))[32, :, 0]
    assert row[0] == 0
    assert row[-1] == 255
    assert ((row > 40) & (row < 215)).sum() >= 4
