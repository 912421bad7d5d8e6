"""What the drawn frames look like: smooth, steady in sharpness, without glitter and without an edge."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from generation.engines.camera.draw import prepare
from generation.engines.camera.path import Pose
from generation.engines.camera.view import View
from generation.request import VideoShape
from tests.generation.camera_requests import Pixels, grey, landscape, picture_of, request_for, video_of

SHAPE = VideoShape(256, 160, frames=65)
ALL_KINDS = (
    "zoom in",
    "zoom out",
    "pan left",
    "tilt up",
    "roll clockwise",
    "orbit right",
    "dolly zoom",
    "handheld",
    "static camera",
    "zoom in, pan right, tilt down, roll counterclockwise, orbit left, dolly zoom, handheld",
)


def changes(video: Pixels) -> npt.NDArray[np.float64]:
    """Mean absolute difference from each frame to the next."""
    return np.array([np.abs(b.astype(int) - a).mean() for a, b in pairwise(video)])


def sharpness(video: Pixels) -> npt.NDArray[np.float64]:
    """How much each frame's pixels differ from the mean of their four neighbours."""
    v = video.mean(axis=-1)
    inner = 4 * v[:, 1:-1, 1:-1] - v[:, 2:, 1:-1] - v[:, :-2, 1:-1] - v[:, 1:-1, 2:] - v[:, 1:-1, :-2]
    return np.asarray(np.abs(inner).mean(axis=(1, 2)))


@pytest.mark.parametrize("prompt", ALL_KINDS)
@pytest.mark.parametrize("size", [(300, 451), (640, 400), (1600, 500)])
def test_nothing_but_the_picture_is_drawn(prompt: str, size: tuple[int, int]) -> None:
    """A white picture gives white frames, whatever the move and the picture's proportions: no black creeps in."""
    picture = picture_of(grey(255, *size))
    video = video_of(request_for(picture, prompt, frames=9, motion_strength=1.0))
    assert video.min() == 255


@pytest.mark.parametrize(
    "prompt",
    ["very slowly zoom in", "slowly pan left", "slow orbit", "slow roll clockwise", "slow dolly zoom"],
)
@pytest.mark.parametrize("size", [(240, 150), (640, 400)])
def test_slow_moves_do_not_jitter(prompt: str, size: tuple[int, int]) -> None:
    """In the steady part of a slow move all frames differ alike from the one before, though by parts of a pixel only.

    Positions rounded to whole pixels would let the difference jump between nothing and a lot.
    """
    video = video_of(request_for(picture_of(landscape(*size)), prompt, shape=SHAPE))
    steady = changes(video)[22:42]
    assert steady.max() < 1.1 * np.median(steady)
    assert steady.min() > 0.9 * np.median(steady)


@pytest.mark.parametrize("prompt", ["slowly zoom in", "zoom out", "pan left", "orbit right", "roll clockwise"])
def test_moves_start_and_end_gently(prompt: str) -> None:
    """At both ends of the clip hardly anything changes from frame to frame, and speed never jumps in between."""
    video = video_of(request_for(picture_of(landscape()), prompt, shape=SHAPE))
    speed = changes(video)
    assert max(speed[0], speed[-1]) < 0.2 * speed.max()
    assert np.abs(np.diff(speed)).max() < 0.15 * speed.max()


