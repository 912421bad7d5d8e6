"""While a video is made, a still every five steps shows what it will look like, and costs the video nothing."""

from collections.abc import Callable

import numpy as np
import pytest

from generation.engines.engine import Phase, Progress, RenderWatch
from generation.request import Condition, ImageToVideoRequest, VideoShape
from tests.generation.conftest import EngineOf, MakePicture

MakeRequest = Callable[..., ImageToVideoRequest]

FAMILIES = pytest.mark.parametrize("name", ["ltxv-2b-0.9.0", "ltxv-2b-0.9.1", "ltxv-2b-0.9.5"])
SMALL = VideoShape(96, 64, 9)


@FAMILIES
@pytest.mark.parametrize(("steps", "after"), [(4, []), (5, []), (6, [5]), (11, [5, 10])])
def test_a_still_comes_after_every_fifth_step_but_the_last(
    ltx_engine: EngineOf, make_request: MakeRequest, name: str, steps: int, after: list[int]
) -> None:
    """Each still is one frame of the full size; a render of fewer than six steps has none."""
    told: list[int] = []
    step = 0

    def on_progress(progress: Progress) -> None:
        nonlocal step
        if progress.phase is Phase.DENOISE:
            step = progress.step

    def on_still(still: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
        assert (still.shape, still.dtype) == ((1, 64, 96, 3), np.uint8)
        assert still.std() > 5
        told.append(step)

    list(ltx_engine(name).render(make_request(shape=SMALL, steps=steps), RenderWatch(on_progress, on_still)))
    assert told == after


def test_a_still_goes_on_in_a_straight_line_to_where_no_noise_is_left() -> None:
    """From two points of a straight way from noise to picture the still finds the picture itself."""
    torch = pytest.importorskip("torch")
    from generation.engines.ltx.preview import _predicted

    picture, noise = torch.randn(1, 6, 8), torch.randn(1, 6, 8)
    sigmas = torch.tensor([1.0, 0.8, 0.5, 0.2, 0.0])
    at = [(1 - sigma) * picture + sigma * noise for sigma in sigmas]
    found = _predicted(at[3], at[2], sigmas, index=2)
    assert torch.allclose(found, picture, atol=1e-5)


@pytest.mark.parametrize(
    ("frames", "places", "shown"),
    [
        (9, [(0, 1)], 1),
        (25, [(0, 1)], 2),
        (25, [(0, 1), (24, 1)], 2),
        (25, [(0, 9)], 3),
        (33, [(0, 1), (24, 9)], 2),
        (17, [(0, 1), (12, 1)], 1),
        (17, [(0, 17)], None),
    ],
    ids=["start", "longer", "start and end", "clip first", "clip last", "picture between", "nothing left to make"],
)
def test_a_still_shows_a_frame_that_no_condition_decides(
    make_request: MakeRequest,
    make_picture: MakePicture,
    frames: int,
    places: list[tuple[int, int]],
    shown: int | None,
) -> None:
    """Of the latent frames the middle one is shown that the model has to make up; where there is none, no still."""
    pytest.importorskip("torch")
    from generation.engines.ltx.preview import _free_latent_frame

    conditions = tuple(Condition((make_picture(),) * count, frame_index=index) for index, count in places)
    request = make_request(shape=VideoShape(64, 64, frames), conditions=conditions)
    assert _free_latent_frame(request) == shown


def test_the_tokens_of_an_end_picture_are_not_taken_for_the_video(
    ltx_engine: EngineOf, make_request: MakeRequest, make_picture: MakePicture
) -> None:
    """The tokens of other conditions stand before those of the video; the still takes the shown frame's own."""
    import torch

    from generation.engines.ltx.preview import PreviewStills

    engine = ltx_engine("ltxv-2b-0.9.5")
    conditions = (Condition((make_picture(),)), Condition((make_picture(),), frame_index=24))
    request = make_request(shape=VideoShape(96, 64, 25), conditions=conditions, steps=6)
    assert engine._loaded is not None
    stills = PreviewStills(engine._loaded, request, RenderWatch())
    of_end, of_video = torch.full((1, 6, 1), -1), torch.arange(4).repeat_interleave(6).view(1, 24, 1)
    found = stills._tokens_of_frame(torch.cat([of_end, of_video], dim=1))
    assert found.flatten().tolist() == [2] * 6
