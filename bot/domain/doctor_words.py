"""What ``animate-bot doctor`` says: for each finding what is so, and for each that is not good what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

_GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Words:
    """A finding, and what to do about it; nothing where nothing is to be done."""

    detail: str
    remedy: str = ""


def check_broke(error_type: str, text: str) -> Words:
    return Words(
        f"This could not be checked: {error_type}: {text}" if text else f"This could not be checked: {error_type}",
        "Please report this line; everything else was checked.",
    )


def summary(failed: int, warned: int) -> str:
    """Return the last line: how it went as a whole."""
    if not failed and not warned:
        return "All is well."
    warnings = "1 warning" if warned == 1 else f"{warned or 'no'} warnings"
    if not failed:
        return f"No check failed; {warnings}."
    return f"{'1 check' if failed == 1 else f'{failed} checks'} failed; {warnings}."


# --- what is installed ---


def python_version(found: str) -> Words:
    return Words(f"Python {found}")


def python_too_old(found: str, oldest: str) -> Words:
    return Words(f"Python {found} is too old", f"Install Python {oldest} or newer and set animate-bot up with it.")


def sqlite_version(found: str) -> Words:
    return Words(f"SQLite {found}")


def sqlite_too_old(found: str, oldest: str) -> Words:
    return Words(f"SQLite {found} is too old", f"Use a Python that brings SQLite {oldest} or newer.")


def sqlite_has_wal_bug(found: str, fixed_in: str) -> Words:
    return Words(
        f"SQLite {found} can damage a database that two programs write at the same instant",
        f"Never write to the bot's database with another program, or use a Python with SQLite {fixed_in} or newer.",
    )


def ffmpeg_works(path: str, version: str) -> Words:
    return Words(f"ffmpeg {version} with libx264: {path}")


def ffmpeg_missing(path: str) -> Words:
    return Words(
        f"No ffmpeg was found at {path}",
        "Set ANIMATE_GENERATION__FFMPEG to one, or leave it empty for the one that is installed with animate-bot.",
    )


def ffmpeg_fails(path: str, reason: str) -> Words:
    return Words(
        f"{path} does not run: {reason}",
        "Set ANIMATE_GENERATION__FFMPEG to one that runs on this machine.",
    )


def ffmpeg_has_no_x264(path: str, version: str) -> Words:
    return Words(
        f"ffmpeg {version} cannot write H.264 with libx264: {path}",
        "Set ANIMATE_GENERATION__FFMPEG to one that was built with libx264.",
    )


# --- folders ---


def folder_ready(path: str, free_bytes: int, *, exists: bool) -> Words:
    state = "can be written" if exists else "does not exist yet and can be made"
    return Words(f"{path} {state}; {_disk_size(free_bytes)} are free")


def folder_is_a_file(path: str, variable: str) -> Words:
    return Words(f"{path} is no folder", f"Remove it, or set {variable} to another place.")


def folder_not_writable(path: str, reason: str, variable: str) -> Words:
    return Words(
        f"{path} cannot be written: {reason}",
        f"Give the user that runs the bot the right to write there, or set {variable} to another folder.",
    )


def models_not_writable(path: str, reason: str) -> Words:
    return Words(
        f"{path} cannot be written: {reason}",
        "Weights that are there already are used; to fetch others, set ANIMATE_MODELS_DIR to a folder of your own.",
    )


def disk_nearly_full(path: str, free_bytes: int, min_free_bytes: int) -> Words:
    return Words(
        f"{path} has {_disk_size(free_bytes)} free; below {_disk_size(min_free_bytes)} no new jobs are taken",
        "Make room, set ANIMATE_DATA_DIR to a larger disk, or lower ANIMATE_RETENTION__MIN_FREE_BYTES.",
    )


# --- the page ---


def page_is_off() -> Words:
    return Words("The page is switched off")


def page_for_this_machine(host: str) -> Words:
    return Words(f"The page is for this machine only ({host})")


def page_needs_a_token(host: str) -> Words:
    return Words(f"The page on {host} asks for a token")


def page_is_open(host: str) -> Words:
    return Words(
        f"The page would listen on {host}, where others reach it, and asks for no token",
        "Set ANIMATE_WEB__TOKEN to a secret of at least 16 characters, or ANIMATE_WEB__HOST to 127.0.0.1.",
    )


def port_is_free(address: str) -> Words:
    return Words(f"{address} is free")


def any_port() -> Words:
    return Words("Any free port is taken, another one each time")


def port_has_a_bot(address: str, process: str) -> Words:
    return Words(
        f"{address} is in use by {process}: a bot is already running",
        "Leave it as it is, or give a second bot its own ANIMATE_WEB__PORT and ANIMATE_DATA_DIR.",
    )


def port_is_taken(address: str, process: str) -> Words:
    owner = process or "another program; perhaps a bot is already running"
    return Words(f"{address} is in use by {owner}", "End that program, or set ANIMATE_WEB__PORT to another port.")


def port_is_forbidden(address: str) -> Words:
    return Words(
        f"This user may not listen on {address}",
        "Set ANIMATE_WEB__PORT to a port above 1023, and let a proxy pass requests on to it.",
    )


def host_is_elsewhere(host: str, reason: str) -> Words:
    return Words(
        f"{host} is no address of this machine: {reason}",
        "Set ANIMATE_WEB__HOST to 127.0.0.1, to 0.0.0.0, or to one address of this machine.",
    )


# --- settings, channels, people ---


def settings_from(config_file: str) -> Words:
    return Words(f"Read from {config_file}" if config_file else "There is no config file; defaults and variables count")


def settings_problem(problem: str) -> Words:
    return Words(problem, "Put it right and ask again: what needs the settings was not checked.")


def channels(names: Sequence[str]) -> Words:
    return Words(f"The bot can be reached by {', '.join(names)}")


def no_channel() -> Words:
    return Words(
        "The bot cannot be reached at all: the page is off, and there is no token for Discord or Telegram",
        "Set ANIMATE_WEB__ENABLED=true, ANIMATE_DISCORD__TOKEN or ANIMATE_TELEGRAM__TOKEN.",
    )


def admins(count: int) -> Words:
    return Words("1 admin" if count == 1 else f"{count} admins")


def no_admin_needed() -> Words:
    return Words("No admins are named; the operator's page has every command")


def no_admin(platforms: Sequence[str]) -> Words:
    example = f"{platforms[0].lower()}:123456789"
    return Words(
        f"Nobody may use the operator's commands on {' and '.join(platforms)}",
        f"Set ANIMATE_ADMINS to your own number there, like {example}.",
    )


def admin_without_token(admin: str) -> Words:
    return Words(
        f"The admin {admin} has no token for the page",
        f"Add {admin.removeprefix('web:')}:TOKEN to ANIMATE_WEB__TOKENS, or take the name out of ANIMATE_ADMINS.",
    )


# --- the engine ---

_LTX_OR_CAMERA = "See to it for LTX-Video, or set ANIMATE_GENERATION__ENGINE=camera to go without."


def engine_runs(model: str, where: str) -> Words:
    return Words(f"{model} runs on {where}")


def card(name: str, free_bytes: int, memory_bytes: int, driver: str) -> str:
    """Return a graphics card as one reads it in a list."""
    return f"{name} ({_disk_size(free_bytes)} of {_disk_size(memory_bytes)} free, driver {driver})"


def engine_is_slow(model: str) -> Words:
    return Words(
        f"{model} runs on the processor, where one video takes many minutes",
        "Use a CUDA card, or set ANIMATE_GENERATION__ENGINE=camera.",
    )


def engine_is_camera() -> Words:
    return Words("The camera moves over the still picture, as set; no AI model is used")


def engine_falls_back(reason: str) -> Words:
    return Words(f"The camera moves over the still picture; no AI model is used. {reason}", _LTX_OR_CAMERA)


def engine_cannot_run(reason: str) -> Words:
    return Words(f"No video can be made. {reason}", _LTX_OR_CAMERA)


def weights_found(model: str, folder: str) -> Words:
    return Words(f"{model} is whole: {folder}")


def weights_not_needed() -> Words:
    return Words("The camera engine needs none")


def weights_unusable(reason: str) -> Words:
    return Words(reason, _LTX_OR_CAMERA)


def _disk_size(size_bytes: int) -> str:
    return f"{size_bytes / _GIGABYTE:.1f} GB"
