"""The two shapes and two scales in which latents are passed around."""

import torch
from diffusers import AutoencoderKLLTXVideo


def unpack(tokens: torch.Tensor, latent_size: tuple[int, int, int]) -> torch.Tensor:
    """Return tokens (1, F*H*W, C) as latents (1, C, F, H, W): one token is one position, patches are 1 x 1 x 1."""
    return tokens.view(1, *latent_size, -1).permute(0, 4, 1, 2, 3)


def denormalise(vae: AutoencoderKLLTXVideo, latents: torch.Tensor) -> torch.Tensor:
    """Return latents (1, C, F, H, W) on the scale of the VAE, in its dtype; the transformer's has unit variance."""
    mean = vae.latents_mean.view(1, -1, 1, 1, 1).to(latents.device, latents.dtype)
    std = vae.latents_std.view(1, -1, 1, 1, 1).to(latents.device, latents.dtype)
    z: torch.Tensor = latents * std / vae.config.scaling_factor + mean
    return z.to(vae.dtype)
