"""``/quota``: what a person has left, when more comes, and what the presets cost."""

from discord import ui

from bot.adapters.discord.desk import Desk
from bot.adapters.discord.job_list import discord_time
from bot.adapters.discord.people import Interaction, circumstances_of, place_of, requester_of
from bot.adapters.discord.presses import board
from bot.domain import chat_words as words


async def quota(desk: Desk, interaction: Interaction) -> ui.LayoutView:
    """Return a person's credits where they ask: roles may give more in one server than elsewhere."""
    roles = circumstances_of(interaction).roles
    view = await desk.services.quotas.view(requester_of(interaction).id, place_of(interaction), roles)
    now_s = desk.clock.now_ms() / 1000
    lines = [f"**{words.credits_now(view.left_mcr, view.cap_mcr, view.held_mcr, view.per_day_mcr)}**"]
    if view.next_credit_s is not None:
        lines.append(f"One more credit {discord_time(now_s + view.next_credit_s)}.")
    if view.full_s is not None:
        lines.append(f"All of them {discord_time(now_s + view.full_s)}.")
    prices = [
        f"- {words.price_of_preset(offer.name, offer.price_mcr, offer.seconds, offer.eta_s)}"
        for offer in desk.services.offers.presets()
    ]
    return board(ui.TextDisplay("\n".join(lines)), ui.TextDisplay("\n".join(["What a video costs:", *prices])))
