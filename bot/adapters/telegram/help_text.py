"""``/start`` and ``/help``: what the bot does, and how one asks for it, in private and in a group."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.people import Letter
from bot.adapters.telegram.replies import Page
from bot.adapters.telegram.text import Text, bold, code, lines, link, plain
from bot.domain import chat_words as words
from bot.domain.option import Option
from bot.domain.place_rules import PlaceRules
from bot.service.delivery import TryLater

#: What all people can give, as the menu and the help name it.
COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "animate": "Make a video of the photo that you reply to",
        "jobs": "Your jobs under way, and a button to cancel each",
        "cancel": "End the job that you reply to",
        "history": "Your results, to have them sent or made again",
        "quota": "Your credits and what videos cost",
        "report": "Tell the admins what is wrong with the video that you reply to",
        "privacy": "What is stored about you, how to get it and how to delete it",
        "forget_me": "Delete everything that is stored about you",
        "help": "What this bot does and how to ask for it",
    }
)

_WHAT = "Send a picture, say what happens, and get a short video back."
_FIRST_STEP = "Send me a photo now, with what shall happen in it as its caption."
_EXAMPLE = "The boats sway, slow zoom in --seconds 4 --seed 7"
_MAX_TOPICS = 20


async def greeting(desk: Desk, letter: Letter) -> Page:
    """Return what somebody reads who has just come, or a group that the bot has just come into."""
    more = plain(f"A short video comes back. {_engine(desk)}"), plain("/help says more.")
    if letter.is_private:
        return Page(lines(bold(_FIRST_STEP), *more))
    return Page(lines(*(await _ways_in_group(desk, letter)), *more))


async def help_text(desk: Desk, letter: Letter) -> Page:
    """Return what the bot does here, with the engine that runs now."""
    ways = _ways_in_private() if letter.is_private else await _ways_in_group(desk, letter)
    commands = (plain(f"/{name} {meaning}") for name, meaning in COMMANDS.items())
    return Page(
        lines(
            bold(_WHAT),
            plain(_engine(desk)),
            Text(""),
            *ways,
            Text(""),
            bold("Options, anywhere in the words:"),
            *map(_option, desk.services.offers.options),
            plain("For example: ") + code(_EXAMPLE),
            Text(""),
            *commands,
        )
    )


def _option(option: Option) -> Text:
    values = ", ".join(choice.value for choice in option.choices)
    return plain("• ") + code(f"--{option.name}") + plain(f" {option.help}{f' ({values})' if values else ''}")


def _engine(desk: Desk) -> str:
    capabilities = desk.services.offers.capabilities
    return words.engine_in_words(uses_ai=capabilities.uses_ai, model=capabilities.model)


def _ways_in_private() -> list[Text]:
    return [
        bold("How to ask:"),
        plain("• Send a photo, or an image as a file; its caption says what happens."),
        plain("• Reply to a photo with ") + code("/animate") + plain(" and what happens."),
        plain("• Send an album: each picture becomes a video. With ")
        + code("--end-frame")
        + plain(" it is one video, from the first picture to the last."),
        plain("• Reply to a video with other words, and it is made again with these."),
    ]


async def _ways_in_group(desk: Desk, letter: Letter) -> list[Text]:
    me = desk.posts.me
    hears_all = me.reads_all or await _is_admin_there(desk, letter.chat)
    command = "/animate" if hears_all else f"/animate@{me.username}"
    found = [
        bold("How to ask in this group:"),
        plain("• Send a photo with ") + code(f"{command} what happens") + plain(" as its caption."),
        plain("• Reply to somebody's photo with ") + code(f"{command} what happens") + plain("."),
        plain("• Reply to a video of mine with ") + code(f"{command} other words") + plain(", and it is made again."),
    ]
    if hears_all:
        found.append(plain(f"• Or name @{me.username} in a photo's caption."))
    else:
        found.append(
            plain(
                "More is not shown to me here, because of Telegram's privacy mode. An admin of this group lifts it by"
            )
            + plain(" making me an admin; who runs this bot lifts it everywhere with /setprivacy at ")
            + link("BotFather", "https://t.me/BotFather")
            + plain(", and adds me to the group again.")
        )
    rules = await desk.services.places.rules(letter.place)
    return [*found, *_rules_in_words(rules, letter.chat)]


async def _is_admin_there(desk: Desk, chat: int) -> bool:
    """Whether Telegram hands us everything in a group, whatever privacy mode says: it does so to the group's admins."""
    try:
        return await desk.posts.is_chat_admin(chat, desk.posts.me.id)
    except TryLater:  # then the help names the form that is heard in any case
        return False


def _rules_in_words(rules: PlaceRules, chat: int) -> Iterator[Text]:
    if rules.rooms:
        found = plain("In this group one may ask in these topics only:")
        for room in sorted(rules.rooms)[:_MAX_TOPICS]:
            found += plain(" ") + topic_link(chat, room)
        yield found + plain(".")
    if rules.age_restricted_only:
        yield plain("Nothing is made here: videos are for age-restricted places only, and Telegram has none.")


def topic_link(chat: int, room: str) -> Text:
    """Return a link to a topic of a supergroup."""
    return link(f"topic {room}", f"https://t.me/c/{str(chat).removeprefix('-100')}/{room}")
