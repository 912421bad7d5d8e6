"""The command line, as a person and as a script use it: the real command in a process of its own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    Image.radial_gradient("L").resize((320, 240)).convert("RGB").save(path)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """A fresh user's environment: nothing set, everything below the test's folder, no graphics card."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "ANIMATE_DATA_DIR": str(tmp_path / "data"), "CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture
def run(tmp_path: Path, environ: Mapping[str, str]) -> Run:
    def run(*arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "bot", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, env={**environ, **more}, capture_output=True, text=True, check=False
        )

    return run


FAST = ("--preset", "fast", "--frames", "9")


def test_a_photo_and_a_sentence_become_a_video(run: Run, photo: Path, ffmpeg: Path, tmp_path: Path) -> None:
    """The video stands where it was asked for, and the last lines say path, size, length, seed and how it was made."""
    done = run("animate", photo, "zoom in", "-o", tmp_path / "out.mp4", "--seed", 5, *FAST)
    assert done.returncode == 0, done.stderr
    path, facts = done.stdout.splitlines()
    assert path == str(tmp_path / "out.mp4")
    assert "seed 5" in facts
    assert "camera move, no AI" in facts
    listing = subprocess.run([str(ffmpeg), "-hide_banner", "-i", path], capture_output=True, text=True, check=False)
    assert "h264 (High)" in listing.stderr


def test_json_ends_in_one_object(run: Run, photo: Path) -> None:
    """A script reads the last line of stdout: one object with everything about the video."""
    done = run("animate", photo, "zoom in", "-o", "v.mp4", "--engine", "camera", "--seed", 5, "--json", *FAST)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result.keys() >= {
        *("path", "width", "height", "frames", "fps", "seconds", "bytes", "seed", "engine", "model", "render_seconds")
    }
    assert (result["path"], result["frames"], result["fps"], result["seed"]) == ("v.mp4", 9, 24, 5)
    assert (result["engine"], result["used_ai"]) == ("camera", False)
    assert done.stderr == ""


def test_the_same_seed_makes_the_same_file(run: Run, photo: Path, tmp_path: Path) -> None:
    """Asking again with the same seed gives the same video, to the last bit."""
    for name in ("a.mp4", "b.mp4"):
        run("animate", photo, "handheld", "-o", name, "--seed", 5, *FAST)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_camera_move_can_be_chosen_by_its_name(run: Run, photo: Path, tmp_path: Path) -> None:
    """A chosen move is made whatever the prompt says, and is the same as asking for it in words."""
    run(
        "animate",
        photo,
        "a quiet harbour",
        "--camera",
        "pan-left",
        "--motion",
        "medium",
        "-o",
        "a.mp4",
        "--seed",
        5,
        *FAST,
    )
    run("animate", photo, "pan left", "-o", "b.mp4", "--seed", 5, *FAST)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_without_a_name_the_video_is_called_after_the_photo_and_nothing_is_overwritten(
    run: Run, photo: Path, tmp_path: Path
) -> None:
    """A second run without -o takes the next free name."""
    names = [run("animate", photo, *FAST).stdout.splitlines()[0] for _ in range(2)]
    assert names == ["photo.mp4", "photo-2.mp4"]
    assert all((tmp_path / name).exists() for name in names)


def test_without_a_card_the_camera_works_and_says_why(run: Run, photo: Path) -> None:
    """Where no graphics card is found, one line says so, that no AI model is used, and the video is still made."""
    done = run("animate", photo, *FAST)
    assert "no AI model is used. No NVIDIA graphics card" in done.stderr
    assert done.returncode == 0


def test_end_picture_and_size_are_taken(run: Run, photo: Path, tmp_path: Path) -> None:
    """An end picture, an exact size and a frame rate reach the video."""
    Image.new("RGB", (200, 200), "red").save(tmp_path / "end.png")
    options = ("--end-picture", "end.png", "--width", 128, "--height", 96, "--fps", 12, "--frames", 17, "--json")
    result = json.loads(run("animate", photo, "-o", "v.mp4", *options).stdout)
    assert (result["width"], result["height"], result["fps"], result["frames"]) == (128, 96, 12, 17)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("--width", 700), 2, "width must be a multiple of 32; 700 is not. The nearest is 704."),
        (("--frames", 100), 2, "The nearest is 97."),
        (("--seconds", 90), 2, "seconds must be from 0.4 to 10.7"),
        (("--camera", "sideways"), 2, "sideways is none of them"),
        (("--negative", "blur"), 2, "camera has no negative prompt. Please leave it out or choose another model."),
        (("--steps", 30), 2, "camera has no steps."),
        (("--guidance", 3), 2, "camera has no guidance."),
        (("--engine", "ltx"), 1, "animate-bot models pull ltxv-2b-0.9.1"),
        (("--engine", "ltx", "--model", "ltxv-2b-0.9"), 1, "Did you mean ltxv-2b-0.9"),
        (("-o", "no/such/folder/v.mp4"), 1, "no/such/folder: there is no such folder"),
    ],
)
def test_a_wrong_value_is_one_sentence_and_no_file(
    run: Run, photo: Path, tmp_path: Path, arguments: tuple[object, ...], exit_code: int, words: str
) -> None:
    """A value that cannot be is answered with one sentence that says what to do, the right exit code, and no file."""
    done = run("animate", photo, "--engine", "camera", "--json", *arguments)
    assert done.returncode == exit_code
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.rglob("*.mp4")) == []


