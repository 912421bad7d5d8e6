"""One request through the three stages."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from generation.engines.engine import Phase, RenderWatch
from generation.engines.ltx.decode import chunks, decode
from generation.engines.ltx.denoise import denoise
from generation.engines.ltx.load import LoadedLtx
from generation.engines.ltx.text import encode_text
from generation.errors import ErrorCode, RenderRefused
from generation.request import ImageToVideoRequest

if TYPE_CHECKING:
    from generation.engines.engine import Frames


def render(loaded: LoadedLtx, request: ImageToVideoRequest, watch: RenderWatch) -> "Iterator[Frames]":
    """Yield the request's frames in order, 16 at a time.

    Raises RenderCancelled once ``watch.stop`` is set, RenderRefused where memory runs out or the numbers go wrong.
    """
    video: torch.Tensor | None
    try:
        video = _make_video(loaded, request, watch)
    except torch.OutOfMemoryError:
        video = None  # answered below: in here the exception still holds on to every tensor of the render
    if video is None:
        torch.cuda.empty_cache()
        raise RenderRefused(ErrorCode.OUT_OF_MEMORY)
    yield from chunks(video, watch)


def _make_video(loaded: LoadedLtx, request: ImageToVideoRequest, watch: RenderWatch) -> torch.Tensor:
    """Return the video as (3, frames, H, W) on the device, values -1..1."""
    # On the CPU, so that the seed means the same noise on every card. The order of what is drawn from it is fixed:
    # the start picture's latent, the noise, then the decoder's.
    generator = torch.Generator("cpu").manual_seed(request.seed)
    watch.step(Phase.TEXT, 0, 1)
    text = encode_text(loaded, request)
    watch.step(Phase.TEXT, 1, 1)
    latents = denoise(loaded, request, text, generator, watch)
    watch.step(Phase.DECODE, 0, request.shape.frames)
    return decode(loaded, latents, generator)
