"""How long a clip takes from the camera engine into an MP4: drawing alone, encoding alone, and both at once.

    python benchmarks/encode.py [--photo docs/photos/rocket.jpg] [--repeat 3]

The tail is the time from the last frame to the finished, verified file: what a person waits for after the engine is
done. It is split into ffmpeg's own end and the decoding of the whole file that proves it.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from generation.encode import Mp4Encoder
from generation.engines.camera.engine import CameraEngine
from generation.engines.engine import RenderWatch
from generation.ffmpeg import find_ffmpeg
from generation.picture import Picture, PictureDecoder, PictureLimits
from generation.request import Condition, ImageToVideoRequest, VideoShape

SHAPE = VideoShape(704, 448, 161)
MAX_BYTES = 10 * 2**20
PROMPT = "slow push in, pan left, handheld"


def request_for(picture: Picture) -> ImageToVideoRequest:
    return ImageToVideoRequest((Condition((picture,)),), SHAPE, seed=1, steps=1, guidance=1.0, prompt=PROMPT)


def seconds_of_drawing(engine: CameraEngine, request: ImageToVideoRequest) -> float:
    started = time.perf_counter()
    for _ in engine.render(request, RenderWatch()):
        pass
    return time.perf_counter() - started


def seconds_of_encoding(frames: np.ndarray, target: Path) -> float:
    started = time.perf_counter()
    encoder = Mp4Encoder(find_ffmpeg(), SHAPE, MAX_BYTES, target)
    for start in range(0, len(frames), 8):
        encoder.write(frames[start : start + 8])
    encoder.finish()
    return time.perf_counter() - started


def seconds_of_both(engine: CameraEngine, request: ImageToVideoRequest, target: Path) -> tuple[float, float]:
    """The whole, and the tail after the last frame."""
    started = time.perf_counter()
    encoder = Mp4Encoder(find_ffmpeg(), SHAPE, MAX_BYTES, target)
    for chunk in engine.render(request, RenderWatch()):
        encoder.write(chunk)
    last_frame = time.perf_counter()
    encoder.finish()
    return time.perf_counter() - started, time.perf_counter() - last_frame


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, default=Path("docs/photos/rocket.jpg"))
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    picture = asyncio.run(PictureDecoder(PictureLimits()).decode(options.photo.read_bytes()))
    engine, request = CameraEngine(), request_for(picture)
    frames = np.concatenate(list(engine.render(request, RenderWatch())))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        rows = []
        for _ in range(options.repeat):
            drawing = seconds_of_drawing(engine, request)
            encoding = seconds_of_encoding(frames, target)
            size_bytes = target.stat().st_size
            whole, tail = seconds_of_both(engine, request, target)
            rows.append((drawing, encoding, whole, tail))
    drawing, encoding, whole, tail = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"{SHAPE.width_px}x{SHAPE.height_px}x{SHAPE.frames}, {options.photo.name}, {PROMPT!r}, {size_bytes} bytes")
    print(f"  draw alone              {drawing:6.2f} s  ({SHAPE.frames / drawing:.0f} frames/s)")
    print(f"  encode alone, verified  {encoding:6.2f} s  ({encoding / drawing:.2f} x drawing)")
    print(f"  both at once, verified  {whole:6.2f} s  ({whole / (drawing + encoding):.2f} x one after the other)")
    print(f"  tail after last frame   {tail:6.2f} s")


if __name__ == "__main__":
    main()
