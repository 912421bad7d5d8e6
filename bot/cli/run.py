"""``animate-bot run``: the bot itself."""

import os
import sys
from typing import Annotated

import typer

from bot.cli.exit_codes import told_in_one_sentence


def run(
    host: Annotated[str | None, typer.Option(help="Address of the page. Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the page; 0 takes any free one.")] = None,
) -> None:
    """Run the bot: the page on this machine, and every channel whose token is set, until it is stopped (Ctrl-C)."""
    with told_in_one_sentence():
        import asyncio

        from bot.app.run import run_bot
        from config.log import configure_logging
        from config.settings import load_settings

        settings = load_settings(os.environ, {"web.host": host, "web.port": port})
        configure_logging(settings.log.level, settings.log.format, sys.stderr, settings.secrets())
        asyncio.run(run_bot(settings, os.environ, announce))


def announce(line: str) -> None:
    """Print the one line that says where the page is, at once also into a pipe."""
    print(line, flush=True)  # noqa: T201
