"""What the doctor says of Telegram: the real library asks a Telegram of our own."""

import logging
import socket
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.telegram.check import check
from bot.adapters.telegram.options import TelegramOptions, Webhook
from bot.service.doctor import Check, State
from tests.adapters.telegram.line import open_line
from tests.loopback.telegram import Group, LoopbackTelegram
from tests.loopback.telegram.users import Me


@pytest.fixture
def options(telegram: LoopbackTelegram) -> TelegramOptions:
    """The settings of a bot that fetches its messages."""
    return TelegramOptions(telegram.token, telegram.base_url)


class Quiet(Group):
    """A group in which only its admins may write."""

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "permissions": {"can_send_messages": False}}


def not_ok(checks: list[Check]) -> list[Check]:
    return [one for one in checks if one.state is not State.OK]


def told(checks: list[Check]) -> str:
    return "\n".join(f"{one.detail} | {one.remedy}" for one in checks)


async def test_a_bot_that_is_set_up_as_the_readme_says_has_nothing_to_do(
    telegram: LoopbackTelegram, options: TelegramOptions
) -> None:
    """Every line is in order; they name the bot, its server, what it hears in groups, and how messages come."""
    checks = await check(options)
    assert {one.name for one in checks} == {"telegram"}
    assert not_ok(checks) == []
    assert f"the bot is Animate (@{telegram.me.username}, {telegram.me.id})" in told(checks)
    assert f"127.0.0.1:{telegram.port} is used with the limits" in told(checks)
    assert f"Privacy mode is on: in groups it hears /animate@{telegram.me.username}" in told(checks)
    assert "It can be added to groups" in told(checks)
    assert "Messages are fetched (no webhook)" in told(checks)


async def test_looking_takes_no_message_from_a_running_bot(
    telegram: LoopbackTelegram, options: TelegramOptions
) -> None:
    """The doctor asks for no messages, which would take them from a bot that runs, and changes nothing."""
    await check(replace(options, admin_chat=telegram.group("Office").id))
    methods = {call.method for call in telegram.calls}
    assert methods == {"getMe", "getWebhookInfo", "getChat", "getChatMember"}


