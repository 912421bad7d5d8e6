"""The catalogue: which models there are, what they are called, and what each preset means for each of them."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from generation.errors import EngineUnavailable, ErrorCode
from generation.request import Preset

#: What LTX-Video's own examples put into the negative prompt; used where the person gives none.
DEFAULT_NEGATIVE_PROMPT = "worst quality, inconsistent motion, blurry, jittery, distorted"


class Family(StrEnum):
    """Models of a family are run by the same code."""

    CAMERA = "camera"  # no model at all
    LTX_I2V = "ltx-i2v"  # 0.9.0, 0.9.1: LTXImageToVideoPipeline
    LTX_CONDITION = "ltx-condition"  # 0.9.5 and later: LTXConditionPipeline


@dataclass(frozen=True, slots=True)
class PresetNumbers:
    """What a preset means for one model."""

    max_frame_pixels: int
    frames: int
    steps: int
    guidance: float


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalogue."""

    name: str
    family: Family
    engine: str
    repository: str | None  # on the Hugging Face hub; None: nothing to fetch
    licence: str
    presets: Mapping[Preset, PresetNumbers]
    negative_prompt: str = ""  # used where the person gives none
    guidance_rescale: float = 0.0
    decode_timestep: float = 0.05  # for VAEs that are conditioned on a timestep: 0.9.1 and later
    decode_noise_scale: float = 0.025
    max_prompt_tokens: int = 128
    max_frames: int = 257


def _presets(fast: PresetNumbers, balanced: PresetNumbers, best: PresetNumbers) -> Mapping[Preset, PresetNumbers]:
    return MappingProxyType({Preset.FAST: fast, Preset.BALANCED: balanced, Preset.BEST: best})


_SMALL = 512 * 320  # the smaller of LTX-Video's two common sizes
_SEED = 704 * 448  # the reference size

_CAMERA = Model(
    name="camera",
    family=Family.CAMERA,
    engine="camera",
    repository=None,
    licence="Apache-2.0",
    # The camera engine has no steps and no guidance; the numbers are what a request must carry.
    presets=_presets(
        fast=PresetNumbers(_SMALL, frames=97, steps=1, guidance=1.0),
        balanced=PresetNumbers(_SEED, frames=121, steps=1, guidance=1.0),
        best=PresetNumbers(_SEED, frames=161, steps=1, guidance=1.0),
    ),
)

_LTXV_2B_091 = Model(
    name="ltxv-2b-0.9.1",
    family=Family.LTX_I2V,
    engine="ltx",
    repository="Lightricks/LTX-Video-0.9.1",
    licence="LTX-Video Open Weights",
    presets=_presets(
        fast=PresetNumbers(_SMALL, frames=97, steps=20, guidance=3.0),
        balanced=PresetNumbers(_SEED, frames=121, steps=30, guidance=3.0),
        best=PresetNumbers(_SEED, frames=161, steps=50, guidance=3.0),
    ),
    negative_prompt=DEFAULT_NEGATIVE_PROMPT,
)

_LTXV_2B_095 = Model(
    name="ltxv-2b-0.9.5",
    family=Family.LTX_CONDITION,
    engine="ltx",
    repository="Lightricks/LTX-Video-0.9.5",
    licence="LTX-Video Open Weights",
    presets=_presets(
        fast=PresetNumbers(_SMALL, frames=97, steps=20, guidance=3.0),
        balanced=PresetNumbers(_SEED, frames=121, steps=30, guidance=3.0),
        best=PresetNumbers(_SEED, frames=161, steps=40, guidance=3.0),
    ),
    negative_prompt=DEFAULT_NEGATIVE_PROMPT,
    max_prompt_tokens=256,
)

#: By name. The first LTX entry is the reference and the default.
CATALOGUE: Mapping[str, Model] = MappingProxyType(
    {model.name: model for model in (_CAMERA, _LTXV_2B_091, _LTXV_2B_095)}
)
CAMERA = _CAMERA
DEFAULT_LTX = _LTXV_2B_091
DEFAULT_LTX_CONDITION = _LTXV_2B_095  # what a checkpoint of that family is run with where it is not in the catalogue


def find_model(name: str) -> Model:
    """Return the catalogue's entry of that name, or of that repository on the hub.

    Raises EngineUnavailable, naming the nearest entry, where there is none.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    for model in CATALOGUE.values():
        if model.repository is not None and model.repository == name:
            return model
    nearest = difflib.get_close_matches(name.lower(), CATALOGUE, n=1, cutoff=0.0)[0]
    raise EngineUnavailable(ErrorCode.UNKNOWN_MODEL, model=name, nearest=nearest)
