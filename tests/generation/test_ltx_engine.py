"""LtxEngine: a picture and a prompt become frames, step by step, and nothing of one render reaches the next."""

import logging
from collections.abc import Callable
from threading import Event

import numpy as np
import numpy.typing as npt
import pytest

from generation.engines.engine import Phase, Progress, RenderWatch
from generation.engines.ltx.engine import LtxEngine
from generation.errors import ErrorCode, RenderCancelled, RenderRefused, RequestRejected
from generation.request import Condition, ImageToVideoRequest, VideoShape
from generation.weights import find
from tests.generation.conftest import CheckpointOf, EngineOf, MakePicture

MakeRequest = Callable[..., ImageToVideoRequest]
Video = npt.NDArray[np.uint8]

I2V, CONDITION = "ltxv-2b-0.9.1", "ltxv-2b-0.9.5"
FAMILIES = pytest.mark.parametrize("name", [I2V, CONDITION])
SMALL = VideoShape(64, 64, 9)


def video_of(engine: LtxEngine, request: ImageToVideoRequest, watch: RenderWatch | None = None) -> Video:
    return np.concatenate(list(engine.render(request, watch or RenderWatch())))


def stopping_at(phase: Phase, step: int, seen: list[Progress]) -> RenderWatch:
    """A watch whose person changes their mind at that step."""
    stop = Event()

    def on_progress(progress: Progress) -> None:
        seen.append(progress)
        if (progress.phase, progress.step) == (phase, step):
            stop.set()

    return RenderWatch(on_progress, stop=stop)


@FAMILIES
@pytest.mark.parametrize("size", [(64, 64, 9), (96, 64, 17), (64, 128, 25)])
def test_the_video_has_exactly_the_shape_that_was_asked_for(
    ltx_engine: EngineOf, make_request: MakeRequest, name: str, size: tuple[int, int, int]
) -> None:
    """Frames come in order as (n, H, W, 3) bytes, exactly as many as the request says, whatever its proportions."""
    shape = VideoShape(*size)
    chunks = list(ltx_engine(name).render(make_request(shape=shape, steps=2), RenderWatch()))
    assert {chunk.dtype for chunk in chunks} == {np.dtype(np.uint8)}
    assert all(chunk.shape[1:] == (shape.height_px, shape.width_px, 3) for chunk in chunks)
    assert sum(len(chunk) for chunk in chunks) == shape.frames
    assert all(len(chunk) <= 16 for chunk in chunks)
    assert np.concatenate(chunks).std() > 5


@FAMILIES
def test_progress_goes_through_text_every_step_and_every_frame(
    ltx_engine: EngineOf, make_request: MakeRequest, name: str
) -> None:
    """Whoever watches sees the text, each step once and in order, and the decoding up to the last frame."""
    seen: list[Progress] = []
    video_of(ltx_engine(name), make_request(shape=VideoShape(64, 64, 17), steps=3), RenderWatch(seen.append))
    assert seen == [
        Progress(Phase.TEXT, 0, 1),
        Progress(Phase.TEXT, 1, 1),
        *[Progress(Phase.DENOISE, step, 3) for step in (1, 2, 3)],
        Progress(Phase.DECODE, 0, 17),
        Progress(Phase.DECODE, 16, 17),
        Progress(Phase.DECODE, 17, 17),
    ]


@FAMILIES
@pytest.mark.parametrize(
    ("phase", "step"), [(Phase.TEXT, 1), (Phase.DENOISE, 3), (Phase.DENOISE, 5), (Phase.DECODE, 0)]
)
def test_a_cancelled_render_stops_at_once_and_leaves_no_trace(
    new_ltx_engine: EngineOf, ltx_engine: EngineOf, make_request: MakeRequest, name: str, phase: Phase, step: int
) -> None:
    """After a cancel nothing more is reported, and the next render is to the bit that of an engine never cancelled."""
    request = make_request(shape=SMALL, steps=5, guidance=3.0)
    engine = new_ltx_engine(name)
    seen: list[Progress] = []
    with pytest.raises(RenderCancelled):
        video_of(engine, request, stopping_at(phase, step, seen))
    assert (seen[-1].phase, seen[-1].step) == (phase, step)
    assert np.array_equal(video_of(engine, request), video_of(ltx_engine(name), request))


