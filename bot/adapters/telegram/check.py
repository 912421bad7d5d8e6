"""The doctor's look at Telegram: whether it takes the bot as it is set up, and what it shows it. Changes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import telegram
from telegram.constants import ChatAction, ChatMemberStatus, ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError, TimedOut
from telegram.request import HTTPXRequest

from bot.adapters.telegram.options import CLOUD_URL, TelegramOptions
from bot.adapters.telegram.text import visible
from bot.domain import doctor_telegram_words as words
from bot.service.doctor import Check

_NAME = "telegram"
_LIMIT_S = 20.0
_CALL_LIMIT_S = 8.0
_MAX_NAME_CHARACTERS = 40
_MAX_REASON_CHARACTERS = 120


async def check(options: TelegramOptions, limit_s: float = _LIMIT_S) -> list[Check]:
    """Return what Telegram says about the bot; at most what ``limit_s`` leaves time for."""
    if options.local_mode and _is_cloud(options.base_url):
        return [Check.fail(_NAME, words.cloud_is_not_local())]
    found: list[Check] = []
    server = _host(options.base_url)
    try:
        async with asyncio.timeout(limit_s), _bot(options) as bot:
            async for one in _checks_of(bot, options):
                found.append(one)  # noqa: PERF401 (what was found before something breaks is kept)
    except TelegramError as error:
        found.append(_failure(error, options))
    except TimeoutError:
        found.append(Check.warn(_NAME, words.out_of_reach(server, f"no answer within {limit_s:g} s")))
    return found


async def _checks_of(bot: telegram.Bot, options: TelegramOptions) -> AsyncIterator[Check]:
    me = bot.bot
    yield Check.ok(_NAME, words.token_works(_shown(me.first_name), me.username or "", me.id))
    yield _server(options)
    is_open = bool(me.can_read_all_group_messages)
    yield Check.ok(_NAME, words.hears_everything() if is_open else words.hears_what_is_for_it(me.username or ""))
    if me.can_join_groups:
        yield Check.ok(_NAME, words.can_join_groups())
    else:
        yield Check.warn(_NAME, words.cannot_join_groups())
    yield _way_in(await bot.get_webhook_info(), options.webhook.url if options.webhook else "")
    if options.admin_chat is not None:
        yield await _notices(bot, options.admin_chat)


def _server(options: TelegramOptions) -> Check:
    if _is_cloud(options.base_url):
        return Check.ok(_NAME, words.in_the_cloud())
    found = words.own_server_is_local if options.local_mode else words.own_server
    return Check.ok(_NAME, found(_host(options.base_url)))


def _way_in(now: telegram.WebhookInfo, wanted: str) -> Check:
    """How messages come, as Telegram has it now; asking for them would take them from a running bot."""
    host = _host(now.url) if now.url else ""
    if not wanted:
        return Check.warn(_NAME, words.webhook_in_the_way(host)) if host else Check.ok(_NAME, words.polls())
    if now.url != wanted:
        return Check.warn(_NAME, words.webhook_is_elsewhere(host, _host(wanted)))
    # Telegram goes on naming the last error after all went well again: it matters while something waits.
    if now.last_error_message and now.pending_update_count:
        reason = _shown(now.last_error_message, _MAX_REASON_CHARACTERS)
        return Check.warn(_NAME, words.webhook_fails(host, now.pending_update_count, reason))
    return Check.ok(_NAME, words.webhook_is_set(host, now.pending_update_count))


async def _notices(bot: telegram.Bot, admin_chat: int) -> Check:
    try:
        chat = await bot.get_chat(admin_chat)
        may_write = await _may_write(bot, chat)
    except ChatMigrated as moved:
        return Check.warn(_NAME, words.notices_have_moved(admin_chat, moved.new_chat_id))
    except (BadRequest, Forbidden):
        return Check.warn(_NAME, words.notices_go_nowhere(admin_chat))
    name = _shown(chat.effective_name or str(admin_chat))
    if may_write:
        return Check.ok(_NAME, words.notices_go_to(name))
    return Check.warn(_NAME, words.notices_cannot_be_written(name))


async def _may_write(bot: telegram.Bot, chat: telegram.ChatFullInfo) -> bool:
    """Whether a message would be taken, without sending one."""
    if chat.type == ChatType.PRIVATE:
        try:
            await bot.send_chat_action(chat.id, ChatAction.TYPING)  # leaves no trace
        except Forbidden:
            return False
        return True
    me = await bot.get_chat_member(chat.id, bot.id)
    if isinstance(me, telegram.ChatMemberRestricted):
        return bool(me.can_send_messages)
    is_open = chat.permissions is None or chat.permissions.can_send_messages is not False
    return me.status == ChatMemberStatus.ADMINISTRATOR or (me.status == ChatMemberStatus.MEMBER and is_open)


def _failure(error: TelegramError, options: TelegramOptions) -> Check:
    server, cause = _host(options.base_url), error.__cause__
    if isinstance(error, InvalidToken):
        is_ours = _is_cloud(options.base_url)
        return Check.fail(_NAME, words.token_is_wrong() if is_ours else words.token_is_unknown_there(server))
    if "logged out" in error.message.lower():
        return Check.fail(_NAME, words.logged_out(server))
    if isinstance(cause, httpx.HTTPError):
        reason = f"no answer within {_CALL_LIMIT_S:g} s" if isinstance(error, TimedOut) else str(cause)
        return Check.warn(_NAME, words.out_of_reach(server, _shown(reason, _MAX_REASON_CHARACTERS)))
    # The library puts whatever page came into its message.
    reason = error.message.partition(". Parsing the server response")[0]
    return Check.warn(_NAME, words.answers_badly(server, _shown(reason, _MAX_REASON_CHARACTERS)))


class _QuietRequest(HTTPXRequest):
    """The library's way to Telegram, without its line in the log for a page that is no JSON: that is a finding here."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            found = json.loads(payload)
        except ValueError as error:
            raise TelegramError("no JSON") from error
        return found if isinstance(found, dict) else {}


def _bot(options: TelegramOptions) -> telegram.Bot:
    request = _QuietRequest(
        connection_pool_size=1,
        read_timeout=_CALL_LIMIT_S,
        connect_timeout=_CALL_LIMIT_S,
        proxy=options.proxy or None,
        httpx_kwargs={"trust_env": False},  # the bot itself asks no environment for a proxy either
    )
    return telegram.Bot(options.token, base_url=f"{options.base_url.rstrip('/')}/bot", request=request)


def _is_cloud(base_url: str) -> bool:
    return base_url.rstrip("/") == CLOUD_URL


def _host(url: str) -> str:
    """Only this much of an address is shown: its path may be a secret."""
    return _shown(urlsplit(url).netloc.rpartition("@")[2] or url)


def _shown(text: str, max_characters: int = _MAX_NAME_CHARACTERS) -> str:
    """What somebody else has written, without what would steer the terminal."""
    return visible(text, max_characters)
