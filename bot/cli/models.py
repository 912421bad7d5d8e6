"""``animate-bot models``: the weights on this machine."""

import os
import sys
from typing import Annotated

import typer

from bot.cli.exit_codes import told_in_one_sentence

models = typer.Typer(name="models", help="Fetch the weights of a model.", no_args_is_help=True)


@models.callback()
def _models() -> None:
    """Keep ``pull`` a command of its own, although it is the only one yet."""


@models.command()
def pull(name: Annotated[str, typer.Argument(help="The model's name in the catalogue.")]) -> None:
    """Download a model's weights once; later runs load exactly what was downloaded then."""
    with told_in_one_sentence():
        from bot.cli.progress import DownloadProgress
        from config.settings import load_settings
        from generation.models import find_model
        from generation.weights import pull as pull_weights

        settings = load_settings(os.environ)
        model = find_model(name)
        with DownloadProgress(sys.stderr) as progress:
            checkpoint = pull_weights(model, settings.models_dir, progress.show)
    typer.echo(f"{model.name} is in {checkpoint.folder}")
