"""What the doctor finds: each thing by itself, good or bad, and for the bad what to do."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bot.service.doctor import Check, State, examine
from bot.service.doctor_machine import (
    data_folder_checks,
    ffmpeg_checks,
    models_folder_checks,
    port_checks,
    python_checks,
    sqlite_checks,
)
from bot.service.doctor_setup import (
    admin_checks,
    channel_checks,
    engine_checks,
    page_checks,
    settings_checks,
    weights_checks,
)
from bot.service.engine_choice import EngineChoice
from generation.engines import EngineSpec
from generation.errors import EngineUnavailable, ErrorCode
from generation.hardware import Gpu
from generation.models import CAMERA, DEFAULT_LTX
from generation.weights.checkpoint import PART_CLASSES, WEIGHT_NAMES

CARD = Gpu(0, "H200", 150_000_000_000, 140_000_000_000, "580.0")
LTX = EngineChoice(EngineSpec("ltx", model="ltxv-2b-0.9.1"), DEFAULT_LTX)


def only(checks: Iterable[Check]) -> Check:
    """The one check that was made: a good one needs no remedy, every other one has one."""
    [check] = checks
    assert bool(check.remedy) == (check.state is not State.OK)
    return check


# --- all checks together ---


def test_a_check_that_breaks_hides_no_other() -> None:
    """It is a failed check of its name with the reason; what it found before and the others' findings stay."""

    def breaks() -> Iterator[Check]:
        yield Check("second", State.OK, "half")
        raise ValueError("the disk is on fire")

    found = list(examine({"first": list, "second": breaks, "third": lambda: [Check("third", State.OK, "fine")]}))
    assert [(check.name, check.state) for check in found] == [
        ("second", State.OK),
        ("second", State.FAIL),
        ("third", State.OK),
    ]
    assert "ValueError: the disk is on fire" in found[1].detail
    assert found[1].remedy


# --- what is installed ---


def test_python_and_sqlite_are_judged_by_their_version() -> None:
    """Too old for the bot fails; an SQLite with the WAL-reset bug is a warning, because the bot writes alone."""
    assert only(python_checks((3, 11, 0))).state is State.OK
    assert only(python_checks((3, 10, 99))).state is State.FAIL
    assert only(sqlite_checks((3, 51, 3))).state is State.OK
    assert only(sqlite_checks((3, 51, 2))).state is State.WARN
    assert only(sqlite_checks((3, 37, 0))).state is State.WARN
    assert only(sqlite_checks((3, 36, 9))).state is State.FAIL


def test_the_bundled_ffmpeg_is_good() -> None:
    """It is found, runs and has libx264; its version is told."""
    check = only(ffmpeg_checks("", {}))
    assert check.state is State.OK
    assert "libx264" in check.detail
    assert "unknown" not in check.detail


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (None, "No ffmpeg was found"),
        ("#!/bin/sh\necho 'no such library' >&2\nexit 127\n", "does not run: no such library"),
        ("#!/no/such/interpreter\n", "does not run: "),
        ("#!/bin/sh\necho 'ffmpeg version 7.1 x' >&2\necho ' V..... libopenh264  H.264'\n", "ffmpeg 7.1 cannot write"),
        (
            "#!/bin/sh\necho ' A..... libx264  not a video'\necho \"$SECRET\" >&2\n",
            "of an unknown version cannot write",
        ),
    ],
)
def test_an_ffmpeg_that_is_of_no_use_fails(tmp_path: Path, script: str | None, told: str) -> None:
    """One that is missing, does not run or cannot write H.264 would fail every job."""
    program = tmp_path / "ffmpeg"
    if script is not None:
        program.write_text(script)
        program.chmod(0o755)
    check = only(ffmpeg_checks(str(program), {"PATH": "/usr/bin:/bin"}))
    assert check.state is State.FAIL
    assert told in check.detail
    assert "ANIMATE_GENERATION__FFMPEG" in check.remedy


