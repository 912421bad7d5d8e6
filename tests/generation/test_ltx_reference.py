"""The engine makes the same video as one plain call of diffusers' pipeline with the same inputs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from generation.engines.engine import RenderWatch
from generation.framing import frame_picture
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape
from tests.generation.conftest import CheckpointOf, EngineOf, MakePicture

MakeRequest = Callable[..., ImageToVideoRequest]

SHAPE = VideoShape(96, 64, 17, fps=20)
STEPS = 6  # so many that a preview still is made on the way, which must not show


def framed(picture: Picture) -> Image.Image:
    return Image.fromarray(frame_picture(picture, SHAPE))


def plain_diffusers(
    pipeline_class: str, folder: object, request: ImageToVideoRequest, **pictures: Any
) -> npt.NDArray[np.uint8]:
    """One call with everything that the request says and diffusers' defaults for the rest."""
    import diffusers
    import torch

    pipeline = getattr(diffusers, pipeline_class).from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    torch.manual_seed(request.seed)  # the decoder of 0.9.1 draws from the global generator
    [video] = pipeline(
        **pictures,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        width=request.shape.width_px,
        height=request.shape.height_px,
        num_frames=request.shape.frames,
        frame_rate=request.shape.fps,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance,
        decode_timestep=0.05,
        decode_noise_scale=0.025,
        generator=torch.Generator("cpu").manual_seed(request.seed),
        output_type="np",
    ).frames
    frames: npt.NDArray[np.uint8] = np.round(video * 255).astype(np.uint8)
    return frames


def farthest(ours: npt.NDArray[np.uint8], theirs: npt.NDArray[np.uint8]) -> int:
    return int(np.abs(ours.astype(int) - theirs).max())


def rendered(engine: EngineOf, name: str, request: ImageToVideoRequest) -> npt.NDArray[np.uint8]:
    return np.concatenate(list(engine(name).render(request, RenderWatch())))


@pytest.mark.parametrize(("name", "guidance"), [("ltxv-2b-0.9.0", 3.0), ("ltxv-2b-0.9.1", 1.0), ("ltxv-2b-0.9.1", 3.0)])
def test_i2v_is_diffusers_own(
    ltx_engine: EngineOf,
    checkpoint_of: CheckpointOf,
    make_request: MakeRequest,
    make_picture: MakePicture,
    name: str,
    guidance: float,
) -> None:
    """0.9.0 and 0.9.1 give what LTXImageToVideoPipeline gives, with guidance and without, to 1/255."""
    picture = make_picture(140, 90)
    request = make_request(
        conditions=(Condition((picture,)),),
        shape=SHAPE,
        steps=STEPS,
        guidance=guidance,
        prompt="a dog runs",
        negative_prompt="blurry",
    )
    theirs = plain_diffusers("LTXImageToVideoPipeline", checkpoint_of(name), request, image=framed(picture))
    assert farthest(rendered(ltx_engine, name, request), theirs) <= 1


@pytest.mark.parametrize(
    ("kind", "guidance"),
    [("start", 1.0), ("start", 3.0), ("start and end", 3.0), ("clip first", 1.0), ("clip later", 3.0)],
)
def test_conditions_are_diffusers_own(
    ltx_engine: EngineOf,
    checkpoint_of: CheckpointOf,
    make_request: MakeRequest,
    make_picture: MakePicture,
    kind: str,
    guidance: float,
) -> None:
    """0.9.5 gives what LTXConditionPipeline gives, for pictures and clips wherever they stand, to 1/255."""
    from diffusers.pipelines.ltx.pipeline_ltx_condition import LTXVideoCondition

    start, end = make_picture(140, 90), make_picture(100, 90, shade=200)
    clip = tuple(make_picture(96, 64, shade=shade) for shade in range(0, 180, 20))
    conditions, theirs_conditions = {
        "start": ((Condition((start,)),), [LTXVideoCondition(image=framed(start))]),
        "start and end": (
            (Condition((start,)), Condition((end,), frame_index=16, strength=0.8)),
            [
                LTXVideoCondition(image=framed(start)),
                LTXVideoCondition(image=framed(end), frame_index=16, strength=0.8),
            ],
        ),
        "clip first": ((Condition(clip),), [LTXVideoCondition(video=[framed(picture) for picture in clip])]),
        "clip later": (
            (Condition((start,)), Condition(clip, frame_index=8)),
            [
                LTXVideoCondition(image=framed(start)),
                LTXVideoCondition(video=[framed(picture) for picture in clip], frame_index=8),
            ],
        ),
    }[kind]
    request = make_request(
        conditions=conditions,
        shape=SHAPE,
        steps=STEPS,
        guidance=guidance,
        prompt="a dog runs",
        negative_prompt="blurry",
    )
    name = "ltxv-2b-0.9.5"
    theirs = plain_diffusers("LTXConditionPipeline", checkpoint_of(name), request, conditions=theirs_conditions)
    assert farthest(rendered(ltx_engine, name, request), theirs) <= 1
