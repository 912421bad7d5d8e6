"""Noise and the request's pictures → latents, step by step, through the pipeline's own loop."""

from typing import Any

import torch
from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition
from PIL import Image

from generation.engines.engine import Phase, RenderWatch
from generation.engines.ltx.latents import unpack
from generation.engines.ltx.load import LoadedLtx
from generation.engines.ltx.preview import PreviewStills
from generation.engines.ltx.text import TextEmbeddings
from generation.framing import frame_picture
from generation.models import Family
from generation.request import Condition, ImageToVideoRequest

#: Noise on the start picture at full motion strength; half of it is what LTXConditionPipeline adds by itself.
_MAX_PICTURE_NOISE = 0.3


def denoise(
    loaded: LoadedLtx,
    request: ImageToVideoRequest,
    text: TextEmbeddings,
    generator: torch.Generator,
    watch: RenderWatch,
) -> torch.Tensor:
    """Return the denoised latents, still normalised: (1, C, F, H, W) of ``shape.latent_size``.

    Raises RenderCancelled within one step of ``watch.stop``.
    """
    pipeline = loaded.pipeline
    previews = PreviewStills(loaded, request, watch)

    def on_step_end(_pipeline: object, index: int, _timestep: object, tensors: dict[str, Any]) -> dict[str, Any]:
        # Leaving by an exception is the only quick way out: the pipeline's own interrupt still decodes what it has.
        watch.step(Phase.DENOISE, index + 1, request.steps)
        previews.after_step(index, tensors["latents"])
        return tensors  # diffusers pops what it finds in it; None would be its AttributeError

    shape = request.shape
    try:
        latents = pipeline(
            **_picture_arguments(loaded, request),
            **text.as_arguments(),
            width=shape.width_px,
            height=shape.height_px,
            num_frames=shape.frames,
            frame_rate=shape.fps,  # the model is told how fast the video will play: each token's position depends on it
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            guidance_rescale=loaded.model.guidance_rescale,
            generator=generator,
            callback_on_step_end=on_step_end,
            output_type="latent",
            return_dict=False,
        )[0]
    finally:
        # What a call that ended early leaves behind, in caches and offloading hooks, would reach the next request.
        pipeline.maybe_free_model_hooks()
    return latents if latents.ndim == 5 else unpack(latents, shape.latent_size)


def _picture_arguments(loaded: LoadedLtx, request: ImageToVideoRequest) -> dict[str, Any]:
    if loaded.family is Family.LTX_I2V:
        return {"image": _framed(request, request.conditions[0])[0]}
    arguments: dict[str, Any] = {"conditions": [_condition(request, condition) for condition in request.conditions]}
    if request.motion_strength is not None:
        arguments["image_cond_noise_scale"] = _MAX_PICTURE_NOISE * request.motion_strength
    return arguments


def _condition(request: ImageToVideoRequest, condition: Condition) -> LTXVideoCondition:
    pictures = _framed(request, condition)
    is_clip = len(pictures) > 1
    return LTXVideoCondition(
        image=None if is_clip else pictures[0],
        video=pictures if is_clip else None,
        frame_index=condition.frame_index,
        strength=condition.strength,
    )


def _framed(request: ImageToVideoRequest, condition: Condition) -> list[Image.Image]:
    return [Image.fromarray(frame_picture(picture, request.shape)) for picture in condition.pictures]
