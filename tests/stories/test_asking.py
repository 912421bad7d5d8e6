"""From a picture and a sentence to a video, or to one clear sentence why there is none."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.messages import sentence
from generation.client import NO_LISTENER, RenderListener
from generation.engines.engine import Capabilities
from generation.errors import ErrorCode, PictureRejected, RenderRefused, RequestRejected
from generation.request import ImageToVideoRequest, RenderedVideo
from tests.loopback.house import GENEROUS
from tests.loopback.scripted_renderer import MP4, ScriptedRenderer
from tests.stories.conftest import OpenTown
from tests.stories.people import Ask, Person, told_no
from tests.stories.town import Town


class AiRenderer(ScriptedRenderer):
    """Says of its videos that AI made them."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, uses_ai=True)

    async def render(
        self, request: ImageToVideoRequest, *, out: Path, max_bytes: int, listener: RenderListener = NO_LISTENER
    ) -> RenderedVideo:
        video = await super().render(request, out=out, max_bytes=max_bytes, listener=listener)
        return replace(video, used_ai=True)


async def test_a_picture_and_a_sentence_become_a_video(town: Town) -> None:
    """Whoever sends a picture and a sentence gets the video that was made of them."""
    anna = await town.person("anna")
    ask = await anna.asks("the boats sway")
    await ask.gets_video()
    assert await ask.video() == MP4
    assert [request.prompt for request in town.renderer.seen] == ["the boats sway"]


async def test_a_sentence_is_not_needed(town: Town) -> None:
    """A picture alone becomes a video."""
    anna = await town.person("anna")
    await (await anna.asks("")).gets_video()


@pytest.mark.parametrize("renderer", [ScriptedRenderer, AiRenderer])
async def test_a_video_says_how_it_was_made(open_town: OpenTown, renderer: type[ScriptedRenderer]) -> None:
    """A job says its size from the start; the video also whether AI made it, the seed, and how long it is."""
    async with open_town(renderer=renderer()) as town:
        anna = await town.person("anna")
        ask = await anna.asks("hold", seed="7", seconds="2")
        [request] = await town.renderings(1)
        before = await ask.is_rendering()
        assert before.size == (request.shape.width_px, request.shape.height_px)
        town.renderer.release()
        after = await ask.gets_video()
        assert after.size == before.size
        made = after.made
        assert made is not None
        assert made.used_ai is (renderer is AiRenderer)
        assert made.seed == 7
        assert made.seconds == pytest.approx(request.shape.frames / request.shape.fps, abs=0.05)


async def test_options_mean_the_same_everywhere(town: Town) -> None:
    """Every option that is given reaches the engine as the same request, whatever the channel."""
    anna = await town.person("anna")
    ask = await anna.asks(
        "the boats sway", seconds="2", width="128", height="96", fps="24", seed="7", motion="high", camera="push-in",
        preset="fast", end_picture=b"where it ends",
    )  # fmt: skip
    await ask.gets_video()
    [request] = town.renderer.seen
    shape = request.shape
    assert (shape.width_px, shape.height_px, shape.frames, shape.fps) == (128, 96, 49, 24)
    assert (request.seed, request.motion_strength, len(request.conditions)) == (7, 0.9, 2)
    assert request.prompt == "The camera pushes in smoothly toward the subject."  # all that a camera follows


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (
            lambda anna: anna.asks(seconds="2", frames="49"),
            RequestRejected(ErrorCode.SECONDS_AND_FRAMES, field="frames"),
        ),
        (
            lambda anna: anna.asks(width="100", height="96"),
            RequestRejected(ErrorCode.NOT_A_MULTIPLE, field="width", value=100, multiple=32, nearest=96),
        ),
    ],
)
async def test_a_wrong_option_is_refused_in_the_same_words(
    town: Town, ask: Callable[[Person], Awaitable[Ask]], error: RequestRejected
) -> None:
    """What cannot be is refused before anything is made, in one sentence that says what would be right."""
    anna = await town.person("anna")
    before = await anna.credits()
    assert await told_no(ask(anna)) == sentence(error)
    assert await anna.credits() == before
    assert await town.accepted() == 0


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        (b"broken", PictureRejected(ErrorCode.PICTURE_BROKEN)),
        (
            b"x" * (GENEROUS.max_picture_bytes + 1),
            PictureRejected(ErrorCode.PICTURE_TOO_MANY_BYTES, max_bytes=GENEROUS.max_picture_bytes),
        ),
    ],
)
async def test_a_picture_that_cannot_be_taken_is_one_sentence(
    town: Town, picture: bytes, error: PictureRejected
) -> None:
    """A picture that is broken or too large is refused in one sentence, costs nothing and leaves nothing behind."""
    anna = await town.person("anna")
    before = await anna.credits()
    assert await told_no(anna.asks("draw", picture=picture)) == sentence(error)
    assert await anna.credits() == before
    assert town.files.used_bytes() == 0


async def test_a_render_that_fails_costs_nothing(town: Town) -> None:
    """A failed render is one clear sentence, and the credits are back."""
    anna = await town.person("anna")
    before = await anna.credits()
    end = await (await anna.asks("refuse this")).fails()
    assert end.why == sentence(RenderRefused(ErrorCode.OUT_OF_MEMORY))
    assert end.credits == "returned"
    assert await anna.credits() == before


async def test_a_render_that_dies_is_made_once_more(town: Town) -> None:
    """A render that dies is made again by itself, and the video costs no more for that."""
    anna = await town.person("anna")
    before = await anna.credits()
    await (await anna.asks("lost-once")).gets_video()
    assert len(town.renderer.seen) == 2
    assert (await anna.credits()).left == before.left - 1


async def test_the_same_update_twice_is_one_video(town: Town) -> None:
    """A wish of which the bot hears twice becomes one job and one video."""
    anna = await town.person("anna")
    await anna.asks_twice("draw once")
    await (await anna.asks("draw the last")).gets_video()
    assert await anna.history() == ["draw the last", "draw once"]
    assert await town.accepted() == 2
