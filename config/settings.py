"""What an operator may change, checked; and where each value came from.

The first place that says something wins: what the caller passes (the command line), the environment, secret files, the
config file, and last ``defaults.toml``, which also says what each setting means. A name that does not exist is an
error in each of them.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from config.errors import Problem, SettingsError
from config.lists import Admins
from config.places import PathRule, Places
from config.rules import broken_rules
from config.sections import (
    DeliverySettings,
    DiscordSettings,
    GenerationSettings,
    LogSettings,
    PictureSettings,
    QueueSettings,
    QuotaSettings,
    RenderServerSettings,
    RetentionSettings,
    Section,
    ShutdownSettings,
    TelegramSettings,
    WebSettings,
    secrets_in,
)
from config.sources import (
    CONFIG_VARIABLE,
    SECRETS_VARIABLE,
    SYSTEMD_CREDENTIALS_VARIABLE,
    Layer,
    Origin,
    Reading,
    SourceKind,
    as_variable,
    read_overrides,
    read_secret_files,
    read_toml,
    read_toml_file,
    read_variables,
)

__all__ = [
    "LoadedSettings",
    "Origin",
    "Settings",
    "SettingsError",
    "SourceKind",
    "load_settings",
    "load_settings_with_origins",
    "setting_keys",
    "used_config_file",
]


class Settings(BaseSettings):
    """All settings, checked and frozen. Made by ``load_settings``; by itself it reads no environment and no file.

    The meaning, unit and default of each stand in ``defaults.toml``, the rules in ``config.sections``.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    data_dir: Annotated[Path, PathRule.ALWAYS]
    models_dir: Annotated[Path, PathRule.ALWAYS]
    admins: Admins = ()
    generation: GenerationSettings
    render_server: RenderServerSettings
    pictures: PictureSettings
    quota: QuotaSettings
    queue: QueueSettings
    delivery: DeliverySettings
    retention: RetentionSettings
    shutdown: ShutdownSettings
    log: LogSettings
    web: WebSettings
    discord: DiscordSettings = DiscordSettings()
    telegram: TelegramSettings = TelegramSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave out pydantic's own readers of the process's environment and files; ours are handed in."""
        return (init_settings,)

    def secrets(self) -> tuple[str, ...]:
        """Return every secret that is set, in plain text: what must be taken out of whatever is shown."""
        return tuple(secret for name in type(self).model_fields for secret in secrets_in(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, and for each dotted key that has a value where it came from."""

    settings: Settings
    origins: Mapping[str, Origin]


