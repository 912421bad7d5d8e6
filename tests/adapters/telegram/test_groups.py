"""Groups: when a message there is for the bot, whose it is, and where the answer goes."""

import pytest

from bot.adapters.telegram.wishes import HOW_TO_IN_A_GROUP
from tests.adapters.telegram.conftest import Bot, OpenBot
from tests.adapters.telegram.scenes import PICTURE, Harbour, answers
from tests.loopback.expect import eventually
from tests.loopback.telegram import LoopbackTelegram

NAME = "@animate_test_bot"
HOW_TO = HOW_TO_IN_A_GROUP.format(me=NAME.removeprefix("@"))


@pytest.mark.parametrize("caption", [f"/animate{NAME} fog", "/animate fog", f"/ANIMATE{NAME.upper()}\nfog"])
async def test_a_caption_with_the_command_becomes_a_video(bot: Bot, scene: Harbour, caption: str) -> None:
    """With group privacy on, a photo whose caption begins with the command becomes a video."""
    await scene.video(chat=scene.group, caption=caption)
    job = await bot.only_job()
    assert (job.prompt, job.origin.place) == ("fog", f"telegram:{scene.group.id}")


async def test_a_command_that_answers_a_photo_of_somebody_else(bot: Bot, scene: Harbour) -> None:
    """/animate in answer to anybody's photo makes a video of it, for whoever gave the command."""
    photo = scene.ben.sends_photo(scene.group, PICTURE, "my boat")
    wish = scene.anna.sends(scene.group, f"/animate{NAME} fog --seconds 2", reply_to=photo)
    await scene.video_of(wish)
    job = await bot.only_job()
    assert (job.requester.user, job.prompt, dict(job.options)) == (str(scene.anna.id), "fog", {"seconds": "2"})


async def test_a_photo_that_answers_the_bot(bot: Bot, scene: Harbour) -> None:
    """A photo in answer to one of the bot's messages is a wish, without any command."""
    video = await scene.video(chat=scene.group, caption="/animate fog")
    photo = scene.ben.sends_photo(scene.group, PICTURE, "snow", reply_to=video)
    await scene.video_of(photo)
    assert [job.prompt for job in await bot.jobs()] == ["fog", "snow"]


