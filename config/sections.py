"""The sections of the settings, and which values each setting takes.

What the settings mean, and their defaults, stand in ``defaults.toml``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from config.lists import DiscordIds, Hosts, NamedToken, NamedTokens
from config.places import PathRule
from config.values import (
    Count,
    Credits,
    Days,
    DiscordId,
    Host,
    Number,
    PlatformToken,
    ProxyUrl,
    Seconds,
    ServerUrl,
    Switch,
    TelegramChat,
    WebhookSecret,
    WebhookUrl,
    WebToken,
    lower,
)

Engine = Literal["auto", "camera", "ltx"]
Device = Literal["auto", "cpu", "cuda"]
Album = Literal["each", "ends"]
LogLevel = Literal["debug", "info", "warning", "error", "critical"]
LogFormat = Literal["auto", "console", "json"]

_MONTH_S = 30 * 86_400


class Section(BaseModel):
    # Without its input, no error of pydantic's own can show a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class GenerationSettings(Section):
    engine: Annotated[Engine, BeforeValidator(lower)]
    model: Annotated[str, PathRule.IF_IT_HAS_A_SLASH]
    device: Annotated[Device, BeforeValidator(lower)]
    max_frame_pixels: Annotated[Count, Field(ge=64 * 64, le=1536 * 1536)]  # the smallest and largest frame there is
    max_video_bytes: Annotated[Count, Field(ge=256 * 1024)]
    ffmpeg: Annotated[Path | None, PathRule.IF_IT_HAS_A_SLASH] = None


class RenderServerSettings(Section):
    silence_limit_s: Seconds
    start_limit_s: Seconds
    cancel_grace_s: Seconds
    recycle_after_jobs: Annotated[Count, Field(ge=1)]
    max_rss_bytes: Annotated[Count, Field(ge=0)]


class PictureSettings(Section):
    max_bytes: Annotated[Count, Field(ge=1)]
    max_pixels: Annotated[Count, Field(ge=1)]
    max_children: Annotated[Count, Field(ge=1, le=64)]


class QuotaSettings(Section):
    cap: Credits
    credits_per_day: Credits
    place_cap: Credits | None = None
    place_credits_per_day: Annotated[Credits | None, Field(validate_default=True)] = None
    everyone_cap: Credits | None = None
    everyone_credits_per_day: Annotated[Credits | None, Field(validate_default=True)] = None

    @field_validator("place_credits_per_day", "everyone_credits_per_day")
    @classmethod
    def _goes_with_its_cap(cls, value: float | None, info: ValidationInfo) -> float | None:
        cap = str(info.field_name).replace("credits_per_day", "cap")
        if cap in info.data and (info.data[cap] is None) != (value is None):
            raise PydanticCustomError("half_a_limit", "must be set where quota.{cap} is, and only there", {"cap": cap})
        return value


class QueueSettings(Section):
    max_waiting_per_person: Annotated[Count, Field(ge=1)]
    max_waiting: Annotated[Count, Field(ge=1)]
    requests_per_minute: Annotated[Count, Field(ge=1)]


class DeliverySettings(Section):
    give_up_after_s: Annotated[Number, Field(gt=0, le=_MONTH_S)]


class RetentionSettings(Section):
    inputs: Days
    videos: Days
    max_bytes: Annotated[Count, Field(ge=0)]
    min_free_bytes: Annotated[Count, Field(ge=0)]


class ShutdownSettings(Section):
    grace_s: Annotated[Number, Field(ge=0, le=86_400)]


class LogSettings(Section):
    level: Annotated[LogLevel, BeforeValidator(lower)]
    format: Annotated[LogFormat, BeforeValidator(lower)]


class WebSettings(Section):
    enabled: Switch
    host: Host
    port: Annotated[Count, Field(ge=0, le=65_535)]
    hosts: Hosts = ()
    token: WebToken | None = None
    tokens: NamedTokens = ()

    @field_validator("tokens")
    @classmethod
    def _differ_from_the_operators(cls, tokens: tuple[NamedToken, ...], info: ValidationInfo) -> tuple[NamedToken, ...]:
        operators: SecretStr | None = info.data.get("token")
        for number, (_, token) in enumerate(tokens, start=1):
            if token == operators:
                raise PydanticCustomError("operators", "item {number} has the token of web.token", {"number": number})
        return tokens


class DiscordSettings(Section):
    token: PlatformToken | None = None
    admin_roles: DiscordIds = ()
    admin_channel: DiscordId | None = None


class TelegramSettings(Section):
    token: PlatformToken | None = None
    admin_chat: TelegramChat | None = None
    ask_for_prompt: Switch = False
    album: Annotated[Album, BeforeValidator(lower)] = "each"
    base_url: ServerUrl | None = None
    local_mode: Annotated[Switch, Field(validate_default=True)] = False
    webhook_url: WebhookUrl | None = None
    webhook_secret: Annotated[WebhookSecret | None, Field(validate_default=True)] = None
    proxy: ProxyUrl | None = None

    @field_validator("local_mode")
    @classmethod
    def _is_of_a_server_of_ones_own(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("base_url", "unknown") is None:
            raise PydanticCustomError("local_cloud", "needs telegram.base_url, the address of your own Bot API server")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _goes_with_its_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "webhook_url" in info.data and (info.data["webhook_url"] is None) != (value is None):
            raise PydanticCustomError("half_a_webhook", "must be set where telegram.webhook_url is, and only there")
        return value


def secrets_in(value: object) -> Iterator[str]:
    """Yield every secret of a section or a list, in plain text."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Section):
        for _, inner in value:
            yield from secrets_in(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from secrets_in(inner)