def test_a_refused_picture_is_one_sentence_and_no_file(run: Run, tmp_path: Path) -> None:
    """A file that is no picture is refused in a sentence that names what is taken."""
    (tmp_path / "notes.jpg").write_text("not a picture")
    done = run("animate", "notes.jpg", "--json")
    assert done.returncode == 1
    assert "This is not a picture that can be read. Please send one of JPEG, PNG" in done.stderr
    assert list(tmp_path.rglob("*.mp4")) == []


@pytest.mark.parametrize("arguments", [("animate",), ("animate", "none.jpg"), ("animate", "--prset", "fast"), ("fly",)])
def test_a_wrong_command_line_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    """A missing picture, an unknown option or an unknown command is told as usage."""
    assert run(*arguments).returncode == 2


def test_bad_settings_are_exit_code_78_and_name_the_nearest(run: Run, photo: Path) -> None:
    """A misspelt variable stops the command before it does anything, and the right name is suggested."""
    done = run("animate", photo, ANIMATE_GENERATION__ENGIN="camera")
    assert done.returncode == 78
    assert "ANIMATE_GENERATION__ENGIN" in done.stderr
    assert "ANIMATE_GENERATION__ENGINE" in done.stderr


def test_ctrl_c_ends_everything_with_130(photo: Path, environ: Mapping[str, str], tmp_path: Path) -> None:
    """An interrupt in the middle of a render ends its processes, leaves no file, and exits with 130."""
    command = [sys.executable, "-m", "bot", "animate", str(photo), "-o", "v.mp4", "--frames", "257", "--preset", "best"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background of a shell, interrupts are ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    while "drawing" not in (line := process.stderr.readline()):
        assert line, "the render never began"
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.stderr.read().splitlines()[-1] == "Interrupted."
    process.stderr.close()
    assert process.wait() == 130
    gone, alive = psutil.wait_procs(children, timeout=2)
    assert gone
    assert not alive
    assert list(tmp_path.rglob("*.mp4*")) == []


def test_a_terminal_shows_phase_step_and_time_left(photo: Path, environ: Mapping[str, str], tmp_path: Path) -> None:
    """On a terminal a bar names the phase, counts its steps and says how long it will take."""
    terminal, stderr = os.openpty()
    # Large enough to last for seconds: what is left can only be told after some time.
    size = ["--frames", "257", "--width", "1024", "--height", "704"]
    command = [sys.executable, "-m", "bot", "animate", str(photo), "-o", "v.mp4", *size]
    more = {"TERM": "xterm", "COLUMNS": "120", "ANIMATE_GENERATION__MAX_FRAME_PIXELS": str(1024 * 704)}
    terminal_environ = {**environ, **more}
    process = subprocess.Popen(command, cwd=tmp_path, env=terminal_environ, stdout=subprocess.DEVNULL, stderr=stderr)
    os.close(stderr)
    shown = b""
    # Linux answers EIO once nobody holds the other end.
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65536):
            shown += part
    os.close(terminal)
    assert process.wait() == 0
    assert re.search(r"drawing frames.*\d+/257.*\d:\d\d:\d\d", shown.decode())


@pytest.mark.parametrize("statement", ["import generation", "import bot", "import config"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    """Importing the packages loads no torch and no picture library."""
    assert loaded_by(f"{statement}; import sys; print(*sys.modules)").isdisjoint({"torch", "diffusers", "PIL", "numpy"})


def test_the_help_screen_loads_nothing_heavy() -> None:
    """The help screen needs no torch, no web server, no picture library and no settings."""
    modules = loaded_by(
        "import sys; sys.argv = ['animate-bot', '--help']\n"
        "from bot.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: print(); print(*sys.modules)"
    )
    assert modules.isdisjoint(
        {"torch", "diffusers", "transformers", "PIL", "numpy", "starlette", "httpx", "pydantic", "rich"}
    )
    assert "typer" in modules


def loaded_by(program: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_console_script_and_the_module_are_the_same_command() -> None:
    """``animate-bot`` and ``python -m bot`` answer alike."""
    script = Path(sys.executable).with_name("animate-bot")
    texts = [
        subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout
        for command in ([str(script)], [sys.executable, "-m", "bot"])
    ]
    assert "animate-bot" in texts[0]
    assert texts[0] == texts[1]
