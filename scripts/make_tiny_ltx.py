"""Writes LTX-Video checkpoints of toy size and random weights, without a network.

Everything but the sizes is as in the published checkpoints: classes, files, keys of every configuration, the pipeline
that ``model_index.json`` names. So the real loading and rendering code runs on them, 9 frames of 64 x 64 px in two
steps well under a second on a CPU. The same seed writes the same weights.

    python scripts/make_tiny_ltx.py --out DIR [--only ltxv-2b-0.9.5] [--seed 0]

What tells the versions apart was read in diffusers' ``scripts/convert_ltx_to_diffusers.py``:

    0.9.0   plain VAE; the schedule is shifted by the number of tokens
    0.9.1   as 0.9.0, but its VAE decoder is conditioned on a timestep and adds noise of its own
    0.9.5   another encoder, a decoder conditioned on a timestep, a schedule that is not shifted
"""

import argparse
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from diffusers import AutoencoderKLLTXVideo, FlowMatchEulerDiscreteScheduler, LTXPipeline, LTXVideoTransformer3DModel
from transformers import T5Config, T5EncoderModel, T5TokenizerFast

LATENT_CHANNELS = 8  # 128 in the published checkpoints
TEXT_WIDTH = 24  # 4096
HEADS, HEAD_WIDTH = 2, 24  # 32, 64
MAX_TOKENS = 128

_SHIFTED_BY_TOKENS = MappingProxyType(
    {
        "use_dynamic_shifting": True,
        "base_shift": 0.95,
        "max_shift": 2.05,
        "base_image_seq_len": 1024,
        "max_image_seq_len": 4096,
        "shift_terminal": 0.1,
    }
)
_CONDITIONED_DECODER = MappingProxyType(
    {
        "decoder_block_out_channels": (8, 16, 32),
        "decoder_layers_per_block": (1, 1, 1, 1),
        "decoder_spatio_temporal_scaling": (True, True, True),
        "upsample_residual": (True, True, True),
        "upsample_factor": (2, 2, 2),
        "timestep_conditioning": True,
    }
)
_FIRST_ENCODER = MappingProxyType(
    {
        "block_out_channels": (8, 16, 32, 32),
        "layers_per_block": (1, 1, 1, 1, 1),
        "spatio_temporal_scaling": (True, True, True, False),
    }
)


@dataclass(frozen=True)
class Version:
    """What is different from one published version to the next."""

    vae: Mapping[str, Any]
    scheduler: Mapping[str, Any]


VERSIONS: Mapping[str, Version] = MappingProxyType(
    {
        "ltxv-2b-0.9.0": Version(
            vae={
                **_FIRST_ENCODER,
                "decoder_block_out_channels": (8, 16, 32, 32),
                "decoder_layers_per_block": (1, 1, 1, 1, 1),
                "decoder_spatio_temporal_scaling": (True, True, True, False),
            },
            scheduler=_SHIFTED_BY_TOKENS,
        ),
        "ltxv-2b-0.9.1": Version(
            vae={
                **_FIRST_ENCODER,
                **_CONDITIONED_DECODER,
                "decoder_inject_noise": (True, True, True, False),
            },
            scheduler=_SHIFTED_BY_TOKENS,
        ),
        "ltxv-2b-0.9.5": Version(
            vae={
                **_CONDITIONED_DECODER,
                "down_block_types": ("LTXVideo095DownBlock3D",) * 4,
                "block_out_channels": (8, 16, 32, 64, 128),
                "layers_per_block": (1, 1, 1, 1, 1),
                "spatio_temporal_scaling": (True, True, True, True),
                "downsample_type": ("spatial", "temporal", "spatiotemporal", "spatiotemporal"),
                "decoder_inject_noise": (False, False, False, False),
                "spatial_compression_ratio": 32,
                "temporal_compression_ratio": 8,
            },
            scheduler={"use_dynamic_shifting": False},
        ),
    }
)


def build(name: str, seed: int = 0) -> LTXPipeline:
    """Return the pipeline of one version with the weights that belong to ``seed``."""
    version = VERSIONS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer = _tokenizer()
        return LTXPipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(**version.scheduler),
            vae=_vae(version.vae),
            text_encoder=_text_encoder(len(tokenizer)),
            tokenizer=tokenizer,
            transformer=_transformer(),
        )


def write(
    name: str,
    folder: Path,
    *,
    seed: int = 0,
    change: Callable[[LTXPipeline], None] = lambda pipeline: None,
    max_shard_size: str = "5GB",
) -> Path:
    """Write one version into ``folder``, after ``change`` has had its way with it, and return the folder."""
    pipeline = build(name, seed)
    change(pipeline)
    pipeline.save_pretrained(folder, safe_serialization=True, max_shard_size=max_shard_size)
    return folder


def _transformer() -> LTXVideoTransformer3DModel:
    return LTXVideoTransformer3DModel(
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_WIDTH,
        cross_attention_dim=HEADS * HEAD_WIDTH,
        caption_channels=TEXT_WIDTH,
        num_layers=2,
    )


def _vae(config: Mapping[str, Any]) -> AutoencoderKLLTXVideo:
    vae = AutoencoderKLLTXVideo(latent_channels=LATENT_CHANNELS, patch_size=4, patch_size_t=1, **config)
    # What fresh modules leave at 0 and 1 would hide a missing denormalisation, and noise that no seed controls.
    vae.latents_mean.copy_(torch.linspace(-0.3, 0.3, LATENT_CHANNELS))
    vae.latents_std.copy_(torch.linspace(0.7, 1.3, LATENT_CHANNELS))
    with torch.no_grad():
        for name, parameter in vae.decoder.named_parameters():
            if "per_channel_scale" in name:
                parameter.fill_(0.5)
    return vae


def _text_encoder(vocabulary_size: int) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=vocabulary_size,
            d_model=TEXT_WIDTH,
            d_kv=8,
            d_ff=32,
            num_layers=2,
            num_heads=3,
            feed_forward_proj="gated-gelu",
            tie_word_embeddings=False,
        )
    )


def _tokenizer() -> T5TokenizerFast:
    """A T5 tokenizer that spells: a piece for every printable ASCII character, with and without a space before it."""
    spelled = [(space + letter, -5.0) for space in ("▁", "") for letter in string.printable if not letter.isspace()]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -6.0), *spelled]
    return T5TokenizerFast(vocab=pieces, extra_ids=0, model_max_length=MAX_TOKENS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the versions that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="each version becomes a folder in it")
    parser.add_argument("--only", choices=tuple(VERSIONS), help="write this version alone")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    for name in [options.only] if options.only else VERSIONS:
        print(write(name, options.out / name, seed=options.seed))


if __name__ == "__main__":
    main()
