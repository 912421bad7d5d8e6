"""What can be asked for on this machine, what it costs and how long it takes: known before anybody asks."""

from collections.abc import Mapping

from bot.domain.option import Option
from bot.domain.options import VideoOptions, options_for, read_options
from bot.domain.pricing import price_mcr
from bot.service.estimates import Effort, Estimates
from bot.service.fair_queue import FairQueue
from bot.service.views import PresetOffer, QuoteView
from bot.service.worker import RenderPlan
from generation.engines.engine import Capabilities
from generation.framing import crop_box
from generation.picture import Picture
from generation.request import DEFAULT_FPS, Preset, VideoShape


class Offers:
    """Prices and times of the running engine."""

    def __init__(self, plan: RenderPlan, estimates: Estimates, queue: FairQueue, max_picture_bytes: int) -> None:
        self._plan, self._estimates, self._queue = plan, estimates, queue
        self.max_picture_bytes = max_picture_bytes
        self.options: tuple[Option, ...] = options_for(plan.capabilities)

    @property
    def capabilities(self) -> Capabilities:
        return self._plan.capabilities

    def presets(self) -> tuple[PresetOffer, ...]:
        """Return what each preset gives and costs."""
        return tuple(map(self._offer, Preset))

    def quote(self, width_px: int, height_px: int, options: Mapping[str, str], prompt: str = "") -> QuoteView:
        """Return price, time and crop for a picture of these sides. Raises RequestRejected."""
        read = read_options(prompt, options)
        model = self._plan.model
        request = read.to_request(model, self._plan.capabilities, Picture(b"", width_px, height_px))
        shape = request.shape
        left, top, right, bottom = crop_box(width_px, height_px, shape.width_px, shape.height_px)
        waiting = self._queue.view().waiting
        return QuoteView(
            price_mcr=price_mcr(model, read),
            eta_s=self._queue.eta_s(self._estimates.seconds(Effort.of(request, model.name, str(read.preset)))),
            ahead=waiting,
            width_px=shape.width_px,
            height_px=shape.height_px,
            frames=shape.frames,
            fps=shape.fps,
            crop=(
                left / width_px,
                top / height_px,
                (right - left) / width_px,
                (bottom - top) / height_px,
            ),
        )

    def _offer(self, preset: Preset) -> PresetOffer:
        model = self._plan.model
        numbers = model.presets[preset]
        options: VideoOptions = read_options("", {"preset": str(preset)})
        usual = VideoShape.fit(3, 2, frames=numbers.frames, max_frame_pixels=numbers.max_frame_pixels)
        effort = Effort(model.name, str(preset), usual.width_px, usual.height_px, usual.frames, numbers.steps)
        return PresetOffer(
            name=str(preset),
            price_mcr=price_mcr(model, options),
            seconds=numbers.frames / DEFAULT_FPS,
            eta_s=self._estimates.seconds(effort),
            frames=numbers.frames,
            max_frame_pixels=numbers.max_frame_pixels,
            steps=numbers.steps,
            guidance=numbers.guidance,
        )
