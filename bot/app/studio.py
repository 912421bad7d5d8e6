"""What makes a video, from the settings: engine, pictures, render server."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.service.animator import Animator
from bot.service.engine_choice import EngineChoice, EngineWish, choose_engine
from config.settings import Settings
from generation.engines import make_engine
from generation.hardware import find_gpus
from generation.local import LocalRenderer, RecyclePolicy
from generation.picture import PictureDecoder, PictureLimits
from generation.process import ChildOptions
from generation.shrink import VideoShrinker


def engine_choice(settings: Settings, environ: Mapping[str, str]) -> EngineChoice:
    """Return the engine that these settings mean on this machine."""
    wish = EngineWish(
        engine=settings.generation.engine,
        model=settings.generation.model,
        models_dir=settings.models_dir,
        device=settings.generation.device,
        max_frame_pixels=settings.generation.max_frame_pixels,
    )
    return choose_engine(wish, lambda: find_gpus(environ))


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything that makes a video, ready."""

    animator: Animator
    engine: EngineChoice


@asynccontextmanager
async def open_studio(settings: Settings, environ: Mapping[str, str]) -> AsyncIterator[Studio]:
    """Give an animator whose render server starts with its first request, and end the server afterwards.

    Raises EngineUnavailable where the engine that the settings name cannot run here.
    """
    choice = engine_choice(settings, environ)
    async with local_renderer(settings, environ, choice) as renderer, picture_decoder(settings) as decoder:
        capabilities = make_engine(choice.spec).capabilities
        yield Studio(
            Animator(decoder, renderer, choice.model, capabilities, settings.generation.max_video_bytes),
            choice,
        )


def local_renderer(settings: Settings, environ: Mapping[str, str], choice: EngineChoice) -> LocalRenderer:
    """Return the render client that starts its own server on this machine."""
    server = settings.render_server
    options = ChildOptions(
        engine=choice.spec,
        ffmpeg=str(settings.generation.ffmpeg or ""),
        silence_limit_s=server.silence_limit_s,
        start_limit_s=server.start_limit_s,
        cancel_grace_s=server.cancel_grace_s,
        log_level=settings.log.level,
    )
    return LocalRenderer(options, environ, recycle=RecyclePolicy(server.recycle_after_jobs, server.max_rss_bytes))


def picture_decoder(settings: Settings) -> PictureDecoder:
    """Return what makes clean pictures of untrusted bytes; it is to be closed."""
    pictures = settings.pictures
    limits = PictureLimits(max_bytes=pictures.max_bytes, max_pixels=pictures.max_pixels)
    return PictureDecoder(limits, max_children=pictures.max_children)


def video_shrinker(settings: Settings, environ: Mapping[str, str]) -> VideoShrinker:
    """Return what makes finished videos smaller for a platform that does not take them."""
    return VideoShrinker(str(settings.generation.ffmpeg or ""), environ)