@pytest.mark.parametrize("prompt", ["slowly zoom in", "slowly pan left", "slow orbit", "slow roll", "slow dolly zoom"])
def test_sharpness_does_not_pulse(prompt: str) -> None:
    """As pixels move between the picture's pixels, frames get neither blurred nor crisp by turns, even of noise."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 480)).astype(np.float64)
    video = video_of(request_for(picture_of(grey(noise, 480, 300)), prompt, shape=SHAPE))
    values = sharpness(video)
    trend = np.convolve(np.pad(values, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    assert np.abs(values / trend - 1)[8:-8].max() < 0.02


@pytest.mark.parametrize("prompt", ["zoom in", "pan left", "roll clockwise", "orbit right", "dolly zoom", "handheld"])
def test_detail_too_fine_for_the_frame_does_not_glitter(prompt: str) -> None:
    """A chequered pattern of single pixels in a large picture becomes even grey, not a moving pattern of its own."""
    rows, columns = np.indices((500, 800))
    video = video_of(request_for(picture_of(grey(255.0 * ((rows + columns) % 2), 800, 500)), prompt))
    assert np.abs(video.astype(int) - 127).max() <= 12


@pytest.mark.parametrize("prompt", ["dramatically zoom in", "dramatically zoom in, roll clockwise", "dolly zoom"])
def test_detail_a_little_too_fine_is_weak_in_the_farthest_frame(prompt: str) -> None:
    """Stripes that fit the closest frame but not the farthest one are nearly gone there, not made into coarser ones."""
    columns = np.indices((500, 800))[1]
    stripes = 128 + 100 * np.sin(2 * np.pi * columns / 4.6)  # the farthest frame's pixels are 3.1 of these wide
    video = video_of(request_for(picture_of(grey(stripes, 800, 500)), prompt, motion_strength=1.0, shape=SHAPE))
    assert video.std(axis=(1, 2, 3)).min() < 20


@pytest.mark.parametrize("prompt", ["zoom in", "roll clockwise", "dolly zoom"])
def test_detail_that_fits_the_frame_is_kept(prompt: str) -> None:
    """Stripes four frame pixels wide keep nearly all of their contrast."""
    columns = np.indices((500, 800))[1]
    stripes = 128 + 100 * np.sign(np.sin(2 * np.pi * (columns + 0.5) / 25))
    video = video_of(request_for(picture_of(grey(stripes, 800, 500)), prompt))
    for frame in video[[0, 8, 16]]:
        assert np.percentile(frame, 90) - np.percentile(frame, 10) > 170


def test_a_small_picture_is_enlarged_without_blocks() -> None:
    """A slope of brightness stays a slope: its enlargement has no steps and nothing overshoots."""
    slope = np.linspace(20, 230, 100)
    video = video_of(request_for(picture_of(grey(slope, 100, 62)), "zoom in", shape=VideoShape(704, 448, frames=9)))
    for frame in video[[0, 4, 8]]:
        line = frame[224, 4:-4, 0].astype(int)
        assert np.diff(line).min() >= 0
        assert np.diff(line).max() <= 1
        assert 15 <= line.min() <= line.max() <= 235


def test_a_still_camera_draws_the_same_frame_all_the_time() -> None:
    """Standing still is standing still: every frame equals the first one."""
    video = video_of(request_for(picture_of(landscape()), "static camera"))
    assert (video == video[0]).all()


def test_a_frame_shows_the_right_part_the_right_way_up() -> None:
    """A portrait picture in a wide frame: the centre of it, upright, in its own proportions and colours."""
    pixels = grey(0, 400, 800)
    pixels[:400, :200] = (255, 0, 0)
    pixels[:400, 200:] = (0, 255, 0)
    pixels[400:, :200] = (0, 0, 255)
    pixels[400:, 200:] = (255, 255, 0)
    frame = video_of(request_for(picture_of(pixels), "static camera"))[0]
    assert frame[20, 20].tolist() == [255, 0, 0]
    assert frame[20, -20].tolist() == [0, 255, 0]
    assert frame[-20, 20].tolist() == [0, 0, 255]
    assert frame[-20, -20].tolist() == [255, 255, 0]


@pytest.mark.parametrize("almost_level", [Pose(1.2, roll_rad=1e-9), Pose(1.2, lens=1e-9)])
def test_all_ways_to_draw_agree(almost_level: Pose) -> None:
    """A frame that is turned or bent by nothing one could see equals the level one."""
    pixels = landscape()
    frames = []
    with ThreadPoolExecutor(1) as threads:
        for pose in (Pose(1.2), almost_level):
            # The second pose lets the view come no closer than the picture's edge.
            view = View.fit((256, 160), (640, 400), (pose, Pose()))
            frames.append(prepare(pixels, view, threads).frame(0).astype(int))
    assert np.abs(frames[0] - frames[1]).mean() < 1.5
