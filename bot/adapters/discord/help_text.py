"""``/help``: what the bot does here, in one screen."""

from discord import ui

from bot.adapters.discord.desk import Desk
from bot.adapters.discord.people import Interaction, place_of
from bot.adapters.discord.presses import board
from bot.domain import chat_words as words
from bot.domain.place_rules import PlaceRules

_COMMANDS = (
    ("animate", "a picture and a sentence become a short video"),
    ("animate-form", "the same as a form"),
    ("jobs", "your jobs under way, and a button to cancel each"),
    ("history", "your results, to have them sent or made again"),
    ("quota", "your credits and what videos cost"),
    ("privacy", "what is stored about you, how to get it and how to delete it"),
    ("forget-me", "delete all of it"),
)
_MAX_ROOMS = 20


async def help_text(desk: Desk, interaction: Interaction) -> ui.LayoutView:
    """Return what the bot does in this place, with the engine that runs now."""
    offers = desk.services.offers
    capabilities = offers.capabilities
    place = place_of(interaction)
    rules = await desk.services.places.rules(place) if place else PlaceRules()
    what = "Send a picture, say what happens, and get a short video back."
    engine = words.engine_in_words(uses_ai=capabilities.uses_ai, model=capabilities.model)
    commands = "\n".join(f"`/{name}`: {meaning}" for name, meaning in _COMMANDS)
    options = "\n".join(f"`{option.name}`: {option.help}" for option in offers.options)
    menu = "Right-click a message with a picture (on a phone: hold it), then Apps, then Animate."
    return board(
        ui.TextDisplay("\n".join([f"**{what}**", engine, *_rules_in_words(rules)])),
        ui.TextDisplay(f"{commands}\n{menu}"),
        ui.TextDisplay(f"Options of `/animate`:\n{options}"),
    )


def _rules_in_words(rules: PlaceRules) -> list[str]:
    rooms = " ".join(f"<#{room}>" for room in sorted(rules.rooms)[:_MAX_ROOMS])
    where = [f"In this server one may ask in {rooms}."] if rooms else []
    return (
        [*where, "In this server one may ask in age-restricted channels only."] if rules.age_restricted_only else where
    )