def test_a_cancelled_render_leaves_nothing_in_the_transformers_caches(
    new_ltx_engine: EngineOf, make_request: MakeRequest
) -> None:
    """Where a cache of diffusers remembers earlier steps, it forgets those of a render that was cancelled."""
    from diffusers.hooks import TaylorSeerCacheConfig

    engine = new_ltx_engine(I2V)
    assert engine._loaded is not None
    engine._loaded.pipeline.transformer.enable_cache(TaylorSeerCacheConfig(use_lite_mode=True))
    request = make_request(shape=SMALL, steps=12)
    undisturbed = video_of(engine, request)
    with pytest.raises(RenderCancelled):
        video_of(engine, request, stopping_at(Phase.DENOISE, 6, []))
    assert np.array_equal(video_of(engine, request), undisturbed)


@pytest.mark.parametrize("name", ["ltxv-2b-0.9.0", I2V, CONDITION])
def test_a_seed_decides_the_video(ltx_engine: EngineOf, make_request: MakeRequest, name: str) -> None:
    """The same seed gives the same video whatever else drew random numbers; another seed gives another video."""
    import torch

    engine = ltx_engine(name)
    first = video_of(engine, make_request(shape=SMALL, steps=2, seed=1))
    torch.rand(7)
    assert np.array_equal(video_of(engine, make_request(shape=SMALL, steps=2, seed=1)), first)
    assert not np.array_equal(video_of(engine, make_request(shape=SMALL, steps=2, seed=2)), first)


def test_a_render_leaves_the_global_random_numbers_alone(ltx_engine: EngineOf, make_request: MakeRequest) -> None:
    """The decoder of 0.9.1 draws from torch's global generator; after a video and its still that is where it was."""
    import torch

    engine = ltx_engine(I2V)
    before = torch.get_rng_state()
    video_of(engine, make_request(shape=SMALL, steps=6))
    assert torch.equal(torch.get_rng_state(), before)


@FAMILIES
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_pictures_of_every_mode_and_size_are_accepted(
    ltx_engine: EngineOf, make_request: MakeRequest, make_picture: MakePicture, name: str, mode: str
) -> None:
    """Grey, palette, bilevel and transparent pictures of odd sizes become videos of the asked shape."""
    width_px, height_px = {"RGB": (37, 211), "RGBA": (333, 41), "P": (64, 64)}.get(mode, (91, 57))
    picture = make_picture(width_px, height_px, mode=mode)
    video = video_of(ltx_engine(name), make_request(conditions=(Condition((picture,)),), shape=SMALL, steps=2))
    assert video.shape == (9, 64, 64, 3)


@FAMILIES
@pytest.mark.parametrize(
    "change",
    [{"prompt": "another thing happens"}, {"shape": VideoShape(64, 64, 9, fps=12)}, {"guidance": 4.0}, {"steps": 3}],
    ids=lambda change: next(iter(change)),
)
def test_every_field_has_its_effect(
    ltx_engine: EngineOf, make_request: MakeRequest, name: str, change: dict[str, object]
) -> None:
    """Prompt, frame rate, guidance and steps each change the video."""
    fields: dict[str, object] = {"shape": SMALL, "steps": 2, "prompt": "a dog", "guidance": 3.0}
    engine = ltx_engine(name)
    plain, changed = make_request(**fields), make_request(**{**fields, **change})
    assert not np.array_equal(video_of(engine, plain), video_of(engine, changed))


@FAMILIES
def test_another_picture_gives_another_video(
    ltx_engine: EngineOf, make_request: MakeRequest, make_picture: MakePicture, name: str
) -> None:
    """The start picture reaches the model."""
    dark, light = (
        make_request(shape=SMALL, steps=2, conditions=(Condition((make_picture(shade=shade),)),)) for shade in (0, 255)
    )
    assert not np.array_equal(video_of(ltx_engine(name), dark), video_of(ltx_engine(name), light))


@FAMILIES
def test_an_empty_prompt_means_the_default_motion(ltx_engine: EngineOf, make_request: MakeRequest, name: str) -> None:
    """Without words, or with blanks only, the model is told of gentle, natural motion."""
    from generation.engines.ltx.text import DEFAULT_MOTION

    engine = ltx_engine(name)
    told = video_of(engine, make_request(shape=SMALL, steps=2, prompt=DEFAULT_MOTION))
    for empty in ("", " \n"):
        assert np.array_equal(video_of(engine, make_request(shape=SMALL, steps=2, prompt=empty)), told)


