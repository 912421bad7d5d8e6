"""Writing settings down and reading what is wrong with them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.settings import SettingsError, load_settings


def write_toml(path: Path, values: Mapping[str, object]) -> Path:
    """Write dotted keys as TOML; what JSON makes of a string or a number is TOML too."""
    path.write_text("\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items()))
    return path


def problems(environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> str:
    """The message of the SettingsError that these settings end in."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, overrides)
    return str(caught.value)
