"""Finds a checkpoint on disk, tells its family, and checks in milliseconds that none of its files is missing or cut."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.errors import EngineUnavailable, ErrorCode
from generation.models import CATALOGUE, DEFAULT_LTX, DEFAULT_LTX_CONDITION, Family, Model, find_model
from generation.weights.lock import LockedModel, read_lock

PIPELINE_CLASSES = frozenset({"LTXPipeline", "LTXImageToVideoPipeline", "LTXConditionPipeline"})
#: By part: the class that ``model_index.json`` must name.
PART_CLASSES: Mapping[str, frozenset[str]] = {
    "transformer": frozenset({"LTXVideoTransformer3DModel"}),
    "vae": frozenset({"AutoencoderKLLTXVideo"}),
    "text_encoder": frozenset({"T5EncoderModel"}),
    "tokenizer": frozenset({"T5Tokenizer", "T5TokenizerFast"}),
    "scheduler": frozenset({"FlowMatchEulerDiscreteScheduler"}),
}
#: By part: the name of its weights before ``.safetensors``, as diffusers and transformers write it.
WEIGHT_NAMES: Mapping[str, str] = {
    "transformer": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
#: The tokenizer as one file, or as the SentencePiece model that it was made from.
TOKENIZER_NAMES = ("tokenizer.json", "spiece.model")

_CONDITION_DOWN_BLOCK = "LTXVideo095DownBlock3D"
_SAFETENSORS_LENGTH_BYTES = 8  # the file begins with the length of its JSON header, little-endian
_MAX_SAFETENSORS_HEADER_BYTES = 100_000_000  # the format's own limit


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole LTX-Video checkpoint on disk, in the diffusers layout."""

    name: str  # as in the catalogue; the folder's name where it is not from there
    folder: Path
    family: Family
    model: Model  # the catalogue entry whose presets and decode settings it is run with


def find(model_or_folder: str | Path, models_dir: Path) -> Checkpoint:
    """Return the checkpoint of a catalogue name, of its hub repository, or in a folder: a Path, or a text with a slash.

    Raises EngineUnavailable: UNKNOWN_MODEL, MODEL_NEEDS_ENGINE, WEIGHTS_MISSING, WEIGHTS_BROKEN, WEIGHTS_CHANGED
    or WEIGHTS_NOT_LTX.
    """
    if isinstance(model_or_folder, Path) or _reads_like_a_path(model_or_folder):
        return inspect_folder(Path(model_or_folder).expanduser())
    return _find_pulled(find_model(model_or_folder), models_dir)


def inspect_folder(folder: Path, name: str | None = None, model: Model | None = None) -> Checkpoint:
    """Return the checkpoint in ``folder`` after a look at every file of it, which takes milliseconds.

    Raises EngineUnavailable: WEIGHTS_MISSING, WEIGHTS_NOT_LTX or WEIGHTS_BROKEN.
    """
    return _Inspection(folder, name or folder.resolve().name).checkpoint(model)


def _reads_like_a_path(name: str) -> bool:
    is_repository = any(model.repository == name for model in CATALOGUE.values())
    return ("/" in name or "\\" in name) and not is_repository


def _find_pulled(model: Model, models_dir: Path) -> Checkpoint:
    if model.repository is None:
        raise EngineUnavailable(ErrorCode.MODEL_NEEDS_ENGINE, model=model.name, engine=model.engine)
    folder = models_dir / model.name
    locked = read_lock(models_dir).get(model.name)
    if locked is None or not folder.is_dir():
        raise EngineUnavailable(ErrorCode.WEIGHTS_MISSING, model=model.name, folder=str(folder))
    _require_locked_sizes(model, folder, locked)
    return inspect_folder(folder, model.name, model)


def _require_locked_sizes(model: Model, folder: Path, locked: LockedModel) -> None:
    if locked.repository != model.repository:
        raise EngineUnavailable(
            ErrorCode.WEIGHTS_CHANGED, model=model.name, locked=locked.repository, found=model.repository
        )
    for file, facts in locked.files.items():
        path = folder / file
        if not path.is_file():
            raise EngineUnavailable(
                ErrorCode.WEIGHTS_BROKEN, model=model.name, folder=str(folder), detail=f"{file} is missing"
            )
        size_bytes = path.stat().st_size
        if size_bytes != facts.size_bytes:
            raise EngineUnavailable(
                ErrorCode.WEIGHTS_CHANGED,
                model=model.name,
                locked=f"{file} with {facts.size_bytes} bytes",
                found=f"{size_bytes} bytes",
            )


