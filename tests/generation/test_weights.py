"""A checkpoint is found by name or folder, its family told by its files, and a damaged one is one clear error."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generation.engines.ltx.engine import LtxEngine
from generation.errors import EngineUnavailable, ErrorCode
from generation.models import CATALOGUE, DEFAULT_LTX, Family, find_model
from generation.weights import find
from generation.weights.lock import LockedFile, LockedModel, read_lock, write_lock
from tests.generation.conftest import CheckpointOf

TRANSFORMER_WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


def edit_json(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def lock_as_it_is(models_dir: Path, name: str, repository: str) -> None:
    """Write the lock that a pull of what lies in the model's folder would have written."""
    folder = models_dir / name
    files = {
        str(path.relative_to(folder)): LockedFile(path.stat().st_size, "0" * 64)
        for path in folder.rglob("*")
        if path.is_file()
    }
    write_lock(models_dir, name, LockedModel(repository, "1" * 40, files))


@pytest.fixture
def pulled(checkpoint_of: CheckpointOf, tmp_path: Path) -> Path:
    """A models folder in which the default model lies as if pulled."""
    shutil.copytree(checkpoint_of(DEFAULT_LTX.name), tmp_path / DEFAULT_LTX.name)
    lock_as_it_is(tmp_path, DEFAULT_LTX.name, "Lightricks/LTX-Video-0.9.1")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("ltxv-2b-0.9.0", Family.LTX_I2V),
        ("ltxv-2b-0.9.1", Family.LTX_I2V),
        ("ltxv-2b-0.9.5", Family.LTX_CONDITION),
    ],
)
@pytest.mark.parametrize("pipeline_class", ["LTXPipeline", "LTXImageToVideoPipeline"])
def test_the_family_is_told_by_the_weights(
    copy_of: CheckpointOf, name: str, family: Family, pipeline_class: str
) -> None:
    """A folder's family follows from its VAE: published checkpoints name the text-to-video class, whatever they are."""
    folder = copy_of(name)
    edit_json(folder / "model_index.json", _class_name=pipeline_class)
    checkpoint = find(folder, Path("unused"))
    assert (checkpoint.family, checkpoint.name, checkpoint.folder) == (family, name, folder)
    assert checkpoint.model.family is family


def test_the_condition_pipelines_name_tells_its_family(copy_of: CheckpointOf) -> None:
    """A checkpoint that names LTXConditionPipeline, as 0.9.7 and later do, is of that family."""
    folder = copy_of("ltxv-2b-0.9.5")
    edit_json(folder / "model_index.json", _class_name="LTXConditionPipeline")
    edit_json(folder / "vae/config.json", down_block_types=["SomethingNewer"])
    assert find(str(folder), Path("unused")).family is Family.LTX_CONDITION


def test_a_first_checkpoints_sparse_configuration_is_enough(copy_of: CheckpointOf) -> None:
    """The VAE of 0.9.0 was published before it had several kinds of blocks to name."""
    folder = copy_of("ltxv-2b-0.9.0")
    config = json.loads((folder / "vae/config.json").read_text())
    del config["down_block_types"]
    (folder / "vae/config.json").write_text(json.dumps(config))
    assert find(folder, Path("unused")).family is Family.LTX_I2V


def test_a_pulled_model_is_found_by_name_and_by_repository(pulled: Path) -> None:
    """A catalogue name and its hub repository mean the same folder beside the lock."""
    by_name, by_repository = find(DEFAULT_LTX.name, pulled), find("Lightricks/LTX-Video-0.9.1", pulled)
    assert by_name == by_repository
    assert by_name.folder == pulled / DEFAULT_LTX.name
    assert by_name.model is DEFAULT_LTX


def test_a_model_that_was_not_pulled_is_missing(tmp_path: Path) -> None:
    """Without a folder the weights are missing, and the error says of which model and where they would be."""
    with pytest.raises(EngineUnavailable) as error:
        find(DEFAULT_LTX.name, tmp_path)
    assert error.value.code is ErrorCode.WEIGHTS_MISSING
    assert error.value.values == {"model": DEFAULT_LTX.name, "folder": str(tmp_path / DEFAULT_LTX.name)}


