"""The commands of admins and of those who manage a group: typed, checked at every call, asked twice where it hurts."""

from typing import Any

import pytest

from bot.domain.job import Job, Requester
from tests.adapters.telegram.conftest import PLACE_RULES, Bot, OpenBot, quick, with_admins
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import Chat, LoopbackTelegram, Message, Topic

NOT_ALLOWED = "Only an admin may do that."


async def by_ben(scene: Harbour, text: str, chat: Chat | Topic | None = None, **about: Any) -> Message:
    """Return the answer to what Ben writes, in private if no place is named."""
    return await scene.answer_to(scene.ben.sends(chat or scene.bens, text, **about))


async def waiting(bot: Bot, scene: Harbour, prompt: str, chat: Chat | None = None) -> tuple[Job, Message]:
    """Return a job of Anna's that does not end, and its status message."""
    caption = prompt if chat is None else f"/animate@{scene.telegram.me.username} {prompt}"
    status = await scene.answer_to(scene.ask(chat=chat, caption=caption))
    return next(job for job in await bot.jobs() if job.prompt == prompt), status


@pytest.fixture
def rules(scene: Harbour) -> Any:
    """Rules by which Ben is an admin of the bot."""
    return with_admins(PLACE_RULES, scene.ben.id)


async def test_a_stranger_is_refused(bot: Bot, scene: Harbour) -> None:
    """Whoever is neither an admin nor manages a group can type a command, is refused, and is noted."""
    for command in ("/pause", "/queue", "/ban 5 for nothing", "/place_rooms what"):
        assert (await by_ben(scene, command)).text == NOT_ALLOWED
    assert not bot.services.queue.view().paused


