"""LtxEngine: one LTX-Video checkpoint as an engine. Knows what it can do before torch is loaded."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from generation.engines.engine import Capabilities, RenderWatch
from generation.errors import EngineUnavailable, ErrorCode, RequestRejected
from generation.models import Family
from generation.request import FRAME_MULTIPLE, MAX_FRAME_PIXELS, MAX_STEPS, ImageToVideoRequest
from generation.weights import Checkpoint
from generation.weights.checkpoint import inspect_folder

if TYPE_CHECKING:
    from generation.engines.engine import Frames
    from generation.engines.ltx.load import LoadedLtx

_MIN_I2V_STEPS = 2  # diffusers stretches that schedule to its last step, which divides by zero where there is one only


class LtxEngine:
    """An LTX-Video checkpoint, loaded once, that renders one request after the other."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str = "auto",
        dtype: str = "auto",
        max_frame_pixels: int = MAX_FRAME_PIXELS,
    ) -> None:
        """Take ``device`` auto, cpu or cuda and ``dtype`` auto (bfloat16 on a GPU), bfloat16 or float32."""
        self._checkpoint, self._device, self._dtype = checkpoint, device, dtype
        self._max_frame_pixels = max_frame_pixels
        self._loaded: LoadedLtx | None = None

    @property
    def capabilities(self) -> Capabilities:
        takes_conditions = self._checkpoint.family is Family.LTX_CONDITION
        model = self._checkpoint.model
        return Capabilities(
            engine="ltx",
            model=self._checkpoint.name,
            uses_ai=True,
            negative_prompt=True,
            steps=True,
            guidance=True,
            motion_strength=takes_conditions,
            end_picture=takes_conditions,
            extension=takes_conditions,
            max_frames=model.max_frames,
            max_frame_pixels=self._max_frame_pixels,
        )

    def load(self) -> None:
        """Load the checkpoint onto the device: seconds to minutes, most of them the text encoder's 9 GB.

        Raises EngineUnavailable: LIBRARY_MISSING, NO_GPU, NOT_ENOUGH_MEMORY, or what is wrong with the weights.
        """
        inspect_folder(self._checkpoint.folder, self._checkpoint.name, self._checkpoint.model)
        try:
            from generation.engines.ltx.load import load
        except ImportError as error:
            library = (error.name or "torch").partition(".")[0]
            raise EngineUnavailable(ErrorCode.LIBRARY_MISSING, library=library, extra="ltx") from error
        self._loaded = load(self._checkpoint, self._device, self._dtype)

    def render(self, request: ImageToVideoRequest, watch: RenderWatch) -> "Iterator[Frames]":
        """Yield the request's frames in order; see ``generation.engines.engine.Engine``."""
        self._require(request)
        if self._loaded is None:
            raise RuntimeError("an engine renders only after load()")
        from generation.engines.ltx.render import render

        return render(self._loaded, request, watch)

    def _require(self, request: ImageToVideoRequest) -> None:
        self.capabilities.require(request)
        if self._checkpoint.family is Family.LTX_CONDITION:
            self._require_clips_on_latent_frames(request)
        else:
            self._require_what_i2v_takes(request)

    def _require_clips_on_latent_frames(self, request: ImageToVideoRequest) -> None:
        # Of a longer clip the pipeline lays the later frames over whole latent frames, rounding its place down.
        for condition in request.conditions:
            if len(condition.pictures) > 1 and condition.frame_index % FRAME_MULTIPLE:
                raise RequestRejected(
                    ErrorCode.NOT_A_MULTIPLE,
                    field="frame_index",
                    value=condition.frame_index,
                    multiple=FRAME_MULTIPLE,
                    nearest=condition.frame_index // FRAME_MULTIPLE * FRAME_MULTIPLE,
                )

    def _require_what_i2v_takes(self, request: ImageToVideoRequest) -> None:
        if request.conditions[0].strength != 1.0:
            raise RequestRejected(ErrorCode.NOT_SUPPORTED, field="strength", engine="ltx", model=self._checkpoint.name)
        if request.steps < _MIN_I2V_STEPS:
            raise RequestRejected(
                ErrorCode.OUT_OF_RANGE,
                field="steps",
                value=request.steps,
                lowest=_MIN_I2V_STEPS,
                highest=MAX_STEPS,
                nearest=_MIN_I2V_STEPS,
            )
