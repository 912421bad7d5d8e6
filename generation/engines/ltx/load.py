"""From a checkpoint on disk to a diffusers pipeline on the device.

Each part is loaded by its own class: nothing that a checkpoint names is imported or run, only safetensors are read,
and a part whose file lacks a weight is refused. Diffusers' pipeline loader would fill it with random numbers and a
warning.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLLTXVideo,
    FlowMatchEulerDiscreteScheduler,
    LTXConditionPipeline,
    LTXImageToVideoPipeline,
    LTXVideoTransformer3DModel,
)
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from transformers import T5EncoderModel, T5TokenizerFast
from transformers.utils import logging as transformers_logging

from generation.errors import EngineUnavailable, ErrorCode
from generation.models import Family, Model
from generation.weights import Checkpoint

_DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}
#: What the two libraries raise for files that are not what they should be.
_LOAD_ERRORS = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, SafetensorError)


@dataclass(frozen=True, slots=True)
class LoadedLtx:
    """A checkpoint in memory, ready to render."""

    pipeline: LTXImageToVideoPipeline | LTXConditionPipeline
    family: Family
    model: Model
    device: torch.device


def load(checkpoint: Checkpoint, device_name: str, dtype_name: str) -> LoadedLtx:
    """Return the checkpoint's pipeline on the device.

    Raises EngineUnavailable: NO_GPU, LIBRARY_MISSING, NOT_ENOUGH_MEMORY or WEIGHTS_BROKEN.
    """
    device = _device(device_name)
    dtype = _DTYPES["bfloat16" if device.type == "cuda" else "float32"] if dtype_name == "auto" else _DTYPES[dtype_name]
    _require_tokenizer_libraries(checkpoint.folder / "tokenizer")
    _be_quiet()
    try:
        pipeline = _read(checkpoint, dtype).to(device)
    except torch.OutOfMemoryError as error:
        raise EngineUnavailable(ErrorCode.NOT_ENOUGH_MEMORY, model=checkpoint.name, device=str(device)) from error
    pipeline.set_progress_bar_config(disable=True)
    return LoadedLtx(pipeline, checkpoint.family, checkpoint.model, device)


def _device(name: str) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise EngineUnavailable(ErrorCode.NO_GPU)
    # With an index, so that it equals the device that tensors say they are on.
    return torch.device("cuda:0" if has_gpu and name != "cpu" else "cpu")


def _read(checkpoint: Checkpoint, dtype: torch.dtype) -> LTXImageToVideoPipeline | LTXConditionPipeline:
    """Return the checkpoint's pipeline in the host's memory."""
    folder = checkpoint.folder
    pipeline_class = LTXConditionPipeline if checkpoint.family is Family.LTX_CONDITION else LTXImageToVideoPipeline
    try:
        return pipeline_class(
            transformer=_whole(checkpoint, LTXVideoTransformer3DModel, "transformer", dtype),
            vae=_whole(checkpoint, AutoencoderKLLTXVideo, "vae", dtype),
            text_encoder=_whole(checkpoint, T5EncoderModel, "text_encoder", dtype),
            tokenizer=T5TokenizerFast.from_pretrained(folder / "tokenizer", local_files_only=True),
            scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler", local_files_only=True),
        )
    except _LOAD_ERRORS as error:
        lines = str(error).splitlines() or [""]
        raise _broken(checkpoint, f"{type(error).__name__}: {lines[0]}") from error


def _whole(checkpoint: Checkpoint, part_class: Any, part: str, dtype: torch.dtype) -> Any:
    """Return one part with every weight that its class has."""
    model, info = part_class.from_pretrained(
        checkpoint.folder / part,
        dtype=dtype,
        local_files_only=True,
        use_safetensors=True,
        output_loading_info=True,
    )
    absent = sorted(info["missing_keys"])
    if absent:
        raise _broken(checkpoint, f"{part} lacks {len(absent)} weights, {absent[0]} among them")
    return model.eval()


def _require_tokenizer_libraries(folder: Path) -> None:
    """Raise EngineUnavailable where the tokenizer is a bare SentencePiece model, as published, and cannot be read."""
    if (folder / "tokenizer.json").is_file():
        return
    if find_spec("sentencepiece") is None:
        raise EngineUnavailable(ErrorCode.LIBRARY_MISSING, library="sentencepiece", extra="ltx")
    if find_spec("google") is None or find_spec("google.protobuf") is None:
        raise EngineUnavailable(ErrorCode.LIBRARY_MISSING, library="protobuf", extra="ltx")


def _be_quiet() -> None:
    """Silence bars and hints, here and at every render: of the latter none is for whoever runs a finished program."""
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def _broken(checkpoint: Checkpoint, detail: str) -> EngineUnavailable:
    return EngineUnavailable(
        ErrorCode.WEIGHTS_BROKEN, model=checkpoint.name, folder=str(checkpoint.folder), detail=detail
    )