class _Inspection:
    """One look through one folder; every complaint names the model and the folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def checkpoint(self, model: Model | None) -> Checkpoint:
        if not self._folder.is_dir():
            raise EngineUnavailable(ErrorCode.WEIGHTS_MISSING, model=self._name, folder=str(self._folder))
        index_path = self._folder / "model_index.json"
        if not index_path.is_file():
            raise self._not_ltx("no model_index.json")
        index = self._json(index_path)
        pipeline_class = str(index.get("_class_name"))
        if pipeline_class not in PIPELINE_CLASSES:
            raise self._not_ltx(pipeline_class)
        for part, classes in PART_CLASSES.items():
            self._require_class(part, index.get(part), classes)
        for part, weight_name in WEIGHT_NAMES.items():
            self._require_weights(part, weight_name)
        if not any((self._folder / "tokenizer" / name).is_file() for name in TOKENIZER_NAMES):
            raise self._broken(f"tokenizer has none of {', '.join(TOKENIZER_NAMES)}")
        family = self._family(pipeline_class)
        if model is None:
            model = DEFAULT_LTX_CONDITION if family is Family.LTX_CONDITION else DEFAULT_LTX
        return Checkpoint(self._name, self._folder, family, model)

    def _family(self, pipeline_class: str) -> Family:
        """Tell the family by the weights: up to 0.9.5 all were published under the name of the text-to-video class."""
        down_blocks = self._json(self._folder / "vae" / "config.json").get("down_block_types", ())
        needs_conditions = _CONDITION_DOWN_BLOCK in down_blocks or pipeline_class == "LTXConditionPipeline"
        scheduler = self._json(self._folder / "scheduler" / "scheduler_config.json")
        if needs_conditions and scheduler.get("use_dynamic_shifting"):
            # LTXConditionPipeline passes no shift: at the first step of a render this would be diffusers' ValueError.
            raise self._broken("scheduler is that of 0.9.0 or 0.9.1 (use_dynamic_shifting), the rest of 0.9.5 or later")
        return Family.LTX_CONDITION if needs_conditions else Family.LTX_I2V

    def _require_class(self, part: str, entry: object, classes: frozenset[str]) -> None:
        match entry:
            case [str(), str(found)] if found in classes:
                pass
            case [str(), str(found)]:
                raise self._not_ltx(found)
            case _:
                raise self._broken(f"model_index.json names no {part}")
        config = "scheduler_config.json" if part == "scheduler" else "config.json"
        if part != "tokenizer" and not (self._folder / part / config).is_file():
            raise self._broken(f"{part}/{config} is missing")

    def _require_weights(self, part: str, weight_name: str) -> None:
        folder = self._folder / part
        index_path = folder / f"{weight_name}.safetensors.index.json"
        names = [f"{weight_name}.safetensors"]
        if index_path.is_file():
            weight_map = self._json(index_path).get("weight_map")
            if not isinstance(weight_map, dict) or not weight_map:
                raise self._broken(f"{part}/{index_path.name} lists no weights")
            names = sorted({str(file) for file in weight_map.values()})
        for name in names:
            if not (folder / name).is_file():
                pickled = any(path.suffix in (".bin", ".pt", ".pth", ".ckpt") for path in folder.iterdir())
                reason = "; pickled weights are never loaded" if pickled else ""
                raise self._broken(f"{part}/{name} is missing{reason}")
            if not _is_whole_safetensors(folder / name):
                raise self._broken(f"{part}/{name} is cut short or no safetensors file")

    def _json(self, path: Path) -> Mapping[str, Any]:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._broken(f"{path.relative_to(self._folder)} cannot be read: {type(error).__name__}") from error
        if not isinstance(content, dict):
            raise self._broken(f"{path.relative_to(self._folder)} is no JSON object")
        return content

    def _broken(self, detail: str) -> EngineUnavailable:
        return EngineUnavailable(ErrorCode.WEIGHTS_BROKEN, model=self._name, folder=str(self._folder), detail=detail)

    def _not_ltx(self, found: str) -> EngineUnavailable:
        return EngineUnavailable(ErrorCode.WEIGHTS_NOT_LTX, folder=str(self._folder), found=found)


def _is_whole_safetensors(path: Path) -> bool:
    """Whether the file is exactly as long as its own header says: a header of some kB is read, no weights."""
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(_SAFETENSORS_LENGTH_BYTES), "little")
        if header_bytes > _MAX_SAFETENSORS_HEADER_BYTES:
            return False
        try:
            header = json.loads(file.read(header_bytes))
            data_bytes = max(tensor["data_offsets"][1] for key, tensor in header.items() if key != "__metadata__")
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return False
    return bool(path.stat().st_size == _SAFETENSORS_LENGTH_BYTES + header_bytes + data_bytes)
