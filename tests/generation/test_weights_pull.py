"""Weights are fetched once, at one commit that is written down, and nothing comes along that Python could run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from generation.errors import EngineUnavailable, ErrorCode
from generation.models import CAMERA, DEFAULT_LTX
from generation.weights import PullProgress, find, pull
from generation.weights.lock import read_lock
from tests.generation.conftest import CheckpointOf
from tests.loopback.hub import FakeHub, Files, read_folder

REPOSITORY = "Lightricks/LTX-Video-0.9.1"
WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="session")
def published(checkpoint_of: CheckpointOf) -> Files:
    """What the repository holds: the checkpoint, and beside it what nobody here needs."""
    return {
        **read_folder(checkpoint_of("ltxv-2b-0.9.1")),
        "README.md": b"words",
        "ltx-video-2b.safetensors": b"the same weights in another layout",
        "transformer/diffusion_pytorch_model.bin": b"pickle",
        "transformer/modeling.py": b"code",
        "unet/config.json": b"{}",
    }


@pytest.fixture
def hub(published: Files) -> Iterator[FakeHub]:
    with FakeHub() as hub:
        hub.push(REPOSITORY, published)
        yield hub


def test_a_pull_brings_the_weights_and_nothing_else(hub: FakeHub, published: Files, tmp_path: Path) -> None:
    """After a pull the model is found; of the repository only safetensors, JSON and the tokenizer are here."""
    checkpoint = pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert checkpoint == find(DEFAULT_LTX.name, tmp_path)
    here = {name for name in read_folder(checkpoint.folder) if not name.startswith(".cache/")}
    assert here == {name for name in published if name.endswith((".json", ".safetensors"))} - {
        "ltx-video-2b.safetensors",
        "unet/config.json",
    }
    assert all((checkpoint.folder / name).read_bytes() == published[name] for name in here)


def test_a_pull_writes_down_what_it_saw(hub: FakeHub, tmp_path: Path) -> None:
    """The lock holds the commit that was fetched, and every file's size and SHA-256, in plain JSON."""
    newest = hub.describe(REPOSITORY, None)
    assert newest is not None
    pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    entry = json.loads((tmp_path / "models.lock").read_text())[DEFAULT_LTX.name]
    assert entry["repository"] == REPOSITORY
    assert entry["commit"] == newest["sha"]
    [described] = [sibling for sibling in newest["siblings"] if sibling["rfilename"] == WEIGHTS]
    assert entry["files"][WEIGHTS] == {"size_bytes": described["size"], "sha256": described["lfs"]["sha256"]}
    assert len(entry["files"]["model_index.json"]["sha256"]) == 64


def test_a_second_pull_asks_nobody(hub: FakeHub, tmp_path: Path) -> None:
    """What is here and as it was locked is not fetched again, nor is the hub asked for news."""
    pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    hub.asked.clear()
    pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert hub.asked == []


def test_later_pulls_take_the_locked_commit(hub: FakeHub, published: Files, tmp_path: Path) -> None:
    """When the repository has moved on, a lost file comes from the commit that was locked, unchanged."""
    folder = pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint).folder
    commit = read_lock(tmp_path)[DEFAULT_LTX.name].commit
    hub.push(REPOSITORY, {**published, "vae/config.json": b'{"moved": "on"}'})
    (folder / "vae/config.json").unlink()
    hub.fetched.clear()
    pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert hub.fetched == [f"{commit}/vae/config.json"]
    assert (folder / "vae/config.json").read_bytes() == published["vae/config.json"]
    assert read_lock(tmp_path)[DEFAULT_LTX.name].commit == commit


def test_a_damaged_file_is_fetched_again(hub: FakeHub, published: Files, tmp_path: Path) -> None:
    """A file whose bytes have changed at the same length is noticed by a pull, and repaired."""
    path = pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint).folder / WEIGHTS
    path.write_bytes(bytes(path.stat().st_size))
    pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert path.read_bytes() == published[WEIGHTS]


def test_an_interrupted_pull_locks_nothing_and_goes_on_where_it_was(hub: FakeHub, tmp_path: Path) -> None:
    """After a failure there is no lock and no model; the next pull fetches only what was not here yet."""
    hub.failing.add(WEIGHTS)
    with pytest.raises(EngineUnavailable) as error:
        pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert error.value.code is ErrorCode.PULL_FAILED
    assert error.value.values["model"] == DEFAULT_LTX.name
    assert "500" in str(error.value.values["detail"])
    assert not (tmp_path / "models.lock").exists()
    with pytest.raises(EngineUnavailable):
        find(DEFAULT_LTX.name, tmp_path)

    already_here = {entry.partition("/")[2] for entry in hub.fetched}
    assert "text_encoder/model.safetensors" in already_here
    hub.failing.clear()
    hub.fetched.clear()
    pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert already_here.isdisjoint(entry.partition("/")[2] for entry in hub.fetched)
    assert WEIGHTS in {entry.partition("/")[2] for entry in hub.fetched}