def test_ffmpeg_is_given_no_token(tmp_path: Path) -> None:
    """The bot's environment holds tokens; a program that is run to be looked at does not see them."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nenv >&2\necho ANIMATE_DISCORD__TOKEN=$ANIMATE_DISCORD__TOKEN >&2\nexit 1\n")
    program.chmod(0o755)
    check = only(ffmpeg_checks(str(program), {"PATH": "/usr/bin:/bin", "ANIMATE_DISCORD__TOKEN": "very-secret"}))
    assert "ANIMATE_DISCORD__TOKEN=" in check.detail
    assert "very-secret" not in check.detail


# --- folders ---


def test_a_folder_may_still_have_to_be_made(tmp_path: Path) -> None:
    """One that is there and one that can be made are good, and neither is touched by looking."""
    for folder in (tmp_path, tmp_path / "not" / "yet"):
        assert only(data_folder_checks(folder, 0)).state is State.OK
        assert only(models_folder_checks(folder)).state is State.OK
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_fails(tmp_path: Path) -> None:
    """A file, or a link that leads nowhere, stands where the folder or one above it should be."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "link"):
        assert only(data_folder_checks(folder, 0)).state is State.FAIL
        assert only(models_folder_checks(folder)).state is State.FAIL


@pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="needs Linux's /proc, where nobody can write, not even root"
)
def test_data_must_be_written_but_models_may_be_read_only() -> None:
    """A data folder that cannot be written fails; weights may come with a disk that can only be read."""
    assert only(data_folder_checks(Path("/proc/data"), 0)).state is State.FAIL
    assert only(models_folder_checks(Path("/proc/models"))).state is State.WARN


def test_a_nearly_full_disk_fails(tmp_path: Path) -> None:
    """Below the free bytes that the settings ask for no job would be taken; both figures are told."""
    check = only(data_folder_checks(tmp_path, 10**18))
    assert check.state is State.FAIL
    assert "1000000000.0 GB" in check.detail
    assert "ANIMATE_RETENTION__MIN_FREE_BYTES" in check.remedy


# --- the page and its port ---


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_free_port_is_free_and_stays_so() -> None:
    """After the look the bot can listen there; port 0 is always free."""
    port = free_port()
    for host in ("127.0.0.1", "localhost"):
        assert only(port_checks(host, port)).state is State.OK
    socket.create_server(("127.0.0.1", port)).close()
    assert only(port_checks("127.0.0.1", 0)).state is State.OK


def test_a_port_that_another_program_has_fails() -> None:
    """The program and its process are told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            check = only(port_checks(host, listener.getsockname()[1]))
            assert check.state is State.FAIL
            assert f"(process {os.getpid()})" in check.detail


def test_a_port_that_a_running_bot_has_is_only_a_warning(tmp_path: Path) -> None:
    """Whoever asks the doctor while the bot runs learns that, and nothing has failed."""
    program = tmp_path / "animate-bot"
    program.write_text(
        "import socket, sys\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "print(listener.getsockname()[1], flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, str(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdout is not None
        check = only(port_checks("127.0.0.1", int(bot.stdout.readline())))
        assert bot.stdin is not None
        bot.stdin.close()
    assert check.state is State.WARN
    assert f"(process {bot.pid}): a bot is already running" in check.detail


@pytest.mark.parametrize("host", ["192.0.2.1", "fe80::1%no-such-card"])
def test_an_address_of_another_machine_fails(host: str) -> None:
    """The bot can listen only on addresses that its machine has."""
    check = only(port_checks(host, free_port()))
    assert check.state is State.FAIL
    assert "no address of this machine" in check.detail


@pytest.mark.parametrize(
    ("host", "has_token", "state"),
    [
        ("127.0.0.1", False, State.OK),
        ("::1", False, State.OK),
        ("localhost", False, State.OK),
        ("0.0.0.0", False, State.FAIL),
        ("192.168.1.5", False, State.FAIL),
        ("my-machine", False, State.FAIL),
        ("0.0.0.0", True, State.OK),
    ],
)
def test_a_page_that_others_reach_needs_a_token(host: str, has_token: bool, state: State) -> None:
    """Without one, anybody in the same network would command the bot."""
    assert only(page_checks(host, has_token=has_token)).state is state


# --- settings, channels, admins ---


def test_every_problem_of_the_settings_is_a_failed_check() -> None:
    """Without problems it is told which file counts, or that there is none."""
    assert "/etc/it.toml" in only(settings_checks((), Path("/etc/it.toml"))).detail
    assert "no config file" in only(settings_checks((), None)).detail
    found = list(settings_checks(("one", "two"), None))
    assert [(check.state, check.detail) for check in found] == [(State.FAIL, "one"), (State.FAIL, "two")]


def test_a_bot_without_any_channel_fails() -> None:
    """There must be the page or a token."""
    assert only(channel_checks(["Discord", "the page"])).state is State.OK
    assert only(channel_checks([])).state is State.FAIL


def test_a_platform_with_a_token_should_have_an_admin() -> None:
    """The warning names the variable and the platform; the page alone needs no admin."""
    assert only(admin_checks((), (), ())).state is State.OK
    assert only(admin_checks(("discord:1", "telegram:2"), ("Discord", "Telegram"), ())).state is State.OK
    check = only(admin_checks(("discord:1",), ("Discord", "Telegram"), ()))
    assert check.state is State.WARN
    assert "Telegram" in check.detail
    assert "Discord" not in check.detail
    assert "ANIMATE_ADMINS" in check.remedy
    assert "telegram:" in check.remedy


def test_an_admin_of_the_page_must_be_able_to_come_in() -> None:
    """A name that stands in no token list is nobody's."""
    assert only(admin_checks(("web:ann", "web:operator"), (), ["ann"])).state is State.OK
    check = only(admin_checks(("web:anne",), (), ["ann"]))
    assert check.state is State.WARN
    assert "anne:TOKEN" in check.remedy


