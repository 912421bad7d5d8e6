"""From a view to frames: the picture is prepared once, then each frame is one call of Pillow outside of the GIL."""

import math
from concurrent.futures import Executor
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.engines.camera.view import View

Pixels = npt.NDArray[np.uint8]  # (H, W, 3), RGB

#: Level frames are filtered as they are drawn; the filter needs this many source pixels a frame pixel to be as sharp
#: between two source pixels as on one. Measured on a slow zoom: at 1.0 the sharpness ripples by 2 %, at 1.25 by 0.1 %.
_LEVEL_DENSITY = 1.25
#: Other frames are only looked up, linearly, in a source that is filtered beforehand and has this many pixels a frame
#: pixel: a lookup between two of them then dims the finest detail by at most 13 %, at 2 it would be 29 %.
_LOOKUP_DENSITY = 3
_MAX_SOURCE_PIXELS = 24_000_000  # 4 bytes each in Pillow; beyond, the density goes down to 2, then 1
#: The source of a lookup is as fine as between the farthest and the closest frame is best, but at most this much too
#: fine for the farthest: more would glitter there.
_MAX_TOO_FINE = 1.12
#: A bent frame is drawn in straight cells of this size, about a pixel off in the frame's corners at a usual bend.
#: Smaller ones cost more in Python than in drawing: at 32 px a third of the speed.
_CELL_PX = 48
#: Reach of the widest filter used here, in pixels of the coarser side (Lanczos: 3).
_FILTER_REACH_PX = 4


class Drawing(Protocol):
    """A clip that is ready to be drawn, frame by frame in any order, by several threads at once."""

    def frame(self, index: int) -> Pixels: ...


def prepare(pixels: Pixels, view: View, threads: Executor) -> Drawing:
    """Return the drawing of ``view`` on a picture: (H, W, 3) uint8, RGB; takes 20 to 200 ms."""
    return _LevelDrawing(pixels, view) if view.is_level else _LookupDrawing(pixels, view, threads)


def cross_fade(start: Pixels, end: Pixels, share: float) -> Pixels:
    """Return ``start`` with ``share`` (0..1) of ``end`` over it."""
    if share >= 1:
        return end
    mixed = start.astype(np.float32)
    mixed += np.float32(share) * (end.astype(np.float32) - mixed)
    # Rounded: cut off, a slow fade would darken at its start.
    return np.rint(mixed).astype(np.uint8)


class _LevelDrawing:
    """Upright frames: each is a box of the source, resized with a filter of just the right width."""

    def __init__(self, pixels: Pixels, view: View) -> None:
        self._size = (view.width_px, view.height_px)
        picture, offset = _visible(pixels, view)
        closest = 1 / view.scales(slice(None))[:, 0].min()  # frame pixels a picture pixel
        density = min(_LEVEL_DENSITY * closest, math.sqrt(_MAX_SOURCE_PIXELS / (picture.width * picture.height)))
        # A picture that is a little finer than needed stays as it is.
        if not density <= 1 <= 1.2 * density:
            size = (max(1, round(picture.width * density)), max(1, round(picture.height * density)))
            source = picture.resize(size, Image.Resampling.LANCZOS)
        else:
            source = picture
        self._source = source
        scale = (source.width / picture.width, source.height / picture.height)
        limits = np.array(source.size, np.float64)
        corners = (view.on_picture(view.corners[[0, 2]]) - offset) * scale  # (n, 2, 2)
        self._boxes = np.clip(corners, 0, limits).reshape(-1, 4).tolist()

    def frame(self, index: int) -> Pixels:
        left, top, right, bottom = self._boxes[index]
        return np.asarray(self._source.resize(self._size, Image.Resampling.BICUBIC, box=(left, top, right, bottom)))