async def test_a_mention_counts_where_telegram_delivers_it(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """Where the bot reads everything, a caption that names it is a wish, and its name is not in the prompt."""
    open_group = telegram.group("Open", privacy=False)
    open_group.join(scene.anna)
    await scene.video(chat=open_group, caption=f"🌫 fog {NAME} and rain")
    photo = scene.anna.sends_photo(open_group, PICTURE)
    await scene.video_of(scene.anna.sends(open_group, f"{NAME} snow", reply_to=photo))
    assert [job.prompt for job in await bot.jobs()] == ["🌫 fog and rain", "snow"]


async def test_what_is_not_for_the_bot_is_left_alone(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Where the bot reads everything, it does nothing about what people send each other, or another bot."""
    group = telegram.group("Open", privacy=False)
    group.join(scene.anna)
    scene.ask(chat=group, caption="my boat")
    scene.ask(chat=group, caption="/animate@another_bot fog")
    scene.ask(chat=group, caption="look, @another_bot")
    scene.anna.sends(group, "hello all")
    scene.anna.sends(group, "/anything")
    scene.anna.sends_album(group, [PICTURE, PICTURE], captions=["our trip"])
    scene.anna.sends_file(group, "notes.txt", b"notes", "text/plain")
    await scene.video(chat=group, caption="/animate fog")
    assert [job.prompt for job in await bot.jobs()] == ["fog"]
    assert len(group.of_bot) == 1


async def test_praise_costs_nothing(bot: Bot, scene: Harbour) -> None:
    """In a group an answer to a video without the command makes nothing; with it, the picture is taken once more."""
    video = await scene.video(chat=scene.group, caption="/animate fog")
    scene.anna.sends(scene.group, "how lovely", reply_to=video)
    wish = scene.anna.sends(scene.group, "/animate snow", reply_to=video)
    await scene.video_of(wish)
    assert [job.prompt for job in await bot.jobs()] == ["fog", "snow"]


async def test_the_command_alone_is_answered_with_how_it_goes(bot: Bot, scene: Harbour) -> None:
    """/animate without any picture is answered with how to ask."""
    assert (await scene.answer_to(scene.anna.sends(scene.group, "/animate fog"))).text == HOW_TO


async def test_the_answer_stays_in_its_topic(bot: Bot, scene: Harbour) -> None:
    """In a forum everything about a request stays in the topic where it was made, General among them."""
    for place in (scene.topic, scene.forum.general):
        message = scene.anna.sends_photo(place, PICTURE, "/animate fog")
        video = await scene.video_of(message)
        assert video.thread == place.thread
    assert [one.thread for one in scene.forum.of_bot] == [scene.topic.thread, 0]


async def test_words_in_a_topic_answer_nothing(bot: Bot, scene: Harbour) -> None:
    """In a topic Telegram calls every message an answer to the one that opened it; it is none."""
    answer = await scene.answer_to(scene.anna.sends(scene.topic, "/animate fog"))
    assert (answer.text, answer.thread) == (HOW_TO, scene.topic.thread)


async def test_an_anonymous_admin_asks_as_the_group(bot: Bot, scene: Harbour) -> None:
    """Whoever writes in the group's own name is the group, with its own credits, and no single person."""
    scene.group.join(scene.ben, admin=True)
    message = scene.ben.sends_photo(scene.group, PICTURE, "/animate fog", anonymous=True)
    await scene.video_of(message)
    assert (await bot.only_job()).requester.id == f"telegram:{scene.group.id}"


async def test_a_channel_speaks_for_itself(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Whoever writes in the name of a channel is that channel."""
    sea = telegram.supergroup("Sea talk")
    sea.join(scene.anna)
    news = telegram.channel("News", discussion=sea)
    message = scene.anna.sends_photo(sea, PICTURE, "/animate fog", as_channel=news)
    await scene.video_of(message)
    assert (await bot.only_job()).requester.id == f"telegram:{news.id}"


async def test_a_post_of_a_linked_channel_is_no_wish_by_itself(
    telegram: LoopbackTelegram, bot: Bot, scene: Harbour
) -> None:
    """What a channel posts arrives in its discussion group by itself; only whoever answers it gets a video of it."""
    sea = telegram.supergroup("Sea talk", privacy=False)
    sea.join(scene.anna)
    news = telegram.channel("News", discussion=sea)
    news.posts_photo(PICTURE, "/animate today's sea")
    forwarded = sea.messages[-1]
    comment = scene.anna.sends(sea, "/animate fog", reply_to=forwarded)
    video = await scene.video_of(comment)
    assert [job.prompt for job in await bot.jobs()] == ["fog"]
    assert video.reply_to is comment
    assert answers(forwarded) == []


async def test_other_bots_are_not_served(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """What another bot writes makes no video, however it comes here."""
    scene.ask(chat=scene.group, caption="/animate fog")
    (update,) = telegram.updates
    senders = {"rival": {"id": 99, "is_bot": True, "first_name": "Rival"}, "anna": update["message"]["from"]}
    for number, (caption, sender) in enumerate(senders.items(), start=1):
        message = {
            **update["message"],
            "message_id": 900_000 + number,
            "from": sender,
            "caption": f"/animate {caption}",
        }
        telegram.send_raw({"update_id": update["update_id"] + number, "message": message})
    assert [job.prompt for job in await bot.until_accepted(2)] == ["fog", "anna"]


async def test_a_group_that_moves_takes_its_jobs_along(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """A group that becomes a supergroup while a video is made gets the video where it goes on, and keeps its rules."""
    async with open_bot() as bot:
        message = scene.ask(chat=scene.group, caption="/animate hold fog")
        await scene.answer_to(message)
        new = scene.group.migrates()
        await telegram.until_confirmed()

        async def has_moved() -> bool:
            return (await bot.only_job()).origin.place == f"telegram:{new.id}"

        await eventually(has_moved)
        bot.renderer.release()
        await telegram.until(lambda: any(one.video for one in new.of_bot), about="the video in the supergroup")
        later = await scene.video(chat=new, caption="/animate snow")
        assert later.chat is new
        assert len([one for one in telegram.messages if one.video]) == 2
