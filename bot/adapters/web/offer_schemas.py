"""The body of ``/api/offer``: what the page draws its controls from."""

from typing import Literal, Self

from bot.adapters.web.schemas import Body, credits_of
from bot.domain.options import Option
from bot.service.views import PresetOffer


class PresetBody(Body):
    """What one preset gives and costs here."""

    name: str
    price: float
    seconds: float
    eta: float | None
    frames: int
    max_frame_pixels: int
    steps: int
    guidance: float

    @classmethod
    def of(cls, offer: PresetOffer) -> Self:
        return cls(
            name=offer.name,
            price=credits_of(offer.price_mcr),
            seconds=offer.seconds,
            eta=offer.eta_s,
            frames=offer.frames,
            max_frame_pixels=offer.max_frame_pixels,
            steps=offer.steps,
            guidance=offer.guidance,
        )


class ChoiceBody(Body):
    """One value of an option that has a list of them."""

    value: str
    label: str


class OptionBody(Body):
    """One control of the form."""

    name: str
    kind: Literal["choice", "number", "integer", "text"]
    label: str
    help: str
    advanced: bool
    choices: list[ChoiceBody] | None
    min: float | None
    max: float | None
    step: float | None
    max_length: int | None

    @classmethod
    def of(cls, option: Option) -> Self:
        choices = [ChoiceBody(value=choice.value, label=choice.label) for choice in option.choices]
        return cls(
            name=option.name,
            kind=option.kind,
            label=option.label,
            help=option.help,
            advanced=option.advanced,
            choices=choices or None,
            min=option.lowest,
            max=option.highest,
            step=option.step,
            max_length=option.max_length,
        )


class OfferBody(Body):
    """What can be asked for: only what the running engine can do."""

    engine: str
    model: str
    uses_ai: bool
    ready: bool
    paused: bool
    notice: str | None
    presets: list[PresetBody]
    default_preset: str
    lengths: list[int]
    options: list[OptionBody]
    end_picture: bool
    max_picture_bytes: int
    formats: str
    prompt_max_length: int