class _LookupDrawing:
    """Turned, tilted or bent frames: each pixel is looked up in a fine source."""

    def __init__(self, pixels: Pixels, view: View, threads: Executor) -> None:
        self._view = view
        picture, offset = _visible(pixels, view)
        scales = view.scales(slice(0, None, 8))
        coarsest, finest = scales.max(), scales.min()
        density = min(1 / math.sqrt(coarsest * finest), _MAX_TOO_FINE / coarsest)
        self._source, origin, scale = _fine_source(picture, density, threads)
        # Picture pixels to source pixels.
        shift = -scale * (offset + origin)
        self._to_source = np.array([(scale[0], 0, shift[0]), (0, scale[1], shift[1]), (0, 0, 1)])
        matrices = self._to_source @ view.matrices()
        self._coefficients = (matrices / matrices[:, 2:, 2:]).reshape(-1, 9)[:, :8].tolist()
        self._nodes, self._cells = _grid(view.width_px, view.height_px)

    def frame(self, index: int) -> Pixels:
        size = (self._view.width_px, self._view.height_px)
        if self._view.has_lens:
            mesh = self._mesh(index)
            image = self._source.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)
        else:
            coefficients = self._coefficients[index]
            image = self._source.transform(size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
        return np.asarray(image)

    def _mesh(self, index: int) -> list[tuple[tuple[int, int, int, int], tuple[float, ...]]]:
        on_picture = self._view.on_picture(self._nodes, index)[0]
        on_source = on_picture * self._to_source[(0, 1), (0, 1)] + self._to_source[:2, 2]
        quads = on_source[self._cells[1]].reshape(-1, 8).tolist()
        return list(zip(self._cells[0], map(tuple, quads), strict=True))


def _visible(pixels: Pixels, view: View) -> tuple[Image.Image, npt.NDArray[np.float64]]:
    """Return the part of the picture that the clip shows, with what filters reach beyond, and its upper left corner.

    A narrow frame on a wide picture would otherwise be drawn from a source many times its own size.
    """
    corners = view.on_picture(view.corners).reshape(-1, 2)
    reach = _FILTER_REACH_PX * max(1.0, view.scales(slice(0, None, 8)).max())
    h, w = pixels.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0) - reach), 0, (w, h)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0) + reach), 0, (w, h)).astype(int)
    return Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right])), np.array((left, top), np.float64)


def _fine_source(
    picture: Image.Image, density: float, threads: Executor
) -> tuple[Image.Image, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return a picture without detail too fine for ``density`` pixels a picture pixel, but of several times as many.

    With it: where on the picture it starts, and its pixels a picture pixel, both (x, y).
    """
    size = np.array(picture.size)
    times = next(
        n for n in range(_LOOKUP_DENSITY, 0, -1) if n == 1 or (size * density * n).prod() <= _MAX_SOURCE_PIXELS
    )
    if density >= 1:  # the picture itself has no finer detail
        fine = np.maximum(np.rint(size * density * times), 1).astype(int)
        source = picture.resize((int(fine[0]), int(fine[1])), Image.Resampling.LANCZOS)
        return source, np.zeros(2), fine / size
    # A resize filters for the size it makes. So pictures of the coarse size are made, each shifted by a part of
    # a coarse pixel, and interleaved; half a coarse pixel is left out all around to have room for the shifts.
    coarse = np.maximum(np.floor(size * density) - 1, 1).astype(int)
    pixel = size / (coarse + 1)  # picture pixels a coarse pixel
    interleaved = np.empty((coarse[1] * times, coarse[0] * times, 3), np.uint8)

    def draw(part: int) -> None:
        column, row = part % times, part // times
        start = pixel * (np.array((column, row)) + 0.5) / times
        end = np.minimum(start + pixel * coarse, size)
        shifted = picture.resize(
            (int(coarse[0]), int(coarse[1])), Image.Resampling.BICUBIC, box=(*start.tolist(), *end.tolist())
        )
        interleaved[row::times, column::times] = np.asarray(shifted)

    list(threads.map(draw, range(times * times)))
    return Image.fromarray(interleaved), pixel / 2, times / pixel


def _grid(
    width_px: int, height_px: int
) -> tuple[npt.NDArray[np.float64], tuple[list[tuple[int, int, int, int]], npt.NDArray[np.intp]]]:
    """Return the corners of cells that cover the frame (k, 2), and the cells: boxes, and which corners are theirs."""
    xs = [*range(0, width_px, _CELL_PX), width_px]
    ys = [*range(0, height_px, _CELL_PX), height_px]
    nodes = np.array([(x, y) for y in ys for x in xs], np.float64)
    boxes, corners = [], []
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            boxes.append((xs[column], ys[row], xs[column + 1], ys[row + 1]))
            first = row * len(xs) + column
            below = first + len(xs)
            corners.append((first, below, below + 1, first + 1))  # Pillow's order: upper left, lower left, ...
    return nodes, (boxes, np.array(corners))