def test_an_unfinished_pull_is_no_model(pulled: Path) -> None:
    """Files without a lock were never known to be whole: the weights count as missing."""
    (pulled / "models.lock").unlink()
    with pytest.raises(EngineUnavailable) as error:
        find(DEFAULT_LTX.name, pulled)
    assert error.value.code is ErrorCode.WEIGHTS_MISSING


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda folder: (folder / "vae/config.json").unlink(), ErrorCode.WEIGHTS_BROKEN),
        (lambda folder: (folder / TRANSFORMER_WEIGHTS).write_bytes(b"other"), ErrorCode.WEIGHTS_CHANGED),
    ],
    ids=["a file is gone", "a file has another size"],
)
def test_a_pulled_model_must_be_as_it_was_locked(
    pulled: Path, damage: Callable[[Path], object], code: ErrorCode
) -> None:
    """A file that is gone or of another size than when it was pulled is an error that names the model."""
    damage(pulled / DEFAULT_LTX.name)
    with pytest.raises(EngineUnavailable) as error:
        find(DEFAULT_LTX.name, pulled)
    assert error.value.code is code
    assert error.value.values["model"] == DEFAULT_LTX.name


def test_weights_of_another_repository_are_refused(pulled: Path) -> None:
    """What was locked from one repository is not taken for the model of another."""
    lock_as_it_is(pulled, DEFAULT_LTX.name, "somebody/else")
    with pytest.raises(EngineUnavailable) as error:
        find(DEFAULT_LTX.name, pulled)
    assert error.value.code is ErrorCode.WEIGHTS_CHANGED
    assert error.value.values["locked"] == "somebody/else"


@pytest.mark.parametrize("content", ["{", "[]", '{"ltxv-2b-0.9.1": {"commit": 1}}'])
def test_a_damaged_lock_is_one_error(pulled: Path, content: str) -> None:
    """A lock that cannot be read is an error of its own, and is not taken for an empty one."""
    (pulled / "models.lock").write_text(content)
    with pytest.raises(EngineUnavailable) as error:
        find(DEFAULT_LTX.name, pulled)
    assert error.value.code is ErrorCode.WEIGHTS_BROKEN
    assert "models.lock" in str(error.value.values["detail"])


def test_each_model_keeps_its_own_lock(tmp_path: Path) -> None:
    """Locking one model leaves the other's entry as it was, and what is read is what was written."""
    first = LockedModel("a/b", "1" * 40, {"x": LockedFile(3, "f" * 64)})
    second = LockedModel("c/d", "2" * 40, {})
    write_lock(tmp_path, "first", first)
    write_lock(tmp_path, "second", second)
    assert read_lock(tmp_path) == {"first": first, "second": second}
    assert [path.name for path in tmp_path.iterdir()] == ["models.lock"]


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("ltxv-2b-091", "ltxv-2b-0.9.1"), ("LTXV-2B-0.9.5", "ltxv-2b-0.9.5"), ("camara", "camera"), ("", "camera")],
)
def test_an_unknown_model_is_answered_with_the_nearest_name(tmp_path: Path, wrong: str, nearest: str) -> None:
    """A misspelt name is an error that names a model that exists, the most similar one."""
    for look_up in (find_model, lambda name: find(name, tmp_path)):
        with pytest.raises(EngineUnavailable) as error:
            look_up(wrong)
        assert error.value.code is ErrorCode.UNKNOWN_MODEL
        assert error.value.values["nearest"] in CATALOGUE
        if wrong:
            assert error.value.values["nearest"] == nearest


def test_the_camera_has_no_weights(tmp_path: Path) -> None:
    """Asking for the weights of the camera engine's model names the engine that it belongs to."""
    with pytest.raises(EngineUnavailable) as error:
        find("camera", tmp_path)
    assert error.value.code is ErrorCode.MODEL_NEEDS_ENGINE
    assert error.value.values["engine"] == "camera"


@pytest.mark.parametrize("path", ["./nowhere", "~/nowhere", "models/mine", "/nowhere/at/all"])
def test_a_folder_that_is_not_there_is_missing(tmp_path: Path, path: str) -> None:
    """What reads like a path is looked for as a folder, never as a model's name."""
    with pytest.raises(EngineUnavailable) as error:
        find(path, tmp_path)
    assert error.value.code is ErrorCode.WEIGHTS_MISSING


def remove(*paths: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for path in paths:
            (folder / path).unlink()

    return damage


def pickle_weights(folder: Path) -> None:
    weights = folder / TRANSFORMER_WEIGHTS
    weights.rename(weights.with_suffix(".bin"))


def cut_short(folder: Path) -> None:
    weights = folder / TRANSFORMER_WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])


def set_index(**changes: object) -> Callable[[Path], None]:
    return lambda folder: edit_json(folder / "model_index.json", **changes)


