"""How updates reach a bot: by polling, by webhook, once, again, out of order, and not with an old token."""

import asyncio
from random import Random

import pytest
from aiohttp import web
from telegram.error import BadRequest, Conflict, InvalidToken

from tests.loopback.telegram.stage import library, stage


async def test_two_pollers() -> None:
    """When two ask for updates, the one who asked first is told of the conflict."""
    async with stage() as here:
        first = asyncio.create_task(here.bot.get_updates(timeout=5))
        await here.telegram.until(lambda: here.telegram.polling.is_asked)
        async with library(here.telegram) as other:
            second = asyncio.create_task(other.get_updates(timeout=5))
            with pytest.raises(Conflict, match="terminated by other getUpdates"):
                await first
            here.anna.sends(here.chat, "hello")
            assert len(await second) == 1


async def test_confirmed_updates_are_forgotten() -> None:
    """An update comes until it is confirmed, then only when Telegram repeats it."""
    async with stage() as here:
        here.anna.sends(here.chat, "hello")
        [update] = await here.bot.get_updates()
        assert len(await here.bot.get_updates()) == 1
        assert await here.bot.get_updates(offset=update.update_id + 1) == ()
        here.telegram.repeats(here.telegram.updates[0], times=2)
        again = await here.bot.get_updates(offset=update.update_id + 1)
        assert [one.update_id for one in again] == [update.update_id] * 2
        assert await here.bot.get_updates(offset=update.update_id + 1) == ()


async def test_updates_out_of_order() -> None:
    """What waits can be made to come out of order, each update once."""
    async with stage() as here:
        for text in "abcdef":
            here.anna.sends(here.chat, text)
        here.telegram.shuffle(Random(7))
        texts = [update.message.text or "" for update in await here.bot.get_updates() if update.message]
        assert "".join(texts) != "abcdef"
        assert "".join(sorted(texts)) == "abcdef"


async def test_unwanted_updates_do_not_come() -> None:
    """A bot that names what it wants to hear hears nothing else."""
    async with stage() as here:
        await here.bot.get_updates(timeout=0, allowed_updates=["callback_query"])
        here.anna.sends(here.chat, "hello")
        assert await here.nothing_comes()


async def test_tokens() -> None:
    """A revoked token opens nothing any more, also for who waits with it, and the new one does."""
    async with stage() as here:
        waiting = asyncio.create_task(here.bot.get_updates(timeout=5))
        await here.telegram.until(lambda: here.telegram.polling.is_asked)
        here.telegram.new_token()
        for call in (waiting, here.bot.get_me()):
            with pytest.raises(InvalidToken, match="Unauthorized"):
                await call
        async with library(here.telegram) as renewed:
            assert renewed.id == here.telegram.me.id


async def _listener(received: list[tuple[str, int]], statuses: list[int]) -> tuple[web.AppRunner, str]:
    """A bot's own web server on this machine, which answers with these statuses in turn, then with 200."""

    async def take(request: web.Request) -> web.Response:
        update = await request.json()
        received.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""), update["update_id"]))
        return web.Response(status=statuses.pop(0) if statuses else 200)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def test_webhook() -> None:
    """A webhook is sent each update with its secret until it takes it, and nobody can poll meanwhile."""
    received: list[tuple[str, int]] = []
    listener, origin = await _listener(received, [500, 503])
    async with stage() as here:
        await here.bot.set_webhook(f"{origin}/hook", secret_token="secret")
        with pytest.raises(Conflict, match="webhook is active"):
            await here.bot.get_updates()
        here.anna.sends(here.chat, "one")
        here.anna.sends(here.chat, "two")
        await here.telegram.until_confirmed()
        first, second = (update["update_id"] for update in here.telegram.updates)
        assert received == [("secret", first)] * 3 + [("secret", second)]
        assert [post.status for post in here.telegram.webhook.posts] == [500, 503, 200, 200]
        assert (await here.bot.get_webhook_info()).last_error_message == "Wrong response from the webhook: 503"
        await here.bot.delete_webhook()
        assert await here.bot.get_updates() == ()
    await listener.cleanup()


async def test_webhook_behind_a_proxy() -> None:
    """A webhook's public address must be https; its updates reach this machine by the reverse proxy that is named."""
    received: list[tuple[str, int]] = []
    listener, origin = await _listener(received, [])
    async with stage() as here:
        with pytest.raises(BadRequest, match="https url must be provided"):
            await here.bot.set_webhook("http://bot.example/hook")
        await here.bot.set_webhook("https://bot.example/hook")
        here.anna.sends(here.chat, "hello")
        assert (await here.bot.get_webhook_info()).pending_update_count == 1
        here.telegram.webhook.reverse_proxy = origin
        await here.telegram.until_confirmed()
        assert len(received) == 1
    await listener.cleanup()
