"""Stills of a video that is not there yet: what the model, at some step, believes that one frame will be."""

from typing import TYPE_CHECKING

import torch

from generation.engines.engine import RenderWatch
from generation.engines.ltx.decode import decode_still
from generation.engines.ltx.latents import unpack
from generation.engines.ltx.load import LoadedLtx
from generation.request import FRAME_MULTIPLE, ImageToVideoRequest

if TYPE_CHECKING:
    from generation.engines.engine import Frames

STEPS_BETWEEN_STILLS = 5  # one latent frame is decoded in 1-3 ms on a large GPU, a hundredth of these steps


class PreviewStills:
    """Hands ``watch.on_still`` a full-size frame every five steps of one render, whose result it does not touch."""

    def __init__(self, loaded: LoadedLtx, request: ImageToVideoRequest, watch: RenderWatch) -> None:
        self._loaded, self._request, self._watch = loaded, request, watch
        self._frame = _free_latent_frame(request)
        self._before: torch.Tensor | None = None  # the tokens after the last step

    def after_step(self, index: int, tokens: torch.Tensor) -> None:
        """Take note of the tokens (1, conditions + F*H*W, C) after step ``index``, and show a still if one is due."""
        before, self._before = self._before, tokens
        done = index + 1
        is_due = done % STEPS_BETWEEN_STILLS == 0 and done < self._request.steps
        if is_due and before is not None and self._frame is not None:
            now, before = self._tokens_of_frame(tokens), self._tokens_of_frame(before)
            self._watch.on_still(self._decode(_predicted(now, before, self._loaded.pipeline.scheduler.sigmas, index)))

    def _tokens_of_frame(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the shown latent frame's tokens, (1, H*W, C); those of an end picture stand before the video's."""
        assert self._frame is not None
        frames, height, width = self._request.shape.latent_size
        start = tokens.shape[1] - (frames - self._frame) * height * width
        return tokens[:, start : start + height * width]

    def _decode(self, tokens: torch.Tensor) -> "Frames":
        _, height, width = self._request.shape.latent_size
        return decode_still(self._loaded, unpack(tokens, (1, height, width)), self._request.seed)


def _predicted(now: torch.Tensor, before: torch.Tensor, sigmas: torch.Tensor, index: int) -> torch.Tensor:
    """Go on in the direction of the last step to where there is no noise left."""
    sigma, sigma_before = sigmas[index + 1], sigmas[index]
    return now - sigma * (now - before) / (sigma - sigma_before)


def _free_latent_frame(request: ImageToVideoRequest) -> int | None:
    """Return the middle one of the latent frames that no condition decides: only those move from noise to picture."""
    taken = {0}
    for condition in request.conditions:
        last_index = condition.frame_index + len(condition.pictures) - 1
        # Latent frame k > 0 holds frames 8k - 7 .. 8k.
        taken.update(range(_latent_frame(condition.frame_index), _latent_frame(last_index) + 1))
    free = [k for k in range(request.shape.latent_size[0]) if k not in taken]
    return free[len(free) // 2] if free else None


def _latent_frame(frame_index: int) -> int:
    return (frame_index + FRAME_MULTIPLE - 1) // FRAME_MULTIPLE
