"""What most tests need: a picture, a request, ffmpeg."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from generation.ffmpeg import find_ffmpeg
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    return find_ffmpeg()


@pytest.fixture(scope="session")
def picture() -> Picture:
    """A small gradient, 96 × 64 px."""
    image = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG")
    return Picture(out.getvalue(), 96, 64)


@pytest.fixture
def make_request(picture: Picture) -> Callable[..., ImageToVideoRequest]:
    """A valid request by default; a test names only the field that it is about."""

    def make(**changes: object) -> ImageToVideoRequest:
        fields: dict[str, object] = {
            "conditions": (Condition((picture,)),),
            "shape": VideoShape(96, 64, 9),
            "seed": 7,
            "steps": 5,
            "guidance": 1.0,
        }
        return ImageToVideoRequest(**{**fields, **changes})  # type: ignore[arg-type]  # a test may name any field

    return make
