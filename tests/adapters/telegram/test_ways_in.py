"""Ways in: what people can send for a video in private, and what is politely refused."""

import io
from typing import Any

import pytest
from PIL import Image

from bot.adapters.telegram.answers import DOWNLOAD_FAILED
from bot.adapters.telegram.wishes import HOW_TO, NOT_A_PICTURE, ONE_PICTURE_ONLY
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode, Refused
from generation.picture import Picture
from tests.adapters.telegram.conftest import Bot, OpenBot
from tests.adapters.telegram.scenes import PICTURE, Harbour
from tests.loopback.expect import eventually
from tests.loopback.house import InstantDecoder
from tests.loopback.telegram import LoopbackTelegram, Message


def raw_message(telegram: LoopbackTelegram, like: Message, **content: Any) -> dict[str, Any]:
    """Return an update with a message in the place of another one, of a kind that no fixture makes."""
    (update,) = [one for one in telegram.updates if one.get("message", {}).get("message_id") == like.id]
    about = {name: update["message"][name] for name in ("date", "chat", "from")}
    return {
        "update_id": telegram.updates[-1]["update_id"] + 1,
        "message": {"message_id": like.id + 1, **about, **content},
    }


async def test_a_photo_with_a_caption_becomes_a_video(bot: Bot, scene: Harbour) -> None:
    """Whoever sends a photo with a caption gets a video of it, with the options that the caption names."""
    message = scene.ask(caption="the boats sway --seconds 2 --seed 7")
    video = await scene.video_of(message)
    job = await bot.only_job()
    assert (job.prompt, dict(job.options)) == ("the boats sway", {"seconds": "2", "seed": "7"})
    assert (job.requester.id, job.origin.place) == (f"telegram:{scene.anna.id}", "")
    assert video.reply_to is message


async def test_the_largest_size_of_a_photo_is_fetched(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Of the sizes that Telegram makes of a photo, the bot fetches the largest one, once."""
    picture = io.BytesIO()
    Image.linear_gradient("L").resize((1600, 1200)).save(picture, "JPEG")
    message = scene.anna.sends_photo(scene.private, picture.getvalue(), "fog")
    await scene.video_of(message)
    assert len(message.photo) > 1
    largest = max((size.to_photo_size() for size in message.photo), key=lambda size: int(size["width"]))
    assert [call.parameters["file_id"] for call in telegram.calls_to("getFile")] == [largest["file_id"]]


@pytest.mark.parametrize(
    ("name", "mime_type"),
    [("a.heic", "image/heic"), ("A.AVIF", "application/octet-stream"), ("scan", "image/png"), ("x.gif", "image/gif")],
)
async def test_a_picture_sent_as_a_file_becomes_a_video(bot: Bot, scene: Harbour, name: str, mime_type: str) -> None:
    """A file is a picture where Telegram calls it one, or its name does."""
    message = scene.anna.sends_file(scene.private, name, PICTURE, mime_type, "fog")
    await scene.video_of(message)
    assert (await bot.only_job()).prompt == "fog"


async def test_a_photo_without_words_moves_by_itself(bot: Bot, scene: Harbour) -> None:
    """In private a photo alone is enough, and its video can be asked for again with words."""
    video = await scene.video(caption="")
    assert (await bot.only_job()).prompt == ""
    assert "Edit prompt" in video.labels


@pytest.mark.parametrize("words", ["/animate snow", "snow", "/animate@animate_test_bot snow"])
async def test_an_answer_to_a_photo_makes_a_video_of_it(bot: Bot, scene: Harbour, words: str) -> None:
    """In private, words that answer a photo are about it, with or without the command."""
    photo = scene.ask(caption="fog")
    await scene.video_of(photo)
    wish = scene.anna.sends(scene.private, words, reply_to=photo)
    await scene.video_of(wish)
    assert [job.prompt for job in await bot.jobs()] == ["fog", "snow"]


async def test_an_answer_to_a_file_makes_a_video_of_it(bot: Bot, scene: Harbour) -> None:
    """/animate in answer to a picture that was sent as a file takes that file."""
    file = scene.ben.sends_file(scene.group, "a.webp", PICTURE, "image/webp")
    wish = scene.anna.sends(scene.group, "/animate snow", reply_to=file)
    await scene.video_of(wish)
    job = await bot.only_job()
    assert (job.prompt, job.requester.user) == ("snow", str(scene.anna.id))


async def test_an_answer_to_a_photo_of_another_chat(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Telegram lets people answer a message of another chat: its picture is taken as if it were here."""
    photo = scene.ask()
    await scene.video_of(photo)
    sizes = [size.to_photo_size() for size in photo.photo]
    external = {"origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Ben"}, "photo": sizes}
    entities = [{"type": "bot_command", "offset": 0, "length": 8}]
    wish = raw_message(telegram, photo, text="/animate mist", entities=entities, external_reply=external)
    telegram.send_raw(wish)
    assert [job.prompt for job in await bot.until_accepted(2)] == ["the boats sway", "mist"]


