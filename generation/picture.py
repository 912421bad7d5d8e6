"""PLACEHOLDER: helper writes decode here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean, upright sRGB picture: PNG bytes of our own making, at most 2 MP, without metadata."""

    png: bytes
    width_px: int
    height_px: int

    def pixels(self) -> "npt.NDArray[np.uint8]":
        """Return the picture as (H, W, 3) uint8, values 0..255, RGB."""
        raise NotImplementedError
