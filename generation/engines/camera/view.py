"""What the camera sees: from a pixel of the frame to the point of the picture that it shows, and never beyond."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generation.engines.camera.path import Pose

Points = npt.NDArray[np.float64]  # (..., 2): x to the right, y down
Matrices = npt.NDArray[np.float64]  # (n, 3, 3), for homogeneous (x, y, 1)

#: The wall's distance in frame widths: an angle of view of 53 degrees, that of a 36 mm lens on 35 mm film.
_DISTANCE_FRAMES = 1.0
#: The frame keeps this far from the picture's edge, so that no filter reaches over it.
_MARGIN_PX = 1.0


@dataclass(frozen=True, slots=True)
class View:
    """A clip's frames on its picture: picture pixels are found for frame pixels, both continuous (0 = the left edge).

    Unzoomed, a frame is the largest part of the picture of the frame's proportions, centred. ``closer`` is how much
    nearer than planned the camera stays all the time, so that no frame of the clip shows an edge.
    """

    width_px: int
    height_px: int
    poses: tuple[Pose, ...]
    closer: float
    picture_width_px: int
    picture_height_px: int

    @classmethod
    def fit(cls, frame_size: tuple[int, int], picture_size: tuple[int, int], poses: tuple[Pose, ...]) -> "View":
        """Return the least close view along ``poses`` that stays on the picture. Sizes are (width, height) in pixels.

        Everything that a pose does is scaled about the picture's centre by the same factor, so the factor follows from
        the farthest corner. Corners suffice: a frame's outline on the wall lies in the quadrilateral between them, for
        straight lines stay straight, and the lens pulls the middle of each side inwards.
        """
        plain = cls(*frame_size, poses, 1.0, *picture_size)
        picture = np.array(picture_size, np.float64)
        reach = np.abs(plain.on_picture(plain.corners) - picture / 2).max(axis=(0, 1))
        closer = (reach / (picture / 2 - _MARGIN_PX * plain.picture_px_per_frame_px)).max()
        return cls(*frame_size, poses, float(closer), *picture_size)

    @property
    def picture_px_per_frame_px(self) -> float:
        """The scale of the unzoomed frame."""
        return min(self.picture_width_px / self.width_px, self.picture_height_px / self.height_px)

    @property
    def corners(self) -> Points:
        """Of the frame, in its own pixels, clockwise from the upper left: (4, 2)."""
        w, h = self.width_px, self.height_px
        return np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float64)

    @property
    def is_level(self) -> bool:
        """Whether every frame is an upright rectangle of the picture."""
        return all(pose.roll_rad == pose.orbit_rad == pose.lens == 0 for pose in self.poses)

    @property
    def has_lens(self) -> bool:
        return any(pose.lens != 0 for pose in self.poses)

    def on_picture(self, points: Points, frames: slice | int = slice(None)) -> Points:
        """Return where points of the frame (k, 2) lie on the picture in each of the frames: (n, k, 2)."""
        poses = self.poses[frames] if isinstance(frames, slice) else (self.poses[frames],)
        bent = self._bend(points, np.array([pose.lens for pose in poses]))  # (n, k, 2)
        homogeneous = np.concatenate([bent, np.ones((*bent.shape[:-1], 1))], axis=-1)
        on_wall = np.einsum("nij,nkj->nki", self.matrices(frames), homogeneous)
        return np.asarray(on_wall[..., :2] / on_wall[..., 2:])

    def matrices(self, frames: slice | int = slice(None)) -> Matrices:
        """Return what takes a (bent) point of the frame to the picture, with 1 as the last entry: (n, 3, 3)."""
        poses = self.poses[frames] if isinstance(frames, slice) else (self.poses[frames],)
        w, h = self.width_px, self.height_px
        zero, one = np.zeros(len(poses)), np.ones(len(poses))

        def values(name: str) -> npt.NDArray[np.float64]:
            return np.array([getattr(pose, name) for pose in poses], np.float64)

        def stack(*rows: npt.NDArray[np.float64]) -> Matrices:
            return np.stack(rows, axis=-1).reshape(-1, 3, 3)

        centre = stack(one, zero, -w / 2 * one, zero, one, -h / 2 * one, zero, zero, one)
        cos, sin = np.cos(values("roll_rad")), np.sin(values("roll_rad"))
        roll = stack(cos, -sin, zero, sin, cos, zero, zero, zero, one)
        # A ray through (u, v) at the wall's distance d meets the wall, turned by the angle a about its upright axis,
        # at (u, v cos a) / (cos a + u / d sin a). Going to its right, the camera nears the wall's right side.
        cos, sin = np.cos(values("orbit_rad")), np.sin(values("orbit_rad"))
        distance = _DISTANCE_FRAMES * max(w, h)
        orbit = stack(one, zero, zero, zero, cos, zero, sin / distance, zero, cos)
        zoom = stack(1 / values("zoom"), zero, zero, zero, 1 / values("zoom"), zero, zero, zero, one)
        shift = stack(one, zero, values("right") * w, zero, one, values("down") * h, zero, zero, one)
        scale = self.picture_px_per_frame_px / self.closer * one
        middle = (self.picture_width_px / 2 * one, self.picture_height_px / 2 * one)
        place = stack(scale, zero, middle[0], zero, scale, middle[1], zero, zero, one)
        whole = place @ shift @ zoom @ orbit @ roll @ centre
        return np.asarray(whole / whole[:, 2:, 2:])

    def scales(self, frames: slice) -> npt.NDArray[np.float64]:
        """Return how many picture pixels a frame pixel covers, at the frame's centre and corners: (n, 5)."""
        middle = np.array([(self.width_px / 2, self.height_px / 2)])
        # Just inside the corners, so that the little triangles lie in the frame.
        points = np.concatenate([middle, middle + (self.corners - middle) * (1 - 2 / self.height_px)])
        here, right, below = (self.on_picture(points + step, frames) for step in ((0, 0), (1, 0), (0, 1)))
        a, b = right - here, below - here
        return np.asarray(np.sqrt(np.abs(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])))

    def _bend(self, points: Points, lens: npt.NDArray[np.float64]) -> Points:
        """Push points away from the frame's centre by the square of their distance: (k, 2) -> (n, k, 2).

        The nearest thing to a dolly zoom that a picture without depth allows: it is taken for a subject in the centre
        with the background around it. The subject keeps its size while the edges see more, or less, of the world.
        """
        middle = np.array([self.width_px / 2, self.height_px / 2])
        away = points - middle
        distance = (away**2).sum(axis=-1, keepdims=True) / (middle**2).sum()  # squared; 1 in the corners
        return np.asarray(middle + away * (1 + lens[:, None, None] * distance))
