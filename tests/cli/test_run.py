"""``animate-bot run`` as an operator has it: the real command, its page on a real port, its signals."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

TIMEOUT_S = 30
TOKEN = "anns-own-token-0123456789"


@dataclass
class Bot:
    """A running bot, and where its page is."""

    process: "subprocess.Popen[str]"
    line: str
    log: Path

    @property
    def link(self) -> str:
        return self.line.removeprefix("animate-bot is at ").strip()

    @property
    def address(self) -> str:
        return self.link.partition("#")[0]

    def get(self, path: str, token: str = "") -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.get(self.address + path, headers=headers, trust_env=False, timeout=TIMEOUT_S)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """End it as an operator does; return what else it has printed, having checked that it ended well."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=TIMEOUT_S)
        assert self.process.returncode == 0, self.log.read_text()
        return rest


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """A fresh user's environment: no settings, everything below the test's folder, no card, any free port."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "ANIMATE_DATA_DIR": str(tmp_path / "data"),
        "ANIMATE_GENERATION__ENGINE": "camera",
        "ANIMATE_LOG__LEVEL": "debug",
        "ANIMATE_WEB__PORT": "0",
    }


StartBot = Callable[..., AbstractContextManager[Bot]]


@pytest.fixture
def bot(tmp_path: Path, environ: Mapping[str, str]) -> StartBot:
    @contextmanager
    def bot(*arguments: str, **more: str) -> Iterator[Bot]:
        log = tmp_path / "log"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run", *arguments],
                cwd=tmp_path,
                env={**environ, **more},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert process.stdout is not None
        try:
            yield Bot(process, process.stdout.readline(), log)
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    return bot


def test_one_line_says_where_the_page_is_and_a_signal_ends_it(bot: StartBot, tmp_path: Path) -> None:
    """The page is served at the printed address, as soon as it is printed; SIGTERM ends all of it with 0."""
    with bot("--port", "0") as running:
        assert running.line.startswith("animate-bot is at http://127.0.0.1:")
        assert "#" not in running.link
        assert running.get("").status_code == 200
        assert running.stop() == ""
        with pytest.raises(httpx.ConnectError):
            running.get("")
        assert not (tmp_path / "data" / "web-token").exists()
        assert "Traceback" not in running.log.read_text()


def test_a_page_for_others_has_a_token_that_is_shown_once(bot: StartBot, tmp_path: Path) -> None:
    """Beyond this machine a token is made for its owner's eyes only; the link with it is printed the first time."""
    token_file = tmp_path / "data" / "web-token"
    with bot("--host", "0.0.0.0") as first:
        token = token_file.read_text().strip()
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        assert first.link.endswith(f"/#token={token}")
        assert first.get("api/jobs").status_code == 401
        assert first.get("api/jobs", "a-wrong-token-0123456789").status_code == 401
        assert first.get("api/jobs", token).status_code == 200
        assert first.stop() == ""
        assert token not in first.log.read_text()
    with bot("--host", "0.0.0.0") as second:
        assert "token" not in second.line
        assert token_file.read_text().strip() == token
        assert second.get("api/jobs", token).status_code == 200
        second.stop()
        assert token not in second.log.read_text()


def test_people_come_in_with_tokens_of_their_own(bot: StartBot, tmp_path: Path) -> None:
    """With tokens nobody comes in without one, none is written to the log, and Ctrl-C ends it like SIGTERM."""
    with bot(ANIMATE_WEB__TOKENS=f"ann:{TOKEN}") as running:
        assert running.get("api/jobs").status_code == 401
        assert running.get("api/jobs", TOKEN).status_code == 200
        assert running.get("api/admin/board", TOKEN).status_code == 403
        running.stop(signal.SIGINT)
        log = running.log.read_text()
        assert log
        assert TOKEN not in log
        assert (tmp_path / "data" / "web-token").read_text().strip() not in log


@pytest.mark.parametrize(
    ("more", "exit_code", "words"),
    [
        ({"ANIMATE_WEB__PROT": "0"}, 78, "ANIMATE_WEB__PORT"),
        ({"ANIMATE_WEB__TOKENS": "ann:short"}, 78, "16"),
        ({"ANIMATE_WEB__ENABLED": "false"}, 78, "web.enabled"),
        (
            {
                "ANIMATE_WEB__ENABLED": "false",
                "ANIMATE_TELEGRAM__TOKEN": "123456789:" + "Aa0-_" * 7,
                "ANIMATE_TELEGRAM__WEBHOOK_URL": "https://bot.example.org/telegram/webhook",
                "ANIMATE_TELEGRAM__WEBHOOK_SECRET": "a-word-that-nobody-knows",
            },
            78,
            "telegram.webhook_url: needs the page",
        ),
        ({"ANIMATE_WEB__HOST": "192.0.2.1"}, 1, "192.0.2.1"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(
    environ: Mapping[str, str], tmp_path: Path, more: dict[str, str], exit_code: int, words: str
) -> None:
    """Wrong settings end with 78 before anything is made; an address that is not ours with 1; both in a sentence."""
    command = [sys.executable, "-m", "bot", "run"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**environ, **more}, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    assert done.returncode == exit_code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