async def test_words_about_a_video_make_another_one(bot: Bot, scene: Harbour) -> None:
    """Words that answer a video of the bot's make one from the same picture with these words."""
    video = await scene.video(caption="fog --seconds 2")
    for words in ("/animate storm", "hail"):
        await scene.video_of(scene.anna.sends(scene.private, words, reply_to=video))
    jobs = await bot.jobs()
    assert [(job.prompt, job.options["seconds"]) for job in jobs] == [("fog", "2"), ("storm", "2"), ("hail", "2")]


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("fog --secnds 4", "seconds"),
        ("fog --seconds", "needs a value"),
        ("fog --seconds 900", "must be from"),
        ("fog --end-frame", ONE_PICTURE_ONLY),
    ],
)
async def test_a_caption_that_cannot_be_followed_is_explained(
    bot: Bot, scene: Harbour, caption: str, said: str
) -> None:
    """What is wrong with an option is told in one sentence, as an answer to the photo, and nothing is made."""
    answer = await scene.answer_to(scene.ask(caption=caption))
    assert said in answer.text
    assert await bot.jobs() == []


async def test_what_is_no_picture_is_refused_politely(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """In private a sticker, a film, an animation or any other file is answered with what the bot takes."""
    first = scene.anna.sends_file(scene.private, "notes.txt", b"notes", "text/plain")
    assert (await scene.answer_to(first)).text == NOT_A_PICTURE
    file = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}
    kinds = {
        "sticker": {**file, "type": "regular", "is_animated": False, "is_video": False},
        "video": {**file, "duration": 1},
        "animation": {**file, "duration": 1},
        "voice": {"file_id": "f", "file_unique_id": "u", "duration": 1},
    }
    document = {"file_id": "f", "file_unique_id": "u", "mime_type": "image/gif"}
    for kind, content in kinds.items():
        count = len(scene.private.of_bot) + 1
        also = {"document": document} if kind == "animation" else {}
        telegram.send_raw(raw_message(telegram, first, **{kind: content}, **also))
        await eventually(lambda: len(scene.private.of_bot) == count)  # noqa: B023 (it is awaited here)
        assert scene.private.of_bot[-1].text == NOT_A_PICTURE
    assert await bot.jobs() == []


@pytest.mark.parametrize("words", ["hello", "/animate", "/animate a dog yawns"])
async def test_words_alone_are_told_what_is_needed(bot: Bot, scene: Harbour, words: str) -> None:
    """In private, whoever writes without a picture is told how to get a video."""
    assert (await scene.answer_to(scene.anna.sends(scene.private, words))).text == HOW_TO


async def test_a_command_that_does_not_exist(bot: Bot, scene: Harbour) -> None:
    """In private an unknown command is answered with where to look."""
    assert "/help" in (await scene.answer_to(scene.anna.sends(scene.private, "/anymate fog"))).text


async def test_a_picture_that_cannot_be_fetched_is_explained(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """Where Telegram does not give the file, its sender is asked to send it again."""
    telegram.faults.next("/file/", status=404, count=None)
    assert (await scene.answer_to(scene.ask())).text == DOWNLOAD_FAILED
    telegram.faults.clear()
    await scene.video()
    assert len(await bot.jobs()) == 1


async def test_a_picture_that_is_too_large_is_refused_before_it_is_fetched(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """A file that Telegram says is too large is not even asked for."""
    message = scene.anna.sends_file(scene.private, "a.png", PICTURE, "image/png", size_bytes=400_000)
    assert "too large" in (await scene.answer_to(message)).text
    assert telegram.calls_to("getFile") == []


class BrokenDecoder(InstantDecoder):
    """Has a bug, which one picture brings out."""

    async def decode(self, data: bytes) -> Picture:
        if data == b"a bug":
            raise ZeroDivisionError
        return await super().decode(data)


async def test_a_bug_is_told_and_the_next_request_works(open_bot: OpenBot, scene: Harbour, picture: Picture) -> None:
    """Where something breaks its sender hears so once, and what comes afterwards is served."""
    async with open_bot(decoder=BrokenDecoder(picture)):
        broken = scene.anna.sends_photo(scene.private, b"a bug", "fog")
        assert (await scene.answer_to(broken)).text == sentence(Refused(RefusalCode.BROKEN))
        await scene.video()
        assert len(scene.private.of_bot) == 2
