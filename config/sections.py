"""The sections of the settings, and which values each setting takes.

What the settings mean, and their defaults, stand in ``defaults.toml``.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from config.places import PathRule

Engine = Literal["auto", "camera", "ltx"]
Device = Literal["auto", "cpu", "cuda"]
LogLevel = Literal["debug", "info", "warning", "error", "critical"]
LogFormat = Literal["auto", "console", "json"]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _refuse_switch(value: object) -> object:
    # pydantic takes true for 1.
    if isinstance(value, bool):
        raise PydanticCustomError("not_a_number", "must be a number")
    return value


def _require_one_word(value: SecretStr) -> SecretStr:
    if any(character.isspace() for character in value.get_secret_value()):
        raise PydanticCustomError("not_one_word", "must be one word, without spaces or line breaks")
    return value


_Count = Annotated[int, BeforeValidator(_refuse_switch)]
_Seconds = Annotated[float, BeforeValidator(_refuse_switch), Field(gt=0, le=86_400, allow_inf_nan=False)]
# Both platforms' tokens are far longer; a shorter one was cut off when it was copied.
_Token = Annotated[SecretStr, Field(min_length=20), AfterValidator(_require_one_word)]


class Section(BaseModel):
    # Without its input, no error of pydantic's own can show a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class GenerationSettings(Section):
    engine: Annotated[Engine, BeforeValidator(_lower)]
    model: Annotated[str, PathRule.IF_IT_HAS_A_SLASH]
    device: Annotated[Device, BeforeValidator(_lower)]
    max_frame_pixels: Annotated[_Count, Field(ge=64 * 64, le=1536 * 1536)]  # the smallest and largest frame there is
    max_video_bytes: Annotated[_Count, Field(ge=256 * 1024)]
    ffmpeg: Annotated[Path | None, PathRule.IF_IT_HAS_A_SLASH] = None


class RenderServerSettings(Section):
    silence_limit_s: _Seconds
    start_limit_s: _Seconds
    cancel_grace_s: _Seconds
    recycle_after_jobs: Annotated[_Count, Field(ge=1)]
    max_rss_bytes: Annotated[_Count, Field(ge=0)]


class PictureSettings(Section):
    max_bytes: Annotated[_Count, Field(ge=1)]
    max_pixels: Annotated[_Count, Field(ge=1)]
    max_children: Annotated[_Count, Field(ge=1, le=64)]


class LogSettings(Section):
    level: Annotated[LogLevel, BeforeValidator(_lower)]
    format: Annotated[LogFormat, BeforeValidator(_lower)]


class DiscordSettings(Section):
    token: _Token | None = None


class TelegramSettings(Section):
    token: _Token | None = None
