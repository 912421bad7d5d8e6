"""The composition root: the only place where objects are made and closed."""

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
    server = settings.render_server
    options = ChildOptions(
        engine=choice.spec,
        ffmpeg=str(settings.generation.ffmpeg or ""),
        silence_limit_s=server.silence_limit_s,
        start_limit_s=server.start_limit_s,
        cancel_grace_s=server.cancel_grace_s,
        log_level=settings.log.level,
    )
    recycle = RecyclePolicy(server.recycle_after_jobs, server.max_rss_bytes)
    decoder = PictureDecoder(
        PictureLimits(max_bytes=settings.pictures.max_bytes, max_pixels=settings.pictures.max_pixels),
        max_children=settings.pictures.max_children,
    )
    async with LocalRenderer(options, environ, recycle=recycle) as renderer:
        capabilities = make_engine(choice.spec).capabilities
        yield Studio(
            Animator(decoder, renderer, choice.model, capabilities, settings.generation.max_video_bytes), choice
        )
