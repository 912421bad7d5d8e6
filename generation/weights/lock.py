"""``models.lock``: which commit of a model was pulled, and what its files were, so that it stays that one.

A JSON file beside the models' folders. Nothing stands in it that was not seen at a pull.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from generation.errors import EngineUnavailable, ErrorCode

LOCK_NAME = "models.lock"


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file as it was when it was pulled."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LockedModel:
    """A model as it was pulled: every later pull and load is of this commit alone."""

    repository: str
    commit: str
    files: Mapping[str, LockedFile]  # by path inside the model's folder


def read_lock(models_dir: Path) -> dict[str, LockedModel]:
    """Return what is locked, by model name; nothing where nothing was pulled yet.

    Raises EngineUnavailable where the file is not what ``write_lock`` writes.
    """
    path = models_dir / LOCK_NAME
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: LockedModel(
                repository=str(entry["repository"]),
                commit=str(entry["commit"]),
                files={
                    file: LockedFile(int(facts["size_bytes"]), str(facts["sha256"]))
                    for file, facts in entry["files"].items()
                },
            )
            for name, entry in entries.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineUnavailable(
            ErrorCode.WEIGHTS_BROKEN,
            model="every model",
            folder=str(models_dir),
            detail=f"{LOCK_NAME} is damaged: {type(error).__name__}",
        ) from error


def write_lock(models_dir: Path, name: str, locked: LockedModel) -> None:
    """Add or replace one model's entry; a crash leaves the old file or the new one, never half of one."""
    entries = {**read_lock(models_dir), name: locked}
    path = models_dir / LOCK_NAME
    new_path = path.with_suffix(".new")
    with new_path.open("w", encoding="utf-8") as file:
        json.dump({name: asdict(entry) for name, entry in sorted(entries.items())}, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    new_path.replace(path)
