"""``animate-bot doctor``: what is in order on this machine, what is not, and what to do about it."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from bot.service.doctor import Check, CheckFunction
    from config.settings import Settings


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print all checks as one JSON object.")] = False,
) -> None:
    """Check this machine and the settings; each line that is not ok says what to do. Nothing is changed."""
    from bot.service.doctor import State, examine
    from config.errors import SettingsError
    from config.redaction import Redactor
    from config.settings import load_settings

    settings: Settings | None = None
    problems: tuple[str, ...] = ()
    try:
        settings = load_settings(os.environ)
    except SettingsError as error:
        problems = tuple(str(problem) for problem in error.problems)
    redact = Redactor(settings.secrets() if settings is not None else ())
    checks = (
        replace(check, detail=redact(check.detail), remedy=redact(check.remedy))
        for check in examine(_functions(settings, problems, os.environ))
    )
    done = list(checks) if as_json else _printed(checks)
    is_ok = all(check.state is not State.FAIL for check in done)
    if as_json:
        typer.echo(json.dumps({"ok": is_ok, "checks": [asdict(check) for check in done]}))
    raise typer.Exit(ExitCode.OK if is_ok else ExitCode.FAILED)


def _functions(
    settings: "Settings | None", problems: tuple[str, ...], environ: Mapping[str, str]
) -> "dict[str, CheckFunction]":
    """Every check by its name, in the order in which they are shown; an adapter's own are a line of ``_set_up``."""
    from bot.service.doctor_machine import python_checks, sqlite_checks
    from bot.service.doctor_setup import settings_checks
    from bot.store.sqlite_version import sqlite_version
    from config.settings import used_config_file

    major, minor, micro, *_ = sys.version_info
    functions: dict[str, CheckFunction] = {
        "python": lambda: python_checks((major, minor, micro)),
        "sqlite": lambda: sqlite_checks(sqlite_version()),
        "settings": lambda: settings_checks(problems, None if problems else used_config_file(environ)),
    }
    if settings is not None:
        functions |= _set_up(settings, environ)
    return functions


def _set_up(settings: "Settings", environ: Mapping[str, str]) -> "dict[str, CheckFunction]":
    """What can be checked only where the settings are right."""
    from bot.app import engine_choice
    from bot.service.doctor_machine import data_folder_checks, ffmpeg_checks, models_folder_checks
    from bot.service.doctor_setup import admin_checks, channel_checks, engine_checks, weights_checks
    from generation.hardware import find_gpus

    web, generation = settings.web, settings.generation
    tokens = {"Discord": settings.discord.token, "Telegram": settings.telegram.token}
    platforms = [name for name, token in tokens.items() if token is not None]
    channels = [*platforms, "the page"] if web.enabled else platforms
    return {
        "ffmpeg": lambda: ffmpeg_checks(str(generation.ffmpeg or ""), environ),
        "data_dir": lambda: data_folder_checks(settings.data_dir, settings.retention.min_free_bytes),
        "models_dir": lambda: models_folder_checks(settings.models_dir),
        "engine": lambda: engine_checks(lambda: engine_choice(settings, environ), lambda: find_gpus(environ)),
        "weights": lambda: weights_checks(generation.engine, generation.model, settings.models_dir),
        "channels": lambda: channel_checks(channels),
        "discord": lambda: _discord(settings),
        "telegram": lambda: _telegram(settings),
        **_page(settings),
        "admins": lambda: admin_checks(settings.admins, platforms, [name for name, _ in web.tokens]),
    }


def _discord(settings: "Settings") -> "Iterable[Check]":
    from bot.domain.doctor_discord_words import no_token
    from bot.service.doctor import Check

    token = settings.discord.token
    if token is None:
        return [Check.ok("discord", no_token())]
    from bot.adapters.discord.check import check

    return asyncio.run(check(token.get_secret_value(), settings.discord.admin_channel))


def _telegram(settings: "Settings") -> "Iterable[Check]":
    from bot.domain.doctor_telegram_words import no_token
    from bot.service.doctor import Check

    found = settings.telegram
    if found.token is None:
        return [Check.ok("telegram", no_token())]
    from bot.adapters.telegram.check import check
    from bot.adapters.telegram.options import CLOUD_URL, TelegramOptions, Webhook

    options = TelegramOptions(
        token=found.token.get_secret_value(),
        base_url=found.base_url or CLOUD_URL,
        local_mode=found.local_mode,
        proxy="" if found.proxy is None else found.proxy.get_secret_value(),
        webhook=None if found.webhook_url is None else Webhook(found.webhook_url, secret=""),
        admin_chat=found.admin_chat,
    )
    return asyncio.run(check(options))


def _page(settings: "Settings") -> "dict[str, CheckFunction]":
    from bot.service.doctor_machine import port_checks
    from bot.service.doctor_setup import page_checks, page_off_checks

    web = settings.web
    if not web.enabled:
        return {"page": page_off_checks}
    return {
        "page": lambda: page_checks(web.host, has_token=web.token is not None or bool(web.tokens)),
        "port": lambda: port_checks(web.host, web.port),
    }


def _printed(checks: "Iterable[Check]") -> "list[Check]":
    """Print each check as it comes, then how it went as a whole."""
    from bot.domain.doctor_words import summary
    from bot.service.doctor import State

    done = []
    for check in checks:
        typer.echo(f"{check.state:<6}{check.name:<12}{check.detail}")
        if check.remedy:
            typer.echo(f"{'':<18}{check.remedy}")
        done.append(check)
    states = [check.state for check in done]
    typer.echo(summary(states.count(State.FAIL), states.count(State.WARN)))
    return done