@FAMILIES
def test_guidance_of_one_is_none(ltx_engine: EngineOf, make_request: MakeRequest, name: str) -> None:
    """At guidance 1 the negative prompt is not even read; above it has its effect."""
    engine = ltx_engine(name)
    assert engine._loaded is not None
    read: list[object] = []
    hook = engine._loaded.pipeline.text_encoder.register_forward_pre_hook(lambda *_: read.append("a text"))

    def video(negative_prompt: str, guidance: float) -> Video:
        request = make_request(shape=SMALL, steps=2, negative_prompt=negative_prompt, guidance=guidance)
        return video_of(engine, request)

    assert np.array_equal(video("blurry", 1.0), video("jittery", 1.0))
    assert len(read) == 2
    assert not np.array_equal(video("blurry", 3.0), video("jittery", 3.0))
    hook.remove()


@FAMILIES
def test_a_long_prompt_is_cut_and_its_words_stay_out_of_the_log(
    ltx_engine: EngineOf,
    make_request: MakeRequest,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """Of a prompt beyond the model's limit the rest has no effect; the log says how much, and quotes nothing."""
    limit = {I2V: 128, CONDITION: 256}[name]
    kept = "secret" + "s" * (limit - 7)  # the tokenizer spells: one token a letter, and one for the end
    engine = ltx_engine(name)
    with caplog.at_level(logging.WARNING):
        whole = video_of(engine, make_request(shape=SMALL, steps=2, prompt=kept))
    assert caplog.messages == []
    with caplog.at_level(logging.WARNING):
        cut = video_of(engine, make_request(shape=SMALL, steps=2, prompt=kept + "tail" * 50))
    [message] = caplog.messages
    assert str(limit) in message
    assert str(limit + 200) in message
    assert "secret" not in message + "".join(capfd.readouterr())
    assert np.array_equal(whole, cut)


def test_what_the_first_family_cannot_do_is_said_and_refused(
    ltx_engine: EngineOf, make_request: MakeRequest, make_picture: MakePicture
) -> None:
    """0.9.1 knows no end picture, no clips, no motion and no strength, says so, and refuses each by its field."""
    engine = ltx_engine(I2V)
    can = engine.capabilities
    assert (can.end_picture, can.extension, can.motion_strength) == (False, False, False)
    assert (can.engine, can.model, can.uses_ai, can.negative_prompt) == ("ltx", I2V, True, True)
    start = make_picture()
    beyond: dict[str, dict[str, object]] = {
        "end_picture": {"conditions": (Condition((start,)), Condition((start,), frame_index=8))},
        "conditions": {"conditions": (Condition((start,)), Condition((start,), frame_index=4))},
        "motion_strength": {"motion_strength": 0.5},
        "strength": {"conditions": (Condition((start,), strength=0.5),)},
    }
    for field, fields in beyond.items():
        with pytest.raises(RequestRejected) as error:
            engine.render(make_request(shape=SMALL, **fields), RenderWatch())
        assert (error.value.code, error.value.values["field"]) == (ErrorCode.NOT_SUPPORTED, field)


def test_a_single_step_is_refused_where_its_schedule_divides_by_zero(
    ltx_engine: EngineOf, make_request: MakeRequest
) -> None:
    """0.9.1 needs two steps and says so; 0.9.5 renders in one."""
    with pytest.raises(RequestRejected) as error:
        ltx_engine(I2V).render(make_request(shape=SMALL, steps=1), RenderWatch())
    assert (error.value.code, error.value.values["field"]) == (ErrorCode.OUT_OF_RANGE, "steps")
    assert error.value.values["nearest"] == 2
    assert len(video_of(ltx_engine(CONDITION), make_request(shape=SMALL, steps=1))) == 9


@FAMILIES
def test_the_operators_limit_on_the_size_holds(
    checkpoint_of: CheckpointOf, make_request: MakeRequest, name: str
) -> None:
    """A frame larger than the operator allows is refused before anything is loaded."""
    engine = LtxEngine(find(checkpoint_of(name), checkpoint_of(name)), max_frame_pixels=64 * 64)
    assert engine.capabilities.max_frame_pixels == 64 * 64
    with pytest.raises(RequestRejected) as error:
        engine.render(make_request(shape=VideoShape(96, 64, 9)), RenderWatch())
    assert error.value.code is ErrorCode.FRAME_TOO_LARGE


def test_the_end_picture_decides_the_end(
    ltx_engine: EngineOf, make_request: MakeRequest, make_picture: MakePicture
) -> None:
    """With 0.9.5 an end picture changes the last frames, and another one changes them otherwise."""
    engine = ltx_engine(CONDITION)
    assert engine.capabilities.end_picture
    start = Condition((make_picture(),))

    def last_frames(*ends: Condition) -> Video:
        request = make_request(shape=VideoShape(64, 64, 17), steps=3, conditions=(start, *ends))
        return video_of(engine, request)[-8:]

    dark, light = (Condition((make_picture(shade=shade),), frame_index=16) for shade in (0, 255))
    assert not np.array_equal(last_frames(), last_frames(dark))
    assert not np.array_equal(last_frames(dark), last_frames(light))


def test_motion_strength_spans_the_models_own_middle(ltx_engine: EngineOf, make_request: MakeRequest) -> None:
    """Half of the motion is what the model does by itself; none and all of it are other videos."""

    def video(motion_strength: float | None) -> Video:
        return video_of(ltx_engine(CONDITION), make_request(shape=SMALL, steps=3, motion_strength=motion_strength))

    itself = video(None)
    assert np.array_equal(video(0.5), itself)
    assert not np.array_equal(video(0.0), itself)
    assert not np.array_equal(video(1.0), itself)


def test_the_strength_of_a_condition_counts(
    ltx_engine: EngineOf, make_request: MakeRequest, make_picture: MakePicture
) -> None:
    """With 0.9.5 a start picture held less firmly gives another video."""

    def video(strength: float) -> Video:
        conditions = (Condition((make_picture(),), strength=strength),)
        return video_of(ltx_engine(CONDITION), make_request(shape=SMALL, steps=3, conditions=conditions))

    assert not np.array_equal(video(1.0), video(0.4))


def test_a_clip_between_latent_frames_is_refused(
    ltx_engine: EngineOf, make_request: MakeRequest, make_picture: MakePicture
) -> None:
    """A clip must begin at a multiple of eight frames; elsewhere it would be moved without a word."""
    clip = Condition(tuple(make_picture() for _ in range(9)), frame_index=12)
    request = make_request(shape=VideoShape(64, 64, 25), conditions=(Condition((make_picture(),)), clip))
    with pytest.raises(RequestRejected) as error:
        ltx_engine(CONDITION).render(request, RenderWatch())
    assert (error.value.code, error.value.values["nearest"]) == (ErrorCode.NOT_A_MULTIPLE, 8)


@FAMILIES
def test_a_full_gpu_is_a_refusal_and_the_next_render_is_undisturbed(
    new_ltx_engine: EngineOf, make_request: MakeRequest, name: str
) -> None:
    """Memory that runs out in the middle of the steps ends this render alone."""
    import torch

    def fill(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    engine = new_ltx_engine(name)
    assert engine._loaded is not None
    request = make_request(shape=SMALL, steps=3)
    undisturbed = video_of(engine, request)
    hook = engine._loaded.pipeline.transformer.transformer_blocks[1].register_forward_pre_hook(fill)
    with pytest.raises(RenderRefused) as error:
        video_of(engine, request)
    hook.remove()
    assert error.value.code is ErrorCode.OUT_OF_MEMORY
    assert error.value.__context__ is None, "the cause would hold on to the tensors of the render"
    assert np.array_equal(video_of(engine, request), undisturbed)


@FAMILIES
@pytest.mark.parametrize("part", ["transformer", "vae"])
def test_numbers_that_are_none_are_a_refusal(
    new_ltx_engine: EngineOf, make_request: MakeRequest, name: str, part: str
) -> None:
    """A model that comes to NaN is refused instead of becoming a black video, and before the decoding if it can be."""
    import torch

    engine = new_ltx_engine(name)
    assert engine._loaded is not None
    layers = {"transformer": "transformer.proj_out", "vae": "vae.decoder.conv_out.conv"}
    layer = engine._loaded.pipeline
    for step in layers[part].split("."):
        layer = getattr(layer, step)
    with torch.no_grad():
        layer.bias[0] = float("nan")
    decoded: list[object] = []
    engine._loaded.pipeline.vae.decoder.register_forward_pre_hook(lambda *_: decoded.append(part))
    with pytest.raises(RenderRefused) as error:
        video_of(engine, make_request(shape=SMALL, steps=2))
    assert error.value.code is ErrorCode.NOT_FINITE
    assert decoded == ["vae"] * (part == "vae")


def test_a_render_needs_a_loaded_engine(checkpoint_of: CheckpointOf, make_request: MakeRequest) -> None:
    """Rendering before loading is a mistake of the caller and says so."""
    engine = LtxEngine(find(checkpoint_of(I2V), checkpoint_of(I2V)))
    with pytest.raises(RuntimeError, match="load"):
        engine.render(make_request(), RenderWatch())