@pytest.mark.parametrize("file", [WEIGHTS, "vae/config.json"])
def test_a_file_that_arrives_as_other_bytes_is_not_kept(
    hub: FakeHub, published: Files, tmp_path: Path, file: str
) -> None:
    """A file that does not have the hash which the hub gave for it ends the pull, and does not stay."""
    hub.altered[file] = bytes(len(published[file]))
    with pytest.raises(EngineUnavailable) as error:
        pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert error.value.code is ErrorCode.PULL_FAILED
    assert file in str(error.value.values["detail"])
    assert not (tmp_path / DEFAULT_LTX.name / file).exists()
    assert not (tmp_path / "models.lock").exists()


def test_a_commit_that_was_altered_since_is_refused(hub: FakeHub, published: Files, tmp_path: Path) -> None:
    """When the hub gives other bytes for the commit that was locked, nothing of it is taken."""
    folder = pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint).folder
    (folder / WEIGHTS).unlink()
    hub.altered[WEIGHTS] = bytes(len(published[WEIGHTS]))
    with pytest.raises(EngineUnavailable) as error:
        pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert error.value.code is ErrorCode.WEIGHTS_CHANGED
    assert not (folder / WEIGHTS).exists()


def test_an_incomplete_repository_is_not_locked(hub: FakeHub, published: Files, tmp_path: Path) -> None:
    """A repository without one of the parts can be fetched, but does not become a model."""
    hub.push(REPOSITORY, {name: content for name, content in published.items() if not name.startswith("vae/")})
    with pytest.raises(EngineUnavailable) as error:
        pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert error.value.code is ErrorCode.WEIGHTS_BROKEN
    assert not (tmp_path / "models.lock").exists()


def test_an_unknown_repository_is_a_failed_pull(tmp_path: Path) -> None:
    """A hub that does not have the repository is a failed pull, told in one line."""
    with FakeHub() as empty, pytest.raises(EngineUnavailable) as error:
        pull(DEFAULT_LTX, tmp_path, endpoint=empty.endpoint)
    assert error.value.code is ErrorCode.PULL_FAILED
    assert "\n" not in str(error.value.values["detail"])


def test_a_hub_that_does_not_answer_is_a_failed_pull(tmp_path: Path) -> None:
    """No connection is a failed pull."""
    with FakeHub() as hub:
        gone = hub.endpoint
    with pytest.raises(EngineUnavailable) as error:
        pull(DEFAULT_LTX, tmp_path, endpoint=gone)
    assert error.value.code is ErrorCode.PULL_FAILED


def test_a_full_disk_is_told_before_the_download(hub: FakeHub, tmp_path: Path) -> None:
    """A repository larger than the free disk is refused with both figures, and nothing is fetched."""
    hub.sizes[WEIGHTS] = 2**60
    with pytest.raises(EngineUnavailable) as error:
        pull(DEFAULT_LTX, tmp_path, endpoint=hub.endpoint)
    assert error.value.code is ErrorCode.PULL_FAILED
    assert str(2**60)[:6] in str(error.value.values["detail"])
    assert hub.fetched == []


def test_progress_counts_every_byte_once(hub: FakeHub, tmp_path: Path) -> None:
    """Progress never goes back, names each file, and ends with all bytes done."""
    seen: list[PullProgress] = []
    pull(DEFAULT_LTX, tmp_path, seen.append, endpoint=hub.endpoint)
    done = [progress.done_bytes for progress in seen]
    assert done == sorted(done)
    locked = read_lock(tmp_path)[DEFAULT_LTX.name].files
    assert seen[-1].done_bytes == seen[-1].total_bytes == sum(file.size_bytes for file in locked.values())
    assert {progress.file for progress in seen} == set(locked)


def test_there_is_nothing_to_pull_for_the_camera(tmp_path: Path) -> None:
    """A model without weights is refused, naming the engine that needs none."""
    with pytest.raises(EngineUnavailable) as error:
        pull(CAMERA, tmp_path)
    assert error.value.code is ErrorCode.MODEL_NEEDS_ENGINE
