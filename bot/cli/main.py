"""The command ``animate-bot``: its commands, each imported only when it runs, so that help is there at once."""

import typer

from bot.cli.animate import animate
from bot.cli.doctor import doctor
from bot.cli.models import models
from bot.cli.run import run

app = typer.Typer(
    name="animate-bot",
    help="Turns a picture and a sentence into a short video with LTX-Video on your own GPU.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # a help screen in colours takes twice as long to come
    pretty_exceptions_enable=False,  # a traceback with locals would show tokens
)
app.command()(run)
app.command()(animate)
app.command()(doctor)
app.add_typer(models)


@app.callback()
def _version(
    version: bool = typer.Option(False, "--version", help="Show the version and exit.", is_eager=True),
) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(version_of("animate-bot"))
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    app(prog_name="animate-bot")
