"""``animate-bot doctor`` as an operator and as a script use it: the real command in a process of its own."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

DISCORD_TOKEN = "M" + "Aa0-_" * 5 + ".Aa0-_X." + "Aa0-_" * 6
TELEGRAM_TOKEN = "123456789:" + "Aa0-_" * 7
#: Where nobody listens, and nobody may without being root.
CLOSED_PORT = 1


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A fresh user's home folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def run(home: Path) -> Run:
    """Runs ``doctor`` with nothing set but what a test adds."""

    def run(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        fresh = {"PATH": os.environ["PATH"], "HOME": str(home), "CUDA_VISIBLE_DEVICES": "", "ANIMATE_WEB__PORT": "0"}
        command = [sys.executable, "-m", "bot", "doctor", *arguments]
        return subprocess.run(command, cwd=home, env={**fresh, **environ}, capture_output=True, text=True, check=False)

    return run


def test_a_fresh_machine_is_good_enough_and_stays_untouched(run: Run, home: Path) -> None:
    """Nothing fails, each line says its state, the last line sums up, and no file or folder was made."""
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    names = [line.split()[1] for line in lines if not line.startswith(" ")]
    assert names == [
        *("python", "sqlite", "settings", "ffmpeg", "data_dir", "models_dir"),
        *("engine", "weights", "channels", "discord", "telegram", "page", "port", "admins"),
    ]
    assert last.startswith("No check failed; ")
    assert list(home.iterdir()) == []


def test_a_script_gets_one_object(run: Run, home: Path) -> None:
    """--json has the state, words and remedy of each check, whether all is well, and the exit code says it too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environ = {
            "ANIMATE_WEB__PORT": str(listener.getsockname()[1]),
            "ANIMATE_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
            "ANIMATE_TELEGRAM__BASE_URL": f"http://127.0.0.1:{CLOSED_PORT}",
            "ANIMATE_GENERATION__MODEL": TELEGRAM_TOKEN,  # pasted into the wrong place: is told as an unknown model
        }
        done = run("--json", **environ)
    assert (done.returncode, done.stderr) == (1, "")
    result = json.loads(done.stdout)
    assert result["ok"] is False
    checks = {check["name"]: check for check in result["checks"]}
    assert all(check.keys() == {"name", "state", "detail", "remedy"} for check in result["checks"])
    assert checks["port"]["state"] == "fail"
    assert checks["admins"]["state"] == "warn"
    assert "no model ***" in checks["weights"]["detail"]
    assert TELEGRAM_TOKEN not in done.stdout


def test_a_discord_out_of_reach_is_a_warning(home: Path) -> None:
    """With a token Discord is asked; that it does not answer is one line, without the token, and nothing on stderr."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    program = (
        "import runpy, sys, discord.http;"
        f"discord.http.Route.BASE = 'http://127.0.0.1:{closed}';"
        "sys.argv = ['animate-bot', 'doctor', '--json']; runpy.run_module('bot', run_name='__main__')"
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "CUDA_VISIBLE_DEVICES": "", "ANIMATE_WEB__PORT": "0"}
    environ |= {"ANIMATE_DISCORD__TOKEN": DISCORD_TOKEN, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    [line] = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "discord"]
    assert line["state"] == "warn"
    assert f"Cannot connect to host 127.0.0.1:{closed}" in line["detail"]
    assert DISCORD_TOKEN not in done.stdout


def test_a_telegram_out_of_reach_is_a_warning(run: Run, home: Path) -> None:
    """With a token Telegram is asked; that it does not answer is one line, without the token, and nothing on stderr."""
    environ = {
        "ANIMATE_TELEGRAM__TOKEN": TELEGRAM_TOKEN,
        "ANIMATE_TELEGRAM__BASE_URL": f"http://127.0.0.1:{CLOSED_PORT}",
    }
    done = run("--json", **environ)
    assert (done.returncode, done.stderr) == (0, "")
    [line] = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "telegram"]
    assert line["state"] == "warn"
    assert f"cannot be reached at 127.0.0.1:{CLOSED_PORT}" in line["detail"]
    assert TELEGRAM_TOKEN not in done.stdout


def test_wrong_settings_are_failed_checks(run: Run, home: Path) -> None:
    """A mistyped name and a broken value are a line each, what needs no settings is still checked, and it ends in 1."""
    (home / "it.toml").write_text("[web]\nprot = 8000\n")
    done = run(ANIMATE_CONFIG="~/it.toml", ANIMATE_LOG__LEVEL="loud")
    assert (done.returncode, done.stderr) == (1, "")
    failed = [line for line in done.stdout.splitlines() if line.startswith("fail")]
    assert len(failed) == 2
    assert "web.prot (file" in failed[0]
    assert "the nearest is web.port" in failed[0]
    assert "must be 'debug', 'info'" in failed[1]
    assert "Python 3." in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 checks failed")


def test_a_page_that_is_off_needs_no_port(run: Run) -> None:
    """Without the page and without a token nobody can reach the bot; its port does not matter."""
    result = json.loads(run("--json", ANIMATE_WEB__ENABLED="false").stdout)
    states = {check["name"]: check["state"] for check in result["checks"]}
    assert "port" not in states
    assert (states["page"], states["channels"]) == ("ok", "fail")
