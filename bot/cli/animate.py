"""``animate-bot animate``: one picture and a sentence become a video, here and now."""

import json
import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.exit_codes import told_in_one_sentence

if TYPE_CHECKING:
    from bot.domain.options import VideoOptions
    from config.settings import Settings
    from generation.request import RenderedVideo


class EngineName(StrEnum):
    """The engines, as the option knows them."""

    AUTO = "auto"
    CAMERA = "camera"
    LTX = "ltx"


class PresetName(StrEnum):
    """The presets, as the option knows them; ``generation`` is not loaded for a help screen."""

    FAST = "fast"
    BALANCED = "balanced"
    BEST = "best"


PICTURE = typer.Argument(metavar="PICTURE", exists=True, dir_okay=False, readable=True, help="The picture to animate.")
PROMPT = typer.Argument(
    metavar="PROMPT", help="What moves, and how the camera moves. Without it: a gentle default motion."
)


def animate(
    picture: Annotated[Path, PICTURE],
    prompt: Annotated[str, PROMPT] = "",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", dir_okay=False, help="The MP4 to write. Default: named after the picture."),
    ] = None,
    preset: Annotated[PresetName, typer.Option(help="Speed against quality.")] = PresetName.BALANCED,
    seconds: Annotated[float | None, typer.Option(help="About how long; the nearest possible length is taken.")] = None,
    frames: Annotated[int | None, typer.Option(help="Exactly how many frames: 9, 17, 25 … 257.")] = None,
    fps: Annotated[int | None, typer.Option(help="Frames a second. Default: 24.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same video. Default: a random one.")] = None,
    engine: Annotated[
        EngineName | None, typer.Option(help="auto takes ltx where a GPU and weights are found, else camera.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A model's name, or the folder of a checkpoint.")] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="How firmly the prompt is followed; 1 = freely.")] = None,
    negative: Annotated[str | None, typer.Option(help="What is not to be seen.")] = None,
    width: Annotated[int | None, typer.Option(help="Exact width, a multiple of 32. Default: as the picture.")] = None,
    height: Annotated[int | None, typer.Option(help="Exact height, a multiple of 32. Default: as the picture.")] = None,
    camera: Annotated[
        str | None, typer.Option(help="A camera move: push-in, pan-left, orbit-right, handheld …")
    ] = None,
    motion: Annotated[str | None, typer.Option(help="How much moves: low, medium, high, or from 0 to 1.")] = None,
    end_picture: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, readable=True, help="The picture to end on.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the log.")] = False,
) -> None:
    """Animate PICTURE as PROMPT says, and write an MP4."""
    with told_in_one_sentence():
        import asyncio

        from bot.domain.options import read_options
        from config.log import configure_logging
        from config.settings import load_settings

        overrides = {"generation.engine": engine and engine.value, "generation.model": model}
        settings = load_settings(os.environ, overrides)
        level = settings.log.level if verbose else "error"
        configure_logging(level, settings.log.format, sys.stderr, settings.secrets())
        given = {
            "preset": preset.value,
            "seconds": seconds,
            "frames": frames,
            "fps": fps,
            "width": width,
            "height": height,
            "camera": camera,
            "steps": steps,
            "guidance": guidance,
            "negative": negative,
            "seed": seed,
            "motion": motion,
        }
        options = read_options(prompt, {name: str(value) for name, value in given.items() if value is not None})
        order = _Order(picture, options, out or _free_name(picture), end_picture, is_quiet=as_json)
        video = asyncio.run(_animate(order, settings))
    typer.echo(json.dumps(_as_json(video)) if as_json else _as_text(video))


@dataclass(frozen=True, slots=True)
class _Order:
    """What the command line asked for."""

    picture: Path
    options: "VideoOptions"
    out: Path
    end_picture: Path | None
    is_quiet: bool


async def _animate(order: _Order, settings: "Settings") -> "RenderedVideo":
    from bot.app import engine_choice, open_studio
    from bot.cli.progress import RenderProgress
    from bot.domain.messages import sentence
    from generation.client import RenderListener

    if not order.out.parent.is_dir():
        raise FileNotFoundError(2, "there is no such folder", str(order.out.parent))
    with RenderProgress(sys.stderr, is_quiet=order.is_quiet) as progress:
        why_not_ltx = engine_choice(settings, os.environ).why_not_ltx
        if why_not_ltx is not None:
            progress.say(f"A camera moves over the still picture; no AI model is used. {sentence(why_not_ltx)}")
        async with open_studio(settings, os.environ) as studio:
            progress.phase("reading the picture")
            return await studio.animator.animate(
                order.picture.read_bytes(),
                order.options,
                out=order.out,
                end_picture=None if order.end_picture is None else order.end_picture.read_bytes(),
                listener=RenderListener(progress.show),
                on_request=lambda _: progress.phase("starting the engine"),
            )


def _free_name(picture: Path) -> Path:
    """Return a name in the current folder, after the picture's, that no file has yet."""
    number = 1
    while True:
        path = Path(f"{picture.stem}.mp4" if number == 1 else f"{picture.stem}-{number}.mp4")
        if not path.exists():
            return path
        number += 1


def _as_json(video: "RenderedVideo") -> dict[str, object]:
    return {
        "path": str(video.path),
        "width": video.width_px,
        "height": video.height_px,
        "frames": video.frames,
        "fps": video.fps,
        "seconds": round(video.seconds, 3),
        "bytes": video.size_bytes,
        "seed": video.seed,
        "engine": video.engine,
        "model": video.model,
        "used_ai": video.used_ai,
        "render_seconds": round(video.render_seconds, 3),
    }


def _as_text(video: "RenderedVideo") -> str:
    from bot.domain.messages import file_size

    how = "AI-generated" if video.used_ai else "camera move, no AI"
    facts = (
        f"{video.width_px} × {video.height_px}",
        f"{video.seconds:.1f} s at {video.fps} fps",
        file_size(video.size_bytes),
        f"seed {video.seed}",
        f"made in {video.render_seconds:.1f} s by {video.model} ({how})",
    )
    return f"{video.path}\n{', '.join(facts)}"
