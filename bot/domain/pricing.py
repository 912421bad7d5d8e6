"""What a video costs, in thousandths of a credit: known before its picture is, and the same for every picture."""

from bot.domain.credits import CREDIT_MCR
from bot.domain.options import VideoOptions
from generation.models import Model
from generation.request import Preset

_TENTH_MCR = CREDIT_MCR // 10  # prices are whole tenths of a credit, and at least one


def price_mcr(model: Model, options: VideoOptions) -> int:
    """Return the price: one credit for the model's balanced preset as it is, and in proportion to the work otherwise.

    Work is pixels x frames x steps, twice that with guidance. The pixels are the preset's budget, which no request
    exceeds, unless both sides are given. Rounded up to a tenth of a credit, so that nothing is free.
    """
    request = options.sample_request(model)
    budget = model.presets[options.preset].max_frame_pixels
    frame_pixels = request.shape.frame_pixels if options.has_exact_size else budget
    work = _work(frame_pixels, request.shape.frames, request.steps, request.guidance)
    balanced = model.presets[Preset.BALANCED]
    credit_work = _work(balanced.max_frame_pixels, balanced.frames, balanced.steps, balanced.guidance)
    tenths = -(-work * CREDIT_MCR // (credit_work * _TENTH_MCR))
    return tenths * _TENTH_MCR


def _work(frame_pixels: int, frames: int, steps: int, guidance: float) -> int:
    # Guidance runs the model a second time in every step, for the negative prompt.
    return frame_pixels * frames * steps * (2 if guidance > 1 else 1)
