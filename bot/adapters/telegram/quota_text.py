"""``/quota``: what a person has left, when more comes, and what the presets cost."""

from bot.adapters.telegram.desk import Desk
from bot.adapters.telegram.people import Letter
from bot.adapters.telegram.replies import Page
from bot.adapters.telegram.text import bold, instant, lines, plain
from bot.domain import chat_words as words
from bot.domain.credits import credits_text
from bot.domain.refusal_words import wait_text


async def quota(desk: Desk, letter: Letter) -> Page:
    """Return a person's credits as they are where they ask."""
    view = await desk.services.quotas.view(letter.requester.id, letter.place)
    now_s = desk.clock.now_ms() / 1000
    found = [bold(words.credits_now(view.left_mcr, view.cap_mcr, view.held_mcr, view.per_day_mcr))]
    for what, wait_s in (("One more credit", view.next_credit_s), (f"All {credits_text(view.cap_mcr)}", view.full_s)):
        if wait_s is not None:
            found.append(plain(f"{what} ") + instant(now_s + wait_s, f"in {wait_text(wait_s)}") + plain("."))
    prices = [
        plain(f"• {words.price_of_preset(offer.name, offer.price_mcr, offer.seconds, offer.eta_s)}")
        for offer in desk.services.offers.presets()
    ]
    return Page(lines(*found, plain("What a video costs:"), *prices))
