"""Latents → frames: denormalise, decode, make bytes of it on the device.

Done here and not inside the pipeline's call: that one fails for a CPU generator on a GPU, and makes a list of PIL
images, which costs seconds of CPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from generation.engines.engine import Phase, RenderWatch
from generation.engines.ltx.latents import denormalise
from generation.engines.ltx.load import LoadedLtx
from generation.errors import ErrorCode, RenderRefused

if TYPE_CHECKING:
    from generation.engines.engine import Frames

_CHUNK_FRAMES = 16  # 15 MB at 704 x 448: large enough for the bus, small enough that the encoder starts early


@torch.no_grad()
def decode(loaded: LoadedLtx, latents: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return the video of normalised latents (1, C, F, H, W), as (3, frames, H, W) with values -1..1.

    Some noise is mixed in where the VAE was trained to take it away; it is the next that ``generator`` gives.
    Raises RenderRefused where the model came to numbers that are none.
    """
    _require_finite(latents)
    z = denormalise(loaded.pipeline.vae, latents)
    timestep = None
    if loaded.pipeline.vae.config.timestep_conditioning:
        noise = torch.randn(z.shape, generator=generator, dtype=z.dtype).to(loaded.device)
        noise_scale = loaded.model.decode_noise_scale
        z = (1 - noise_scale) * z + noise_scale * noise
        timestep = _decode_timestep(loaded, z)
    with _seeded_noise(loaded, generator.initial_seed()):
        video: torch.Tensor = loaded.pipeline.vae.decode(z, timestep, return_dict=False)[0][0]
    _require_finite(video)
    return video


@torch.no_grad()
def decode_still(loaded: LoadedLtx, latents: torch.Tensor, seed: int) -> "Frames":
    """Return one latent frame (1, C, 1, H, W) as a frame of its own, (1, H, W, 3) uint8."""
    z = denormalise(loaded.pipeline.vae, latents)
    timestep = _decode_timestep(loaded, z) if loaded.pipeline.vae.config.timestep_conditioning else None
    with _seeded_noise(loaded, seed):
        video: torch.Tensor = loaded.pipeline.vae.decode(z, timestep, return_dict=False)[0][0]
    return _to_frames(video)


def chunks(video: torch.Tensor, watch: RenderWatch) -> "Iterator[Frames]":
    """Yield the frames of (3, frames, H, W), 16 at a time, as (n, H, W, 3) uint8 in the host's memory."""
    count = video.shape[1]
    for start in range(0, count, _CHUNK_FRAMES):
        frames = _to_frames(video[:, start : start + _CHUNK_FRAMES])
        watch.step(Phase.DECODE, start + len(frames), count)
        yield frames


def _to_frames(video: torch.Tensor) -> "Frames":
    pixels = video.float().mul(127.5).add_(127.5).round_().clamp_(0, 255).to(torch.uint8)
    frames: Frames = pixels.permute(1, 2, 3, 0).contiguous().cpu().numpy()  # (n, H, W, 3)
    return frames


def _decode_timestep(loaded: LoadedLtx, z: torch.Tensor) -> torch.Tensor:
    return torch.tensor([loaded.model.decode_timestep], device=z.device, dtype=z.dtype)


@contextmanager
def _seeded_noise(loaded: LoadedLtx, seed: int) -> Iterator[None]:
    """Seed what the decoder of 0.9.1 draws by itself.

    It adds noise in three of its blocks and takes it from torch's global generator, with no way to pass another. Left
    alone, the same seed gives another video each time. The global generator is left as it was found.
    """
    devices = [loaded.device] if loaded.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def _require_finite(values: torch.Tensor) -> None:
    if not bool(torch.isfinite(values).all()):
        raise RenderRefused(ErrorCode.NOT_FINITE)
