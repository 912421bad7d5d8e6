"""How a command ends, and what is said when it ends badly: one sentence on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer


class ExitCode(IntEnum):
    """What a script can tell from the end of a command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BAD_SETTINGS = 78  # sysexits' EX_CONFIG
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn what can go wrong into one sentence on stderr and the right exit code; bugs keep their traceback."""
    from bot.domain.chat_words import channel_closed
    from bot.domain.messages import sentence
    from bot.domain.refusal_words import store_sentence
    from bot.service.channels import ChannelClosed
    from bot.store.errors import StoreError
    from config.errors import SettingsError
    from generation.errors import GenerationError, RequestRejected

    try:
        yield
    except SettingsError as error:
        _say(str(error))
        raise typer.Exit(ExitCode.BAD_SETTINGS) from error
    except RequestRejected as error:
        _say(sentence(error))
        raise typer.Exit(ExitCode.USAGE) from error
    except GenerationError as error:
        _say(sentence(error))
        raise typer.Exit(ExitCode.FAILED) from error
    except StoreError as error:
        _say(store_sentence(error.code, error.values))
        raise typer.Exit(ExitCode.FAILED) from error
    except ChannelClosed as error:
        _say(channel_closed(error.channel, error.reason))
        raise typer.Exit(ExitCode.BAD_SETTINGS) from error
    except OSError as error:
        _say(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        raise typer.Exit(ExitCode.FAILED) from error
    except KeyboardInterrupt as interrupt:
        _say("Interrupted.")
        raise typer.Exit(ExitCode.INTERRUPTED) from interrupt


def _say(text: str) -> None:
    typer.echo(text, err=True)
