"""Fetching weights from the command line, from a hub on loopback, and rendering with them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from PIL import Image

from tests.loopback.hub import FakeHub, read_folder


def test_what_was_pulled_is_what_ltx_renders_with(tiny_ltx: ModuleType, tmp_path: Path) -> None:
    """After ``models pull`` the engine ltx makes videos with those weights, without asking the hub again."""
    name = "ltxv-2b-0.9.1"
    weights = tiny_ltx.write(name, tmp_path / "published")
    Image.radial_gradient("L").resize((128, 96)).convert("RGB").save(tmp_path / "photo.png")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANIMATE_DATA_DIR": str(tmp_path / "data")}

    def run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "bot", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env={**environ, **more}, capture_output=True, text=True, check=False
        )

    with FakeHub() as hub:
        commit = hub.push("Lightricks/LTX-Video-0.9.1", read_folder(weights))
        pulled = run("models", "pull", name, HF_ENDPOINT=hub.endpoint)
        assert pulled.returncode == 0, pulled.stderr
        assert str(tmp_path / "data" / "models" / name) in pulled.stdout
        assert commit in (tmp_path / "data" / "models" / "models.lock").read_text()

    size = ("--width", "128", "--height", "96", "--frames", "9", "--steps", "2")
    done = run("animate", "photo.png", "the cat yawns", "-o", "v.mp4", "--engine", "ltx", "--json", *size)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["engine"], result["model"], result["used_ai"]) == ("ltx", name, True)
    assert (result["width"], result["height"], result["frames"]) == (128, 96, 9)


def test_an_unknown_model_is_one_sentence_with_the_nearest_name(tmp_path: Path) -> None:
    """A misspelt model is answered with the nearest one of the catalogue."""
    command = [sys.executable, "-m", "bot", "models", "pull", "ltxv-0.9.1"]
    done = subprocess.run(
        command, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "There is no model ltxv-0.9.1. Did you mean ltxv-2b-0.9.1?\n"