def write(path: str, content: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / path).write_text(content)

    return damage


@pytest.mark.parametrize(
    ("damage", "code", "named"),
    [
        (remove("model_index.json"), ErrorCode.WEIGHTS_NOT_LTX, "model_index.json"),
        (set_index(_class_name="StableDiffusionPipeline"), ErrorCode.WEIGHTS_NOT_LTX, "StableDiffusionPipeline"),
        (
            set_index(transformer=["diffusers", "LTX2VideoTransformer3DModel"]),
            ErrorCode.WEIGHTS_NOT_LTX,
            "LTX2VideoTransformer3DModel",
        ),
        (set_index(vae=None), ErrorCode.WEIGHTS_BROKEN, "vae"),
        (write("model_index.json", "{"), ErrorCode.WEIGHTS_BROKEN, "model_index.json"),
        (write("vae/config.json", "[]"), ErrorCode.WEIGHTS_BROKEN, "vae/config.json"),
        (remove("scheduler/scheduler_config.json"), ErrorCode.WEIGHTS_BROKEN, "scheduler/scheduler_config.json"),
        (remove("text_encoder/config.json"), ErrorCode.WEIGHTS_BROKEN, "text_encoder/config.json"),
        (remove("text_encoder/model.safetensors"), ErrorCode.WEIGHTS_BROKEN, "text_encoder/model.safetensors"),
        (remove("tokenizer/tokenizer.json"), ErrorCode.WEIGHTS_BROKEN, "tokenizer"),
        (pickle_weights, ErrorCode.WEIGHTS_BROKEN, "pickled weights are never loaded"),
        (cut_short, ErrorCode.WEIGHTS_BROKEN, "cut short"),
        (write(TRANSFORMER_WEIGHTS, "no weights at all"), ErrorCode.WEIGHTS_BROKEN, TRANSFORMER_WEIGHTS),
        (write(TRANSFORMER_WEIGHTS, ""), ErrorCode.WEIGHTS_BROKEN, TRANSFORMER_WEIGHTS),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_checkpoint_that_is_not_whole_is_one_error(
    copy_of: CheckpointOf, damage: Callable[[Path], None], code: ErrorCode, named: str
) -> None:
    """Whatever is missing, cut, pickled or of another model is one error that names it and the folder."""
    folder = copy_of("ltxv-2b-0.9.1")
    damage(folder)
    with pytest.raises(EngineUnavailable) as error:
        find(folder, Path("unused"))
    assert error.value.code is code
    assert error.value.values["folder"] == str(folder)
    assert named in str(error.value)


def test_the_schedule_of_another_version_is_found_before_a_render(
    copy_of: CheckpointOf, checkpoint_of: CheckpointOf
) -> None:
    """0.9.5 with the scheduler of 0.9.1, which fails at a render's first step, is a broken checkpoint."""
    folder = copy_of("ltxv-2b-0.9.5")
    other = checkpoint_of("ltxv-2b-0.9.1") / "scheduler/scheduler_config.json"
    shutil.copy(other, folder / "scheduler/scheduler_config.json")
    with pytest.raises(EngineUnavailable) as error:
        find(folder, Path("unused"))
    assert error.value.code is ErrorCode.WEIGHTS_BROKEN
    assert "scheduler" in str(error.value.values["detail"])


@pytest.fixture
def in_shards(tiny_ltx: object, tmp_path: Path) -> Path:
    """A tiny checkpoint whose weights are spread over several files, as the published text encoder's are."""
    folder: Path = tiny_ltx.write("ltxv-2b-0.9.1", tmp_path / "sharded", max_shard_size="30KB")  # type: ignore[attr-defined]
    return folder


def test_weights_in_several_files_are_one_part(in_shards: Path) -> None:
    """A part in shards is found whole, and loads."""
    assert len(list((in_shards / "text_encoder").glob("*.safetensors"))) > 1
    checkpoint = find(in_shards, Path("unused"))
    LtxEngine(checkpoint, device="cpu").load()


def test_a_missing_shard_is_named(in_shards: Path) -> None:
    """Where one of several files is missing, the error says which."""
    shard = max((in_shards / "text_encoder").glob("*.safetensors"))
    shard.unlink()
    with pytest.raises(EngineUnavailable) as error:
        find(in_shards, Path("unused"))
    assert error.value.code is ErrorCode.WEIGHTS_BROKEN
    assert shard.name in str(error.value.values["detail"])