# --- the engine ---


def test_the_engine_that_would_run_is_told() -> None:
    """LTX-Video with its card, or slowly without one; the camera as set is as good."""
    check = only(engine_checks(lambda: LTX, lambda: [CARD]))
    assert check.state is State.OK
    assert "H200 (140.0 GB of 150.0 GB free, driver 580.0)" in check.detail
    assert only(engine_checks(lambda: LTX, list)).state is State.WARN
    on_cpu = EngineChoice(EngineSpec("ltx", device="cpu"), DEFAULT_LTX)
    assert only(engine_checks(lambda: on_cpu, lambda: [CARD])).state is State.WARN
    camera = EngineChoice(EngineSpec("camera"), CAMERA)
    assert only(engine_checks(lambda: camera, list)).state is State.OK


def test_why_ltx_does_not_run_is_told() -> None:
    """Where the camera stands in for it, that is a warning; where nothing can run, it has failed."""
    reason = EngineUnavailable(ErrorCode.LIBRARY_MISSING, library="diffusers", extra="ltx")
    stand_in = EngineChoice(EngineSpec("camera"), CAMERA, reason)
    check = only(engine_checks(lambda: stand_in, list))
    assert check.state is State.WARN
    assert "diffusers is not installed" in check.detail

    def refuse() -> EngineChoice:
        raise reason

    check = only(engine_checks(refuse, list))
    assert check.state is State.FAIL
    assert "diffusers is not installed" in check.detail


def test_missing_weights_fail_only_where_they_must_be_there(tmp_path: Path) -> None:
    """auto does without them, ltx does not, the camera needs none."""
    states = {name: only(weights_checks(name, "ltxv-2b-0.9.1", tmp_path)).state for name in ("auto", "ltx", "camera")}
    assert states == {"auto": State.WARN, "ltx": State.FAIL, "camera": State.OK}
    assert "animate-bot models pull" in only(weights_checks("ltx", "ltxv-2b-0.9.1", tmp_path)).detail


def write_checkpoint(folder: Path) -> None:
    """Lay out the files of a checkpoint with weights of one byte."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    for part in PART_CLASSES:
        (folder / part).mkdir(parents=True)
        (folder / part / ("scheduler_config.json" if part == "scheduler" else "config.json")).write_text("{}")
    for part, name in WEIGHT_NAMES.items():
        (folder / part / f"{name}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"x")
    (folder / "tokenizer" / "spiece.model").write_text("")
    parts = {part: ["library", min(classes)] for part, classes in PART_CLASSES.items()}
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "LTXPipeline", **parts}))


def test_whole_weights_are_told_with_their_folder(tmp_path: Path) -> None:
    """A checkpoint of which no file is missing or cut is good, for auto and for ltx."""
    folder = tmp_path / "mine"
    write_checkpoint(folder)
    check = only(weights_checks("ltx", str(folder), tmp_path))
    assert check.state is State.OK
    assert str(folder) in check.detail
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_text("cut")
    assert only(weights_checks("ltx", str(folder), tmp_path)).state is State.FAIL
