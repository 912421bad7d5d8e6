"""How many frames a second the camera engine draws, alone: ``python -m benchmarks.camera_engine [PICTURE]``.

Everything from the request to the last frame counts: reading the picture, preparing it, drawing. 704x448, 161 frames,
the best of three runs for each kind of move, on as many threads as the engine takes by itself.
"""

import sys
import time

import numpy as np
from PIL import Image

from generation.engines.camera.engine import CameraEngine
from generation.engines.engine import RenderWatch
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape

SHAPE = VideoShape(704, 448, frames=161)
PROMPTS = {
    "zoom": "zoom in",
    "pan + tilt": "pan left, tilt up",
    "orbit": "orbit left",
    "roll": "roll clockwise",
    "dolly zoom": "dolly zoom",
    "handheld": "handheld",
}
_RUNS = 3


def main(path: str | None) -> None:
    picture = _picture(path)
    print(f"{picture.width_px}x{picture.height_px} -> {SHAPE.width_px}x{SHAPE.height_px}, {SHAPE.frames} frames")
    for name, prompt in PROMPTS.items():
        request = ImageToVideoRequest((Condition((picture,)),), SHAPE, seed=1, steps=1, guidance=1.0, prompt=prompt)
        wall_s, cpu_s = min(_seconds(request) for _ in range(_RUNS))
        print(f"{name:12} {SHAPE.frames / wall_s:6.0f} frames/s  {1000 * cpu_s / SHAPE.frames:5.1f} ms of CPU a frame")


def _seconds(request: ImageToVideoRequest) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in CameraEngine().render(request, RenderWatch()):
        pass
    return time.perf_counter() - wall, time.process_time() - cpu


def _picture(path: str | None) -> Picture:
    if path is not None:
        with Image.open(path) as image:
            rgb = image.convert("RGB")
        return Picture.from_rgb(rgb.tobytes(), *rgb.size)
    # 2 MP of soft noise, the largest picture that an engine is handed.
    small = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    rgb = Image.fromarray(small).resize((1632, 1224), Image.Resampling.BICUBIC)
    return Picture.from_rgb(rgb.tobytes(), *rgb.size)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
