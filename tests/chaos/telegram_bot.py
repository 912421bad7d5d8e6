"""The bot on Telegram that is killed."""

from bot.adapters.telegram.adapter import TelegramAdapter
from bot.adapters.telegram.limiter import USUAL_RATES, Rate, Rates
from bot.adapters.telegram.options import TelegramOptions
from bot.service.clock import SystemClock
from bot.service.status_messages import USUAL_PACE, Pace
from bot.store.milestones import Reach
from config.settings import Settings
from tests.chaos.chat_bot import live_in_chat

#: In a hurry: what matters is the order of things, and that there are many of them.
_FAST = Pace(0.1, 0.15, 0.02, 0.1, 0.1)
_EVERY = Rate(1_000, 0.001)


async def live_on_telegram(settings: Settings, where: dict[str, str], reach: Reach) -> None:
    """Be a bot on the Telegram that ``where`` names (base_url, token) until SIGTERM.

    ``is_hurried``: it speaks as fast as it can, and not as fast as Telegram takes it. ``render_s``: of one video.
    """
    clock, is_hurried = SystemClock(), bool(where.get("is_hurried"))
    options = TelegramOptions(
        where["token"],
        where["base_url"],
        pace=_FAST if is_hurried else USUAL_PACE,
        rates=Rates(_EVERY, _EVERY, _EVERY) if is_hurried else USUAL_RATES,
        pause_s=0.05,
        album_wait_s=0.1,
    )
    await live_in_chat(settings, TelegramAdapter(options, clock), clock, reach, float(where["render_s"]))
