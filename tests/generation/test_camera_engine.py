"""The camera engine as its caller sees it: chunks, progress, stop, end picture, what it refuses."""

import threading

import numpy as np
import pytest

from generation.engines.camera.engine import CameraEngine
from generation.engines.engine import Capabilities, Engine, Phase, Progress, RenderWatch
from generation.errors import ErrorCode, RenderCancelled, RequestRejected
from generation.models import CAMERA
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, Preset, VideoShape
from generation.wish import VideoWish
from tests.generation.camera_requests import grey, landscape, picture_of, request_for, video_of


@pytest.fixture(scope="module")
def picture() -> Picture:
    return picture_of(landscape())


def camera_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("camera")]


def accepts(able: Capabilities, request: ImageToVideoRequest) -> bool:
    try:
        able.require(request)
    except RequestRejected:
        return False
    return True


def test_the_camera_is_honest_about_what_it_is() -> None:
    """Its capabilities say: no AI, prompt, end picture and motion strength, nothing else."""
    engine: Engine = CameraEngine(max_frame_pixels=300_000)
    able = engine.capabilities
    assert (able.engine, able.model, able.uses_ai) == ("camera", "camera", False)
    assert (able.prompt, able.end_picture, able.motion_strength) == (True, True, True)
    assert (able.negative_prompt, able.steps, able.guidance, able.extension) == (False, False, False, False)
    assert able.max_frame_pixels == 300_000


def test_every_preset_of_the_catalogue_is_accepted(picture: Picture) -> None:
    """What a person gets without any option set is within the engine's capabilities."""
    able = CameraEngine().capabilities
    requests = {preset: VideoWish("zoom in", preset).to_request(CAMERA, picture) for preset in Preset}
    assert [preset for preset, request in requests.items() if not accepts(able, request)] == []