async def test_an_admin_commands_in_private(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """An admin pauses and resumes the bot from the chat with it."""
    async with open_bot(rules=rules) as bot:
        assert "Paused" in (await by_ben(scene, "/pause")).text
        assert bot.services.queue.view().paused
        assert "Running" in (await by_ben(scene, "/resume")).text
        assert not bot.services.queue.view().paused


async def test_every_command_of_the_services_can_be_typed(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """Each command that the services have is known, with its hyphens as lines."""
    async with open_bot(rules=rules) as bot:
        for command in bot.services.admin.commands:
            answer = await by_ben(scene, f"/{command.name.replace('-', '_')}")
            assert "There is no command" not in answer.text


async def test_a_group_is_managed_by_its_admins(telegram: LoopbackTelegram, bot: Bot, scene: Harbour) -> None:
    """Who manages a group sets its pool and sees its jobs, and can neither pause the bot nor change another group."""
    scene.group.join(scene.ben, admin=True)
    place = f"telegram:{scene.group.id}"
    answer = await by_ben(scene, "/place_pool 3 1", scene.group)
    assert "In this group one may ask" in answer.text
    pool = (await bot.services.places.rules(place)).pool
    assert pool is not None
    assert (pool.cap_mcr, pool.per_day_mcr) == (3_000, 1_000)
    assert (await by_ben(scene, "/pause", scene.group)).text == NOT_ALLOWED
    assert NOT_ALLOWED in (await by_ben(scene, "/place_pool 3 1 telegram:-5", scene.group)).text
    scene.group.join(scene.ben)
    assert (await by_ben(scene, "/place_pool 9 9", scene.group)).text == NOT_ALLOWED


async def test_a_group_that_speaks_manages_itself(bot: Bot, scene: Harbour) -> None:
    """An admin who writes as the group may do what an admin of the group may, and answers for it by name."""
    scene.group.join(scene.ben, admin=True)
    job, _ = await waiting(bot, scene, "hold", scene.group)
    answer = await by_ben(scene, "/place", scene.group, anonymous=True)
    assert f"In this group ({scene.group.id})" in answer.text
    ended = await by_ben(scene, f"/cancel {job.id}", scene.group, anonymous=True)
    assert "is cancelled" in ended.text


async def test_topics_are_chosen_from_within(bot: Bot, scene: Harbour) -> None:
    """In a topic "here" is that topic, and the help names it then; General has no number, and that is said."""
    scene.forum.join(scene.ben, admin=True)
    answer = await by_ben(scene, "/place_rooms add here", scene.topic)
    assert (await bot.services.places.rules(f"telegram:{scene.forum.id}")).rooms == {str(scene.topic.id)}
    (link,) = [entity.data["url"] for entity in answer.entities if entity.type == "text_link"]
    assert link == f"https://t.me/c/{str(scene.forum.id).removeprefix('-100')}/{scene.topic.id}"
    help_ = await by_ben(scene, "/help", scene.forum)
    assert f"in these topics only: topic {scene.topic.id}." in help_.text
    assert "General has none" in (await by_ben(scene, "/place_rooms remove here", scene.forum)).text


async def test_what_telegram_has_not_cannot_be_set_there(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """Rules about roles and age say why they make no sense for a group, and are set for a place elsewhere."""
    async with open_bot(rules=rules) as bot:
        scene.group.join(scene.ben, admin=True)
        assert "no roles" in (await by_ben(scene, "/place_tier 5 2", scene.group)).text
        assert "shut out everybody" in (await by_ben(scene, "/place_age_restricted on", scene.group)).text
        await by_ben(scene, "/place_age_restricted on discord:987")
        assert (await bot.services.places.rules("discord:987")).age_restricted_only


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("/grant", "grant needs person."),
        ("/grant 5", "grant needs credits."),
        ("/grant 5 many", "credits must be a number; many is not."),
        ("/grant @anna 5", "Telegram does not tell bots who @anna is."),
        ("/grant 5 5 more words", "It is not clear what “more words” is for."),
    ],
)
async def test_a_wrong_command_says_how_it_is_given(
    open_bot: OpenBot, scene: Harbour, rules: Any, text: str, hint: str
) -> None:
    """What is missing or wrong is said, with the form of the command below it, and nothing is done."""
    async with open_bot(rules=rules):
        answer = await by_ben(scene, text)
        assert answer.text.startswith(hint)
        assert answer.text.endswith("/grant person credits")


async def test_the_usage_says_what_has_to_be_named(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """What comes after a text can only be given by its name, and may be left out where that is so."""
    async with open_bot(rules=rules):
        assert (await by_ben(scene, "/ban")).text.endswith("/ban person reason [days=…]")
        assert (await by_ben(scene, "/place_rooms")).text.endswith("/place_rooms add|remove|clear [room] [place]")


async def test_a_reply_says_who_is_meant(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """A command about somebody is about whose message it answers: their own, or the one that shows their job."""
    async with open_bot(rules=rules, options=quick(scene.telegram, admin_chat=scene.group.id)) as bot:
        said = scene.anna.sends(scene.group, "hello")
        answer = await by_ben(scene, "/grant 5", scene.group, reply_to=said)
        assert f"telegram:{scene.anna.id} has" in answer.text
        job, status = await waiting(bot, scene, "hold", scene.group)
        assert f"telegram:{scene.anna.id} has" in (await by_ben(scene, "/grant 5", scene.group, reply_to=status)).text
        assert job.id in (await by_ben(scene, "/job", scene.group, reply_to=status)).text


async def test_arguments_go_by_name_anywhere(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """An argument that is named may stand anywhere, and quotation marks hold its words together."""
    async with open_bot(rules=rules):
        answer = await by_ben(scene, f'/ban days=2.5 {scene.anna.id} reason="rude words, twice"')
        assert "days: 2.5" in answer.text
        assert "reason: rude words, twice" in answer.text
        assert f"person: telegram:{scene.anna.id}" in answer.text


async def test_a_person_without_a_username_is_named(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, rules: Any
) -> None:
    """Where Telegram says who a name in the command belongs to, that person is meant."""
    async with open_bot(rules=rules):
        carl = telegram.user("Carl Gustaf", username="")
        text = "/grant Carl Gustaf 5"
        number = telegram.updates[-1]["update_id"] + 1 if telegram.updates else 1
        telegram.send_raw(
            {
                "update_id": number,
                "message": {
                    "message_id": 4_000,
                    "date": 1_700_000_000,
                    "chat": {"id": scene.ben.id, "type": "private", "first_name": "ben"},
                    "from": scene.ben.to_json(),
                    "text": text,
                    "entities": [
                        {"type": "bot_command", "offset": 0, "length": 6},
                        {"type": "text_mention", "offset": 7, "length": 11, "user": carl.to_json()},
                    ],
                },
            }
        )
        await telegram.until(lambda: scene.bens.of_bot)
        assert f"telegram:{carl.id} has" in scene.bens.of_bot[-1].text


async def test_a_dangerous_command_is_asked_again(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, rules: Any
) -> None:
    """A dangerous command does nothing until its question is answered, also after a restart, and then once."""
    anna, reason = f"telegram:{scene.anna.id}", "wrote *rude* words: `twice` and 🐟"
    async with open_bot(rules=rules) as bot:
        question = await by_ben(scene, f"/ban {scene.anna.id} {reason}")
        assert (await bot.services.privacy.export(anna))["ban"] is None
        assert question.labels == ["Yes, ban", "No"]
    async with open_bot(rules=rules) as bot:
        await scene.ben.presses(question, "Yes, ban")
        await telegram.until(lambda: "may not ask any more" in question.text)
        ban: Any = (await bot.services.privacy.export(anna))["ban"]
        assert ban["reason"] == reason
        assert question.labels == []


async def test_a_question_can_be_answered_with_no(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, rules: Any
) -> None:
    """With No nothing is done, whatever is pressed after it, and the question is gone."""
    async with open_bot(rules=rules) as bot:
        question = await by_ben(scene, "/drain")
        await scene.ben.presses(question, "No", wait=False)
        late = await scene.ben.presses(question, "Yes, drain", wait=False)
        await telegram.until(lambda: question.text == "Nothing was done.")
        assert "answered already" in (await late.answered()).text
        assert not bot.services.queue.view().draining


@pytest.mark.parametrize("label", ["Yes, drain", "No"])
async def test_a_question_is_for_whoever_gave_the_command(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, label: str
) -> None:
    """Another admin who sees the question cannot answer it."""
    rules, options = with_admins(PLACE_RULES, scene.ben.id, scene.anna.id), quick(telegram, admin_chat=scene.group.id)
    async with open_bot(rules=rules, options=options) as bot:
        question = await by_ben(scene, "/drain", scene.group)
        pressed = await scene.anna.presses(question, label)
        assert pressed.is_alert
        assert "Only whoever gave the command" in pressed.text
        assert not bot.services.queue.view().draining
        assert question.labels == ["Yes, drain", "No"]


async def test_a_question_is_answered_with_todays_rights(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """Whoever is no admin any more when they answer the question changes nothing."""
    async with open_bot(rules=rules):
        question = await by_ben(scene, "/drain")
    async with open_bot() as bot:
        assert (await scene.ben.presses(question, "Yes, drain")).text == NOT_ALLOWED
        assert not bot.services.queue.view().draining


async def test_a_question_is_answered_once_though_nobody_hears(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, rules: Any
) -> None:
    """What was done after a question is not done by a second press, though the first one's answer is still to come."""
    async with open_bot(rules=rules) as bot:
        question = await by_ben(scene, "/drain")
        held = telegram.faults.hold("editMessageText")
        await scene.ben.presses(question, "Yes, drain")
        await telegram.until(lambda: held.hits == 1)
        assert bot.services.queue.view().draining
        await by_ben(scene, "/resume")
    held.release()
    async with open_bot(rules=rules) as bot:  # to which the press is given once more
        await telegram.until(lambda: len(telegram.calls_to("answerCallbackQuery")) > 1)
        assert not bot.services.queue.view().draining


async def test_an_old_question_says_so(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """A question that nobody has answered for a day is not done any more."""
    async with open_bot(rules=rules) as bot:
        question = await by_ben(scene, "/drain")
        bot.clock.move(86_401)
        pressed = await scene.ben.presses(question, "Yes, drain")
        assert "too old" in pressed.text
        assert not bot.services.queue.view().draining


async def test_what_was_granted_is_not_granted_again(
    telegram: LoopbackTelegram, open_bot: OpenBot, scene: Harbour, rules: Any
) -> None:
    """A command that was done when the bot was killed is not done a second time by its next life."""
    anna = f"telegram:{scene.anna.id}"
    async with open_bot(rules=rules) as bot:
        before = (await bot.services.quotas.view(anna)).left_mcr
        held = telegram.faults.hold("sendMessage")
        scene.ben.sends(scene.bens, f"/grant {scene.anna.id} 5")
        await telegram.until(lambda: telegram.calls_to("sendMessage"))
    held.release()
    async with open_bot(rules=rules) as bot:
        await telegram.until(lambda: any("may have been done" in one.text for one in scene.bens.of_bot))
        assert (await bot.services.quotas.view(anna)).left_mcr == before + 5_000


async def test_nobody_is_called_by_a_list_in_a_group(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """Where others read an answer, the people in it are shown and not called; in private a tap leads to them."""
    async with open_bot(rules=rules, options=quick(scene.telegram, admin_chat=scene.group.id)) as bot:
        await waiting(bot, scene, "hold")
        in_group = await by_ben(scene, "/audit", scene.group)
        assert f"telegram:{scene.ben.id}" in in_group.text
        assert "text_mention" not in [entity.type for entity in in_group.entities]
        assert "text_mention" in [entity.type for entity in (await by_ben(scene, "/audit")).entities]


async def test_a_long_answer_says_how_much_is_left_out(open_bot: OpenBot, scene: Harbour, rules: Any) -> None:
    """An answer that is longer than a message ends with how many lines there are more."""
    async with open_bot(rules=rules) as bot:
        await scene.video()
        job = await bot.until((await bot.only_job()).id)
        for number in range(45):
            await bot.services.reports.report(Requester("telegram", str(number)), job.id, "_" * 300)
        text = (await by_ben(scene, "/reports")).text
        shown = text.count(job.id)
        assert 3 < shown < 45
        assert text.endswith(f"and {45 - shown} more")