def load_settings(environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> Settings:
    """Return the settings of the machine whose environment this is.

    ``overrides`` are by dotted key (``generation.engine``); None among them means "not given".

    Raises SettingsError with everything that is wrong, in words for the operator.
    """
    return load_settings_with_origins(environ, overrides).settings


def load_settings_with_origins(
    environ: Mapping[str, str], overrides: Mapping[str, object] | None = None
) -> LoadedSettings:
    """Return the settings and where each value came from. Raises SettingsError with everything that is wrong."""
    layers = _read_layers(environ, overrides or {})
    chosen = ChainMap(*(dict(layer.readings) for layer in layers))  # the first layer that has a key wins
    problems = [problem for layer in layers for problem in layer.problems]
    settings: Settings | None = None
    try:
        settings = _merge(layers)
    except ValidationError as error:
        problems += broken_rules(error, chosen, [key for key, field in _FIELDS.items() if _is_secret(field)])
    if settings is None or problems:
        # Raised outside of the except block: no exception that has seen the values hangs on this one.
        raise SettingsError(problems)
    return LoadedSettings(settings, {key: chosen[key].origin for key in _FIELDS if key in chosen})


def used_config_file(environ: Mapping[str, str]) -> Path | None:
    """Return the config file that ``load_settings`` reads in this environment; None where there is none."""
    path, _ = _config_file(environ, Places.of(environ))
    return path if path is not None and path.is_file() else None


def setting_keys() -> tuple[str, ...]:
    """Return the dotted key of every setting there is, in the order of ``defaults.toml``."""
    return tuple(_FIELDS)


def _fields_by_key() -> dict[str, FieldInfo]:
    fields: dict[str, FieldInfo] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            fields |= {f"{name}.{leaf}": leaf_field for leaf, leaf_field in field.annotation.model_fields.items()}
        else:
            fields[name] = field
    return fields


_FIELDS = _fields_by_key()


def _is_secret(field: FieldInfo) -> bool:
    def holds_secret(annotation: object) -> bool:
        return annotation is SecretStr or any(holds_secret(part) for part in get_args(annotation))

    return holds_secret(field.annotation)


def _read_layers(environ: Mapping[str, str], overrides: Mapping[str, object]) -> list[Layer]:
    """Return all layers, the one that wins first."""
    places = Places.of(environ)
    layers = [
        read_overrides(overrides, _FIELDS),
        read_variables(environ, _FIELDS),
        _read_secrets(environ, places),
        _read_config(environ, places),
        read_toml(files("config").joinpath("defaults.toml").read_text("utf-8"), _FIELDS, Origin(SourceKind.DEFAULT)),
    ]
    layers = [_resolve_paths(layer, places) for layer in layers]
    return [*layers, _machine_defaults(layers, places)]


def _read_secrets(environ: Mapping[str, str], places: Places) -> Layer:
    if named := environ.get(SECRETS_VARIABLE):
        return read_secret_files(places.path(named), _FIELDS, named_by=f"variable {SECRETS_VARIABLE}")
    if systemd := environ.get(SYSTEMD_CREDENTIALS_VARIABLE):
        return read_secret_files(Path(systemd), _FIELDS)
    return Layer()


def _read_config(environ: Mapping[str, str], places: Places) -> Layer:
    path, named_by = _config_file(environ, places)
    return Layer() if path is None else read_toml_file(path, _FIELDS, named_by=named_by)


def _config_file(environ: Mapping[str, str], places: Places) -> tuple[Path | None, str]:
    """The path where the config file may be, and who asked for exactly this one."""
    if named := environ.get(CONFIG_VARIABLE):
        return places.path(named), f"variable {CONFIG_VARIABLE}"
    return (None if places.config_folder is None else places.config_folder / "config.toml"), ""


def _resolve_paths(layer: Layer, places: Places) -> Layer:
    def resolved(key: str, reading: Reading) -> Reading:
        rule = next((rule for rule in _FIELDS[key].metadata if isinstance(rule, PathRule)), None)
        beside = Path(reading.origin.place) if reading.origin.kind is SourceKind.CONFIG_FILE else None
        return replace(reading, value=places.resolve(reading.value, rule, beside))

    return replace(layer, readings={key: resolved(key, reading) for key, reading in layer.readings.items()})


def _machine_defaults(layers: list[Layer], places: Places) -> Layer:
    """The defaults that depend on the machine and on one another: empty in ``defaults.toml``."""
    origin = Origin(SourceKind.DEFAULT)
    given = next((layer.readings["data_dir"].value for layer in layers if "data_dir" in layer.readings), None)
    data_folder = given or places.data_folder
    rule = f"there is no home folder to put it in (HOME is not set); set {as_variable('data_dir')}"
    problems = () if data_folder else (Problem("data_dir", str(origin), rule),)
    data_folder = Path(str(data_folder))
    readings = {"data_dir": Reading(origin, data_folder), "models_dir": Reading(origin, data_folder / "models")}
    return Layer(readings, problems)


def _merge(layers: list[Layer]) -> Settings:
    """Check the merged layers; pydantic-settings takes its sources in the same order, the one that wins first."""
    sources = tuple(InitSettingsSource(Settings, _nested(layer)) for layer in layers)
    arguments: dict[str, Any] = {"_build_sources": (sources, {})}
    return Settings(**arguments)


def _nested(layer: Layer) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, reading in layer.readings.items():
        section, _, leaf = key.rpartition(".")
        (tree.setdefault(section, {}) if section else tree)[leaf] = reading.value
    return tree
