"""Where files are: the folders that a machine sets apart for a program, and paths as they stand in settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_APP_FOLDER = "animate-bot"


class PathRule(Enum):
    """Which values are paths: ``~`` is the home folder, and a relative path in a file starts at that file's folder."""

    ALWAYS = "always a path"
    IF_IT_HAS_A_SLASH = "a path where it holds a slash, otherwise a name"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one machine, by its environment; None where it has no home folder."""

    home: Path | None
    config_folder: Path | None
    data_folder: Path | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Places":
        """Read HOME (USERPROFILE on Windows) and the variables of XDG's base directory specification."""
        home = _absolute(environ.get("HOME")) or _absolute(environ.get("USERPROFILE"))

        def app_folder(variable: str, below_home: str) -> Path | None:
            folder = _absolute(environ.get(variable)) or (home and home / below_home)
            return folder and folder / _APP_FOLDER

        return cls(home, app_folder("XDG_CONFIG_HOME", ".config"), app_folder("XDG_DATA_HOME", ".local/share"))

    def path(self, text: str | Path, beside: Path | None = None) -> Path:
        """Return ``text`` as a full path; a relative one starts beside that file, else in the working folder."""
        path = Path(text)
        if self.home is not None and path.parts[:1] == ("~",):
            # Not ``expanduser``, which asks the process's own environment.
            path = self.home.joinpath(*path.parts[1:])
        return (path if beside is None else beside.parent / path).absolute()

    def resolve(self, value: object, rule: PathRule | None, beside: Path | None) -> object:
        """Return a setting's value with ``rule`` applied; what is no path stays as it is."""
        if rule is None or not isinstance(value, str | Path):
            return value
        if rule is PathRule.IF_IT_HAS_A_SLASH and not {"/", "\\"} & set(str(value)):
            return value
        return str(self.path(value, beside))


def _absolute(path: str | None) -> Path | None:
    # XDG: a relative path in these variables is to be ignored.
    return Path(path) if path and Path(path).is_absolute() else None
