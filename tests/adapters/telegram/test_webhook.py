"""The webhook: who may post, what is answered, and that it is committed before Telegram hears that all is well."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bot.adapters.telegram.options import Webhook
from bot.adapters.telegram.webhook import SECRET_HEADER, WebhookDoor
from bot.adapters.web.access import Access
from bot.adapters.web.app import make_app
from bot.adapters.web.server import WebServer
from bot.app.chats import TELEGRAM_WEBHOOK_PATH
from bot.service.inbox import NewUpdate
from bot.store.errors import StoreError, StoreProblem
from tests.adapters.telegram.conftest import Bot, OpenBot, quick
from tests.adapters.telegram.scenes import Harbour
from tests.loopback.telegram import LoopbackTelegram

SECRET = "a-word-that-nobody-knows"
UPDATE = json.dumps({"update_id": 7, "message": {"chat": {"id": 5}}}).encode()


@dataclass
class Intake:
    """Takes updates, or cannot."""

    is_full: bool = False
    taken: list[NewUpdate] = field(default_factory=list)

    async def take(self, updates: Sequence[NewUpdate]) -> None:
        if self.is_full:
            raise StoreError(StoreProblem.FULL)
        self.taken += updates


async def test_what_telegram_posts_is_taken() -> None:
    """A post with the word is kept, and only then answered with 200."""
    intake = Intake()
    assert await WebhookDoor(SECRET, intake.take).receive({SECRET_HEADER: SECRET}, UPDATE) == 200
    assert [(update.number, update.lane) for update in intake.taken] == [(7, "5")]
    assert json.loads(intake.taken[0].body) == json.loads(UPDATE)


@pytest.mark.parametrize("given", ["", "wrong", SECRET + "x", SECRET.upper(), "schlüssel"])
async def test_whoever_does_not_know_the_word_is_sent_away(given: str) -> None:
    """Without the word, or with another, nothing is read."""
    intake = Intake()
    headers = {SECRET_HEADER: given} if given else {}
    assert await WebhookDoor(SECRET, intake.take).receive(headers, UPDATE) == 401
    assert intake.taken == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"5", 400),
        (b'{"message": {}}', 400),
        (b'{"update_id": "x"}', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
    ],
)
async def test_what_is_no_update_is_refused(body: bytes, status: int) -> None:
    """What cannot be an update is refused and kept nowhere."""
    intake = Intake()
    assert await WebhookDoor(SECRET, intake.take).receive({SECRET_HEADER: SECRET}, body) == status
    assert intake.taken == []


async def test_what_the_disk_does_not_take_is_to_come_again() -> None:
    """Where nothing can be committed Telegram hears that it failed, and posts again."""
    assert await WebhookDoor(SECRET, Intake(is_full=True).take).receive({SECRET_HEADER: SECRET}, UPDATE) == 503


@asynccontextmanager
async def on_the_page(bot: Bot, server: WebServer) -> AsyncIterator[None]:
    """Serve the page with the webhook, as the running bot does."""
    app = make_app(bot.services, Access("", []), webhooks={TELEGRAM_WEBHOOK_PATH: bot.adapter.receive})
    await server.start(app)
    try:
        yield
    finally:
        await server.stop()


async def test_a_video_by_webhook(open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour) -> None:
    """With a webhook Telegram posts what is new to the page, under whatever name leads there, and asks for nothing."""
    server = WebServer("127.0.0.1", 0)
    url = f"http://localhost:{server.port}{TELEGRAM_WEBHOOK_PATH}"
    async with open_bot(options=quick(telegram, webhook=Webhook(url, SECRET))) as bot, on_the_page(bot, server):
        await scene.video()
        line = await scene.answer_to(scene.ask(caption="hold"))
        await scene.anna.presses(line, "Cancel")
        assert {post.status for post in telegram.webhook.posts} == {200}
        assert telegram.calls_to("getUpdates") == []
        stranger = {"Host": "bot.example.org", "Origin": "https://elsewhere.example.org"}
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(url, content=UPDATE, headers=stranger)).status_code == 401
            known = {**stranger, SECRET_HEADER: SECRET}
            assert (await client.post(url, content=b"no update", headers=known)).status_code == 400
            assert (await client.post(url, content=b" " * 900_000, headers=known)).status_code == 400
            too_large = await client.post(url, content=b" " * 1_100_000, headers=known)
            assert too_large.status_code == 413
            assert "1000 kB" in too_large.text  # the guard's answer: nothing of it was read
            assert (await client.get(f"http://localhost:{server.port}/", headers=stranger)).status_code == 421


async def test_without_a_webhook_there_is_no_such_address(bot: Bot) -> None:
    """A page without a webhook does not know its address."""
    server = WebServer("127.0.0.1", 0)
    await server.start(make_app(bot.services, Access("", [])))
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{server.address}{TELEGRAM_WEBHOOK_PATH.removeprefix('/')}", content=UPDATE)
    await server.stop()
    assert answer.status_code in (404, 405)


async def test_what_comes_before_the_bot_is_there_is_posted_again(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour, tmp_path: Path
) -> None:
    """A post before the bot runs is answered with 503, and so comes again."""
    async with open_bot() as bot:
        assert await bot.adapter.receive({SECRET_HEADER: SECRET}, UPDATE) == 503


async def test_a_webhook_that_telegram_refuses_is_set_again(
    open_bot: OpenBot, telegram: LoopbackTelegram, scene: Harbour
) -> None:
    """Where the webhook cannot be set the bot tries again, and then works."""
    server = WebServer("127.0.0.1", 0)
    url = f"http://localhost:{server.port}{TELEGRAM_WEBHOOK_PATH}"
    refused = telegram.faults.next("setWebhook", status=400, description="Bad Request: bad webhook", count=2)
    async with open_bot(options=quick(telegram, webhook=Webhook(url, SECRET))) as bot, on_the_page(bot, server):
        await scene.video()
        assert refused.hits == 2
