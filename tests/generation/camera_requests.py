"""Pictures that show what a camera does to them, and requests for the camera engine."""

import numpy as np
import numpy.typing as npt

from generation.engines.camera.engine import CameraEngine
from generation.engines.engine import RenderWatch
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape

Pixels = npt.NDArray[np.uint8]


def picture_of(pixels: Pixels) -> Picture:
    height, width = pixels.shape[:2]
    return Picture.from_rgb(np.ascontiguousarray(pixels).tobytes(), width, height)


def grey(brightness: float | npt.NDArray[np.float64], width_px: int, height_px: int) -> Pixels:
    """An (H, W, 3) grey picture from one brightness or one a pixel, 0..255."""
    plane = np.broadcast_to(np.rint(np.clip(brightness, 0, 255)).astype(np.uint8), (height_px, width_px))
    return np.repeat(plane[..., None], 3, axis=2)


def landscape(width_px: int = 640, height_px: int = 400, *, seed: int = 0) -> Pixels:
    """Something like a photograph: soft colours with detail at every scale down to single pixels."""
    chance = np.random.default_rng(seed)
    image = np.full((height_px, width_px, 3), 128.0)
    for cell_px in (100, 40, 16, 6, 2):
        cells = chance.normal(0, 14, (height_px // cell_px + 2, width_px // cell_px + 2, 3))
        image += np.kron(cells, np.ones((cell_px, cell_px, 1)))[:height_px, :width_px]
    return np.clip(image, 0, 255).astype(np.uint8)


def request_for(
    picture: Picture,
    prompt: str = "",
    *,
    shape: VideoShape | None = None,
    frames: int = 17,
    seed: int = 1,
    motion_strength: float | None = None,
    negative_prompt: str = "",
    end: Picture | None = None,
) -> ImageToVideoRequest:
    shape = shape or VideoShape(256, 160, frames)
    conditions = [Condition((picture,))]
    if end is not None:
        conditions.append(Condition((end,), frame_index=shape.frames - 1))
    return ImageToVideoRequest(
        conditions=tuple(conditions),
        shape=shape,
        seed=seed,
        steps=1,
        guidance=1.0,
        prompt=prompt,
        negative_prompt=negative_prompt,
        motion_strength=motion_strength,
    )


def video_of(request: ImageToVideoRequest, engine: CameraEngine | None = None) -> Pixels:
    """All frames of a request: (n, H, W, 3)."""
    return np.concatenate(list((engine or CameraEngine()).render(request, RenderWatch())))