async def test_what_groups_let_it_hear_is_said(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """With privacy mode off it says so."""
    telegram.me.reads_all = True
    assert "Privacy mode is off" in told(await check(options))


async def test_a_bot_that_may_join_no_group_says_how_it_could(
    telegram: LoopbackTelegram, options: TelegramOptions
) -> None:
    """A bot that cannot be added to groups is a warning, with what to send to BotFather."""

    class Loner(Me):
        def to_full_json(self) -> dict[str, Any]:
            return {**super().to_full_json(), "can_join_groups": False}

    me = telegram.me
    telegram.world.me = Loner(me.id, me.name, me.username, is_bot=True)
    (line,) = not_ok(await check(options))
    assert line.state is State.WARN
    assert "/setjoingroups" in line.remedy


async def test_a_wrong_token_is_told_without_showing_it(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """That the token does not count is the only line, says where a new one comes from, and does not show the old."""
    telegram.new_token()
    checks = await check(options)
    (line,) = checks
    assert line.state is State.FAIL
    assert "BotFather" in line.remedy
    assert "ANIMATE_TELEGRAM__TOKEN" in line.remedy
    assert options.token not in told(checks)


async def test_a_bot_that_has_moved_to_another_server_is_told(
    telegram: LoopbackTelegram, options: TelegramOptions
) -> None:
    """A bot that has logged out here, to work with another Bot API server, reads which setting names that."""
    telegram.world.is_logged_out = True
    (line,) = await check(options)
    assert line.state is State.FAIL
    assert "telegram.base_url" in line.remedy


async def test_a_page_instead_of_an_answer_is_one_line(
    telegram: LoopbackTelegram, options: TelegramOptions, caplog: pytest.LogCaptureFixture
) -> None:
    """Where something else answers for Telegram, that is a warning, and its page is neither shown nor logged."""
    telegram.faults.next("getWebhookInfo", status=502, html=True)
    with caplog.at_level(logging.WARNING):
        checks = await check(options)
    (line,) = not_ok(checks)
    assert line.state is State.WARN
    assert "Bad Gateway" in line.detail
    assert "<" not in told(checks)
    assert "the bot is Animate" in checks[0].detail
    assert caplog.records == []


async def test_a_telegram_out_of_reach_is_a_warning(options: TelegramOptions) -> None:
    """Without a way to Telegram there is one warning, with the address that was tried."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    checks = await check(replace(options, base_url=f"http://127.0.0.1:{closed}"))
    (line,) = checks
    assert line.state is State.WARN
    assert f"cannot be reached at 127.0.0.1:{closed}" in line.detail
    assert options.token not in told(checks)


async def test_a_silent_telegram_is_not_waited_for(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """The doctor waits no longer than it says, and shows what it has heard until then."""
    held = telegram.faults.hold("getWebhookInfo")
    checks = await check(options, limit_s=0.3)
    held.release()
    (line,) = not_ok(checks)
    assert "no answer within 0.3 s" in line.detail
    assert len(checks) > 1


async def test_a_proxy_that_is_set_is_the_way(options: TelegramOptions) -> None:
    """Telegram is asked through the proxy of the settings, whose password is not shown."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    checks = await check(replace(options, proxy=f"http://somebody:secret-word@127.0.0.1:{closed}"))
    assert not_ok(checks) == checks
    assert "secret-word" not in told(checks)


async def test_local_mode_needs_a_server_of_ones_own(options: TelegramOptions) -> None:
    """Telegram's own server has no local mode: that is said before anybody is asked."""
    (line,) = await check(TelegramOptions(options.token, local_mode=True))
    assert line.state is State.FAIL
    assert "--local" in line.remedy
    assert "up to 2000 MB" in told(await check(replace(options, local_mode=True)))


async def test_a_webhook_in_the_way_is_told(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """Where messages go elsewhere and the settings name no webhook, that is a warning with the host only."""
    async with open_line(telegram) as line:
        await line.bot.set_webhook("https://old.example.org/secret-path")
    (one,) = not_ok(await check(options))
    assert one.state is State.WARN
    assert "old.example.org" in one.detail
    assert "secret-path" not in one.detail


async def test_a_webhook_is_compared_with_the_settings(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """The webhook of the settings is in order where Telegram has it, and a warning where it has not yet."""
    wanted = replace(options, webhook=Webhook("https://bot.example.org/telegram/webhook", "a" * 16))
    (one,) = not_ok(await check(wanted))
    assert "nowhere yet, and not to telegram.webhook_url at bot.example.org" in one.detail
    async with open_line(telegram) as line:
        await line.bot.set_webhook("https://bot.example.org/telegram/webhook", secret_token="a" * 16)
    checks = await check(wanted)
    assert not_ok(checks) == []
    assert "no messages wait" in told(checks)


async def test_a_webhook_that_fails_says_why(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """Where Telegram cannot bring messages to the webhook, its reason is told, and how many wait."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/telegram/webhook"
    async with open_line(telegram) as line:
        await line.bot.set_webhook(url)
        anna = telegram.user("anna")
        anna.sends(telegram.private(anna), "hello")
        await telegram.until(lambda: telegram.webhook.last_error)
        (one,) = not_ok(await check(replace(options, webhook=Webhook(url, "a" * 16))))
        await line.bot.delete_webhook()
    assert "does not take messages" in one.detail
    assert "message waits" in one.detail or "messages wait" in one.detail


async def test_the_chat_for_notices_is_looked_at(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """The chat for notices is named where the bot may write there."""
    checks = await check(replace(options, admin_chat=telegram.group("Office").id))
    assert not_ok(checks) == []
    assert "Notices for the operator go to Office" in told(checks)


async def test_a_chat_for_notices_that_takes_none_is_told(telegram: LoopbackTelegram, options: TelegramOptions) -> None:
    """A chat that the bot does not know, may not write to, or that has another number now, is a warning each."""
    shut, moved, anna = telegram.group("Shut"), telegram.group("Moved"), telegram.user("anna")
    telegram.private(anna)
    anna.blocks()
    shut.__class__ = Quiet
    new = moved.migrates()
    wanted = {
        -5: "is none that the bot can see",
        shut.id: "may not write to Shut",
        anna.id: "may not write to",
        moved.id: f"has become the supergroup {new.id}",
    }
    for chat, words in wanted.items():
        (one,) = not_ok(await check(replace(options, admin_chat=chat)))
        assert one.state is State.WARN
        assert words in one.detail
