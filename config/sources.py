"""Reads each place where a setting may stand into a flat layer: dotted key → value and origin.

A layer holds only keys that exist. Whatever else stands there under our name becomes a Problem that names the nearest
key that does. An empty value means "not set", wherever it stands.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path

from config.errors import Problem

VARIABLE_PREFIX = "ANIMATE_"
CONFIG_VARIABLE = "ANIMATE_CONFIG"
SECRETS_VARIABLE = "ANIMATE_SECRETS_DIR"
SYSTEMD_CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"  # set by systemd for a unit with LoadCredential=

_NESTING = "__"
_MISTYPED = 0.8  # so like a setting's name is a file that was meant for it: 1 is the very name
_MAX_SECRET_BYTES = 65_536  # a token has fewer than 100; a file of this size was put there by mistake


class SourceKind(StrEnum):
    """The places where a setting may stand, the one that wins first."""

    OVERRIDE = "override"
    VARIABLE = "variable"
    SECRET_FILE = "secret file"  # noqa: S105 (the name of a place, not a password)
    CONFIG_FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value stands: the kind of place, and the variable's name or the file's path."""

    kind: SourceKind
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.place}".rstrip()


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as it stands in one place."""

    origin: Origin
    value: object = field(repr=False)  # may be a secret


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says: readings by dotted key, and what it has under our name that cannot be used."""

    readings: Mapping[str, Reading] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def as_variable(key: str) -> str:
    """``generation.engine`` → ``ANIMATE_GENERATION__ENGINE``."""
    return VARIABLE_PREFIX + key.upper().replace(".", _NESTING)


def as_file_name(key: str) -> str:
    """``discord.token`` → ``discord__token``."""
    return key.replace(".", _NESTING)


def read_overrides(overrides: Mapping[str, object], known: Collection[str]) -> Layer:
    """Read what the caller (the command line) sets by dotted key; None means "not given"."""
    origin = Origin(SourceKind.OVERRIDE)
    given = {key: value for key, value in overrides.items() if value is not None}
    return _layer(given, known, origin)


def read_variables(environ: Mapping[str, str], known: Collection[str]) -> Layer:
    """Read every variable under our prefix, in whatever case the prefix is written."""
    keys = {as_variable(key): key for key in known}
    readings: dict[str, Reading] = {}
    problems: list[Problem] = []
    for name in sorted(name for name in environ if name.upper().startswith(VARIABLE_PREFIX)):
        if name in (CONFIG_VARIABLE, SECRETS_VARIABLE):
            continue
        if name not in keys:
            problems.append(_unknown(f"variable {name}", "", name, [*keys, CONFIG_VARIABLE, SECRETS_VARIABLE]))
        elif value := environ[name].strip():
            readings[keys[name]] = Reading(Origin(SourceKind.VARIABLE, name), value)
    return Layer(readings, tuple(problems))


def read_secret_files(folder: Path, known: Collection[str], *, named_by: str = "") -> Layer:
    """Read a folder with a file for each value, as Docker, Kubernetes and systemd lay secrets out.

    A folder that is missing is empty, unless ``named_by`` says who asked for exactly this one. Other programs' files
    are left alone: a file counts as ours where its name begins like a section of the settings and has our ``__``, or
    is nearly the name of a setting. A hidden file never counts.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except (FileNotFoundError, NotADirectoryError):
        missing = (Problem(f"folder {folder}", named_by, "there is no such folder"),) if named_by else ()
        return Layer(problems=missing)
    except OSError as error:
        return Layer(problems=(Problem(f"folder {folder}", named_by, f"cannot be read: {error.strerror}"),))
    keys = {as_file_name(key): key for key in known}
    ours = re.compile(rf"(?:{'|'.join(sorted(_sections(known)))}){_NESTING}|animate[^a-z0-9]", re.IGNORECASE)
    readings: dict[str, Reading] = {}
    problems: list[Problem] = []
    for path in paths:
        if path.name in keys:
            if value := _read_text(path, problems).strip():
                readings[keys[path.name]] = Reading(Origin(SourceKind.SECRET_FILE, str(path)), value)
        elif not path.name.startswith(".") and (ours.match(path.name) or _is_nearly_one_of(path.name, keys)):
            problems.append(_unknown(f"secret file {path}", "", path.name, keys))
    return Layer(readings, tuple(problems))


def read_toml_file(path: Path, known: Collection[str], *, named_by: str = "") -> Layer:
    """Read the config file. One that is missing is empty, unless ``named_by`` says who asked for exactly this one."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # an editor on Windows may have put a mark before the text
    except (FileNotFoundError, NotADirectoryError):
        missing = (Problem(f"file {path}", named_by, "there is no such file"),) if named_by else ()
        return Layer(problems=missing)
    except OSError as error:
        return Layer(problems=(Problem(f"file {path}", named_by, f"cannot be read: {error.strerror}"),))
    except UnicodeDecodeError:
        return Layer(problems=(Problem(f"file {path}", named_by, "is not UTF-8 text"),))
    return read_toml(text, known, Origin(SourceKind.CONFIG_FILE, str(path)))


def read_toml(text: str, known: Collection[str], origin: Origin) -> Layer:
    """Read TOML whose tables are the sections of the settings."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The message ends in "(at line 3, column 8)"; only the very end of the file has no number.
        last_line = len(text.splitlines())
        rule = str(error).replace("at end of document", f"at line {last_line}, the end of the file")
        return Layer(problems=(Problem(str(origin), "", f"is not TOML: {rule}"),))
    return _layer(dict(_leaves(tables)), known, origin)


def _layer(values: Mapping[str, object], known: Collection[str], origin: Origin) -> Layer:
    sections = _sections(known)
    readings: dict[str, Reading] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        if key in known:
            if value != "":
                readings[key] = Reading(origin, value)
        elif key in sections:
            if value == {}:
                continue
            problems.append(Problem(key, str(origin), "is a section: its settings stand below it, each by its name"))
        else:
            problems.append(_unknown(key, str(origin), key, {*known, *sections}))
    return Layer(readings, tuple(problems))


def _sections(known: Collection[str]) -> set[str]:
    return {key.partition(".")[0] for key in known if "." in key}


def _leaves(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _read_text(path: Path, problems: list[Problem]) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_SECRET_BYTES + 1)
        if len(content) <= _MAX_SECRET_BYTES:
            return content.decode("utf-8-sig")
        problems.append(Problem(f"secret file {path}", "", f"has more than {_MAX_SECRET_BYTES} bytes"))
    except OSError as error:
        problems.append(Problem(f"secret file {path}", "", f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        problems.append(Problem(f"secret file {path}", "", "is not UTF-8 text"))
    return ""


def _is_nearly_one_of(name: str, known: Collection[str]) -> bool:
    # web_token is web__token mistyped; web_cert is another program's.
    return any(SequenceMatcher(None, key, name.casefold()).ratio() > _MISTYPED for key in known if _NESTING in key)


def _unknown(subject: str, place: str, name: str, known: Collection[str]) -> Problem:
    def likeness(candidate: str) -> float:
        # The last part counts twice: a forgotten section is common.
        ours, theirs = candidate.casefold(), name.casefold()
        whole = SequenceMatcher(None, ours, theirs).ratio()
        return whole + SequenceMatcher(None, _last_part(ours), _last_part(theirs)).ratio()

    nearest = max(sorted(known), key=likeness)
    return Problem(subject, place, f"there is no such setting; the nearest is {nearest}")


def _last_part(name: str) -> str:
    without_prefix = name.removeprefix(VARIABLE_PREFIX.casefold())
    return re.split(rf"\.|{_NESTING}", without_prefix)[-1]
