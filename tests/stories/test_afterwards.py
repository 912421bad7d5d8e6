"""What can be done with a job: cancel it, make it again, have it once more, delete it; and by whom."""

from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from tests.loopback.scripted_renderer import MP4
from tests.stories.people import told_no
from tests.stories.town import Town


async def test_a_cancel_before_the_start_gives_the_credits_back(town: Town) -> None:
    """Whoever cancels what waits gets all credits back, and is told so."""
    anna = await town.person("anna")
    await (await anna.asks("hold")).is_rendering()
    before = await anna.credits()
    ask = await anna.asks()
    await ask.is_told(place=1)
    await ask.cancel()
    assert (await ask.is_cancelled()).credits == "returned"
    assert await anna.credits() == before


async def test_a_cancel_when_half_is_done_costs(town: Town) -> None:
    """Whoever cancels when half of the work is done gets nothing back, and is told so."""
    anna = await town.person("anna")
    before = await anna.credits()
    ask = await anna.asks("half")
    await ask.is_rendering(percent=50)
    await ask.cancel()
    assert (await ask.is_cancelled()).credits == "used"
    after = await anna.credits()
    assert (before.left - after.left, after.held) == (1, 0)


async def test_what_is_over_cannot_be_cancelled(town: Town) -> None:
    """A cancel after the end changes nothing: the video stays, and so does its price."""
    anna = await town.person("anna")
    ask = await anna.asks()
    await ask.gets_video()
    before = await anna.credits()
    assert await told_no(ask.cancel())
    assert await ask.fetch() == MP4
    assert await anna.credits() == before


async def test_nobody_can_cancel_what_is_somebody_elses(town: Town) -> None:
    """Somebody else's cancel is refused, and the job goes on."""
    anna, ben = await town.person("anna"), await town.person("ben")
    ask = await anna.asks("hold")
    await ask.is_rendering()
    assert await told_no(ask.seen_by(ben).cancel())
    town.renderer.release()
    await ask.gets_video()


async def test_nobody_can_edit_what_is_somebody_elses(town: Town) -> None:
    """Somebody else cannot open a job to change its prompt."""
    anna, ben = await town.person("anna"), await town.person("ben")
    ask = await anna.asks()
    await ask.gets_video()
    assert await told_no(ask.seen_by(ben).edit("draw something else"))
    assert await town.accepted() == 1


async def test_nobody_can_delete_what_is_somebody_elses(town: Town) -> None:
    """Somebody else cannot delete a job: its video can still be had."""
    anna, ben = await town.person("anna"), await town.person("ben")
    ask = await anna.asks()
    await ask.gets_video()
    assert await told_no(ask.seen_by(ben).delete())
    assert await ask.fetch() == MP4


async def test_what_is_deleted_is_gone(town: Town) -> None:
    """Whoever deletes a job of their own leaves neither picture nor video nor prompt of it behind."""
    anna = await town.person("anna")
    ask = await anna.asks("a secret")
    await ask.gets_video()
    await ask.delete()
    assert town.files.used_bytes() == 0
    assert await anna.history() == []
    assert "a secret" not in str(await anna.stored())


async def test_again_makes_another_one(town: Town) -> None:
    """Again makes a new video of the same picture and sentence, with another seed."""
    anna = await town.person("anna")
    first = await anna.asks("the boats sway", seconds="2", seed="7")
    await first.gets_video()
    second = await first.again()
    await second.gets_video()
    old, new = town.renderer.seen
    assert (new.prompt, new.shape) == (old.prompt, old.shape)
    assert new.seed != old.seed


async def test_best_makes_the_same_one_better(town: Town) -> None:
    """Best keeps sentence and seed and gives more of the rest."""
    anna = await town.person("anna")
    first = await anna.asks("the boats sway", preset="fast")
    await first.gets_video()
    await (await first.best()).gets_video()
    old, new = town.renderer.seen
    assert (new.prompt, new.seed) == (old.prompt, old.seed)
    assert new.shape.frame_pixels > old.shape.frame_pixels


async def test_an_edit_keeps_everything_else(town: Town) -> None:
    """Whoever changes the sentence of a job gets a video of the new one, with the old options."""
    anna = await town.person("anna")
    first = await anna.asks("the boats sway", seconds="2", motion="high")
    await first.gets_video()
    await (await first.edit("the boats sink")).gets_video()
    old, new = town.renderer.seen
    assert new.prompt == "the boats sink"
    assert (new.shape, new.motion_strength) == (old.shape, 0.9)


async def test_when_the_picture_is_gone_it_must_be_sent_anew(town: Town) -> None:
    """Again of a job whose picture is not kept any more says so and asks for the picture."""
    anna = await town.person("anna")
    ask = await anna.asks()
    await ask.gets_video()
    await town.loses_picture(ask)
    before = await anna.credits()
    assert await told_no(ask.again()) == sentence(Refused(RefusalCode.PICTURE_GONE, job=ask.job))
    assert await anna.credits() == before


async def test_a_video_can_be_had_once_more(town: Town) -> None:
    """Whoever has lost a video gets it again without another render, also after a restart."""
    anna = await town.person("anna")
    ask = await anna.asks("the boats sway")
    await ask.gets_video()
    await town.restarts()
    assert await ask.fetch() == MP4
    assert town.renderer.seen == []


async def test_to_be_forgotten_deletes_everything(town: Town) -> None:
    """Whoever is forgotten leaves no job, no file and no word behind; others keep what is theirs."""
    anna, ben = await town.person("anna"), await town.person("ben")
    await (await ben.asks("ben's")).gets_video()
    kept = town.files.used_bytes()
    await (await anna.asks("a secret")).gets_video()
    await (await anna.asks("hold this secret")).is_rendering()
    assert "secret" in str(await anna.stored())
    await anna.is_forgotten()
    assert "secret" not in str(await anna.stored())
    assert await anna.history() == []
    assert await ben.history() == ["ben's"]
    assert await town.accepted() == 1
    assert town.files.used_bytes() == kept
