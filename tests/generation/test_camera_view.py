"""Where the frames lie on the picture: the right way round, and never over its edge."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generation.engines.camera.moves import Axis, Move
from generation.engines.camera.path import Pose, plan_path
from generation.engines.camera.view import View
from generation.request import VideoShape

MOVES = st.lists(
    st.builds(
        Move,
        st.sampled_from(Axis),
        st.sampled_from((-1, 0, 1)),
        st.floats(0.1, 4.0),
        st.integers(0, 3),
    ),
    max_size=6,
)
SIDES = st.integers(2, 40).map(lambda n: 32 * n)


def view_of(*moves: Move, frame: tuple[int, int] = (704, 448), picture: tuple[int, int] = (1408, 896)) -> View:
    return View.fit(frame, picture, plan_path(moves, VideoShape(*frame, frames=49), seed=1))


def middle(view: View, frame: int) -> npt.NDArray[np.float64]:
    """What the frame's centre shows, from the picture's centre, in picture widths."""
    point = view.on_picture(np.array([(view.width_px / 2, view.height_px / 2)]), frame)[0, 0]
    return point / view.picture_width_px - (0.5, 0.5 * view.picture_height_px / view.picture_width_px)


def visible_area(view: View, frame: int) -> float:
    x, y = view.on_picture(view.corners, frame)[0].T
    return float(abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2)


@settings(deadline=None)  # a busy machine is not a fault
@given(
    moves=MOVES,
    width_px=SIDES,
    height_px=SIDES,
    picture=st.tuples(st.integers(48, 3000), st.integers(48, 3000)),
    seed=st.integers(0, 2**32 - 1),
    strength=st.none() | st.floats(0, 1),
)
@example([Move(axis, 1, 4.0) for axis in Axis], 704, 448, (1440, 1080), 1, 1.0)
@example([Move(axis, -1, 4.0, n % 4) for n, axis in enumerate(Axis)], 64, 1280, (3000, 48), 2, 1.0)
def test_no_frame_shows_an_edge_of_the_picture(
    moves: list[Move],
    width_px: int,
    height_px: int,
    picture: tuple[int, int],
    seed: int,
    strength: float | None,
) -> None:
    """Whatever the moves, shape, picture and seed: all that a frame shows lies on the picture, and is upright."""
    shape = VideoShape(width_px, height_px, frames=25)
    poses = plan_path(tuple(moves), shape, seed=seed, motion_strength=strength, room=(0.5, 0.2))
    view = View.fit((width_px, height_px), picture, poses)
    along = np.linspace(0, 1, 17)
    outline = np.concatenate(
        [a + along[:, None] * (b - a) for a, b in zip(view.corners, np.roll(view.corners, -1, 0), strict=True)]
    )
    seen = view.on_picture(outline)
    assert seen.min() >= 0
    assert (seen <= picture).all()
    for frame in range(shape.frames):
        x, y = view.on_picture(view.corners, frame)[0].T
        # Clockwise on the picture as in the frame: neither mirrored nor folded.
        assert x @ np.roll(y, -1) - y @ np.roll(x, -1) > 0
        assert y[2] > y[1]
        assert y[3] > y[0]


@pytest.mark.parametrize("picture", [(1408, 896), (451, 300), (300, 451), (1080, 1440), (3000, 200)])
def test_a_still_camera_shows_as_much_as_the_shape_allows(picture: tuple[int, int]) -> None:
    """Without a move the frame is the largest part of the picture of its proportions, but for a pixel, centred."""
    view = view_of(picture=picture)
    (left, top), _, (right, bottom), _ = view.on_picture(view.corners, 0)[0]
    scale = min(picture[0] / 704, picture[1] / 448)
    assert (left + right) / 2 == pytest.approx(picture[0] / 2)
    assert (top + bottom) / 2 == pytest.approx(picture[1] / 2)
    assert (right - left) / (bottom - top) == pytest.approx(704 / 448)
    assert 704 * scale * 0.99 < right - left <= 704 * scale


def test_some_frame_touches_the_edge() -> None:
    """The camera is no closer than it must be: at its farthest it sees up to the edge, but for a pixel."""
    for moves in ([Move(Axis.PAN)], [Move(Axis.ORBIT)], [Move(Axis.ROLL)], [Move(Axis.ZOOM), Move(Axis.HANDHELD)]):
        view = view_of(*moves)
        seen = view.on_picture(view.corners)
        assert min(seen.min(), *(np.array((1408, 896)) - seen.max(axis=(0, 1)))) == pytest.approx(2, abs=0.1)


def test_zoom_in_sees_less_and_less() -> None:
    """Zooming in starts with the whole picture and ends with less of it; zooming out is the same backwards."""
    closer, away = view_of(Move(Axis.ZOOM, 1)), view_of(Move(Axis.ZOOM, -1))
    assert visible_area(closer, 0) == pytest.approx(1408 * 896, rel=0.01)
    assert visible_area(closer, 48) < 0.85 * visible_area(closer, 0)
    assert visible_area(away, 48) == pytest.approx(visible_area(closer, 0))


def test_pan_right_and_tilt_up_look_there() -> None:
    """A pan to the right ends farther to the right than it started, a tilt up farther up; both stay level."""
    pan, tilt = view_of(Move(Axis.PAN, 1)), view_of(Move(Axis.TILT, 1))
    assert middle(pan, 48)[0] > middle(pan, 0)[0] + 0.05
    assert middle(tilt, 48)[1] < middle(tilt, 0)[1] - 0.03
    assert pan.is_level
    assert tilt.is_level


def test_a_camera_that_rolls_clockwise_sees_the_picture_turn_the_other_way() -> None:
    """The frame's upper side, going right, slopes down on the picture."""
    view = view_of(Move(Axis.ROLL, 1))
    upper_left, upper_right, *_ = view.on_picture(view.corners, 48)[0]
    assert upper_right[1] > upper_left[1] + 20