@pytest.mark.parametrize("frames", [9, 17, 25])
@pytest.mark.parametrize("prompt", ["zoom in", "orbit left", "dolly zoom"])
def test_frames_come_in_chunks_of_their_shape(picture: Picture, prompt: str, frames: int) -> None:
    """Chunks of at most 8 contiguous uint8 frames add up to exactly the number asked for."""
    request = request_for(picture, prompt, shape=VideoShape(320, 192, frames))
    chunks = list(CameraEngine().render(request, RenderWatch()))
    assert [len(chunk) for chunk in chunks] == [8] * (frames // 8) + [1]
    assert {chunk.shape[1:] for chunk in chunks} == {(192, 320, 3)}
    assert all(chunk.dtype == np.uint8 and chunk.flags.c_contiguous for chunk in chunks)


@pytest.mark.parametrize("prompt", ["", "handheld, zoom in", "orbit, tilt up", "dolly zoom"])
def test_the_same_request_gives_the_same_video(picture: Picture, prompt: str) -> None:
    """Bit by bit, however many threads draw it."""
    request = request_for(picture, prompt)
    assert (video_of(request) == video_of(request, CameraEngine(threads=1))).all()
    assert (video_of(request) == video_of(request, CameraEngine(threads=3))).all()


@pytest.mark.parametrize("prompt", ["", "handheld"])
def test_another_seed_gives_another_video(picture: Picture, prompt: str) -> None:
    """A retry with a new seed is worth looking at."""
    assert (video_of(request_for(picture, prompt, seed=1)) != video_of(request_for(picture, prompt, seed=2))).any()


def test_strength_zero_hardly_moves(picture: Picture) -> None:
    """Motion strength scales what happens between the first and the last frame."""

    def difference(strength: float | None) -> float:
        video = video_of(request_for(picture, "zoom in", motion_strength=strength)).astype(int)
        return float(np.abs(video[-1] - video[0]).mean())

    assert 0 < difference(0.0) < 0.5 * difference(None)
    assert difference(None) < difference(1.0)


def test_progress_is_told_chunk_by_chunk(picture: Picture) -> None:
    """The watcher hears of the start, then of each chunk as it is done, in frames."""
    heard: list[Progress] = []
    list(CameraEngine().render(request_for(picture, frames=25), RenderWatch(on_progress=heard.append)))
    assert heard == [Progress(Phase.DRAW, step, 25) for step in (0, 8, 16, 24, 25)]


def test_stills_show_the_video_from_its_first_frame_on(picture: Picture) -> None:
    """The first still is the first frame; more follow now and then."""
    stills: list[np.ndarray] = []
    video = np.concatenate(
        list(
            CameraEngine().render(
                request_for(picture, frames=65), RenderWatch(on_still=lambda s: stills.append(s.copy()))
            )
        )
    )
    assert (stills[0] == video[:1]).all()
    assert 2 <= len(stills) <= 4


def test_a_stop_ends_the_render_and_its_threads(picture: Picture) -> None:
    """Once the watch says stop, no further chunk comes, and no thread is left behind."""
    watch = RenderWatch()
    chunks = CameraEngine().render(request_for(picture, frames=257), watch)
    next(chunks)
    assert camera_threads()
    watch.stop.set()
    with pytest.raises(RenderCancelled):
        next(chunks)
    assert camera_threads() == []


def test_a_stop_before_the_start_draws_nothing(picture: Picture) -> None:
    """A render that was stopped while it waited does not begin."""
    watch = RenderWatch()
    watch.stop.set()
    with pytest.raises(RenderCancelled):
        next(CameraEngine().render(request_for(picture), watch))


def test_a_reader_who_leaves_takes_the_threads_along(picture: Picture) -> None:
    """Closing the generator early, as when an encoder fails, ends the drawing."""
    chunks = CameraEngine().render(request_for(picture, frames=257), RenderWatch())
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # an Iterator by contract, a generator in fact
    assert camera_threads() == []


def test_a_render_after_a_cancelled_one_is_undisturbed(picture: Picture) -> None:
    """What was cancelled leaves nothing behind."""
    engine, request = CameraEngine(), request_for(picture, "handheld")
    fresh = video_of(request)
    watch = RenderWatch()
    chunks = engine.render(request, watch)
    next(chunks)
    watch.stop.set()
    with pytest.raises(RenderCancelled):
        next(chunks)
    assert (video_of(request, engine) == fresh).all()


def test_the_last_frame_is_the_end_picture() -> None:
    """With an end picture, the clip starts with the one and ends with the other, undistorted and centred."""
    end_pixels = grey(200, 400, 600)
    end_pixels[:, :200] = (0, 0, 255)
    end_pixels[:170] = end_pixels[430:] = (255, 0, 0)  # a wide frame shows rows 175 to 425 of a portrait
    video = video_of(request_for(picture_of(grey(40, 640, 400)), "zoom in", frames=33, end=picture_of(end_pixels)))
    assert (video[:16] == 40).all()
    assert (video[-1, :, :120] == (0, 0, 255)).all()
    assert (video[-1, :, 136:] == 200).all()


def test_the_end_picture_comes_up_smoothly() -> None:
    """The fade has no jump: brightness goes from the one picture to the other in one direction, gently at both ends."""
    video = video_of(request_for(picture_of(grey(40, 640, 400)), frames=65, end=picture_of(grey(200, 640, 400))))
    steps = np.diff(video.mean(axis=(1, 2, 3)))
    assert steps.min() >= 0
    assert steps.max() < 2.2 * 160 / 32
    assert steps[-1] < 0.3 * steps.max()


def test_a_fade_between_like_pictures_changes_half_way() -> None:
    """Brightness is rounded, not cut off: one level less comes in the middle of the fade, not at its start."""
    video = video_of(request_for(picture_of(grey(101, 640, 400)), frames=65, end=picture_of(grey(100, 640, 400))))
    assert (video[:46] == 101).all()
    assert (video[50:] == 100).all()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (ErrorCode.NOT_SUPPORTED, {"negative_prompt": "blurry"}),
        (ErrorCode.FRAME_TOO_LARGE, {"shape": VideoShape(1280, 736, 9)}),
    ],
)
def test_what_is_beyond_the_camera_is_refused_at_once(
    picture: Picture, code: ErrorCode, change: dict[str, object]
) -> None:
    """A request that asks for more than the capabilities is refused by the call itself, before any frame."""
    with pytest.raises(RequestRejected) as refusal:
        CameraEngine(max_frame_pixels=704 * 448).render(request_for(picture, **change), RenderWatch())  # type: ignore[arg-type]
    assert refusal.value.code is code


def test_an_extension_is_refused(picture: Picture) -> None:
    """The camera cannot go on from a clip."""
    request = request_for(picture)
    clip = Condition((picture,) * 9)
    extended = type(request)((clip,), request.shape, seed=1, steps=1, guidance=1.0)
    with pytest.raises(RequestRejected):
        CameraEngine().render(extended, RenderWatch())