def test_an_orbit_to_the_right_comes_nearer_to_the_right_side() -> None:
    """What is nearer looks larger: the frame's right side covers less of the picture than its left side."""
    view = view_of(Move(Axis.ORBIT, 1))
    upper_left, upper_right, lower_right, lower_left = view.on_picture(view.corners, 48)[0]
    assert (lower_right - upper_right)[1] < 0.95 * (lower_left - upper_left)[1]


def test_an_orbit_foreshortens() -> None:
    """Seen at an angle, the wall looks narrower: in the centre a pixel covers more of it sideways, by the cosine."""
    view = View.fit((704, 448), (1408, 896), (Pose(orbit_rad=0.4),))
    middle, right, below = view.on_picture(np.array([(352.0, 224.0), (352.01, 224.0), (352.0, 224.01)]), 0)[0]
    assert (below - middle)[1] / (right - middle)[0] == pytest.approx(np.cos(0.4), rel=0.001)


def test_a_dolly_zoom_keeps_its_subject_while_the_world_moves() -> None:
    """The scale in the centre stays, while the corners see farther out (in) as the camera comes closer (goes away)."""
    view = view_of(Move(Axis.DOLLY_ZOOM, 1))
    scales = view.scales(slice(None))
    assert scales[-1, 0] == pytest.approx(scales[0, 0], rel=0.001)
    assert visible_area(view, 48) > 1.2 * visible_area(view, 0)
    back = view_of(Move(Axis.DOLLY_ZOOM, -1))
    assert visible_area(back, 0) == pytest.approx(visible_area(view, 48))


def test_the_mesh_of_a_lens_bends_no_further_than_its_corners() -> None:
    """With a lens, the corners of the frame are the farthest points that any pixel shows."""
    view = View.fit((704, 448), (1408, 896), (Pose(), Pose(lens=0.7, roll_rad=0.2, orbit_rad=0.4)))
    points = np.stack(np.meshgrid(np.linspace(0, 704, 45), np.linspace(0, 448, 29)), axis=-1).reshape(-1, 2)
    everything, corners = view.on_picture(points, 1)[0], view.on_picture(view.corners, 1)[0]
    assert (everything.min(axis=0) >= corners.min(axis=0) - 1e-6).all()
    assert (everything.max(axis=0) <= corners.max(axis=0) + 1e-6).all()
