"""Fetches a model's weights from the hub, once, at one commit that is written down.

Only safetensors, JSON and the tokenizer are fetched; nothing that Python could execute. A file that is already whole is
not fetched again, so that an interrupted pull goes on with the next file.
"""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.errors import EngineUnavailable, ErrorCode
from generation.models import Model
from generation.weights.checkpoint import PART_CLASSES, TOKENIZER_NAMES, WEIGHT_NAMES, Checkpoint, inspect_folder
from generation.weights.lock import LockedFile, LockedModel, read_lock, write_lock

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

_HUB_TIMEOUT_S = 30.0
_SHARD = r"(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?"
_TOKENIZER_FILES = (*TOKENIZER_NAMES, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_WANTED = re.compile(
    "|".join(
        [
            r"model_index\.json",
            rf"({'|'.join(PART_CLASSES)})/(scheduler_)?config\.json",
            *(rf"{part}/{name}{_SHARD}" for part, name in WEIGHT_NAMES.items()),
            *(rf"tokenizer/{re.escape(name)}" for name in _TOKENIZER_FILES),
        ]
    )
)


@dataclass(frozen=True, slots=True)
class PullProgress:
    """So much of a pull is done."""

    file: str
    done_bytes: int  # of all files
    total_bytes: int


@dataclass(frozen=True, slots=True)
class _HubFile:
    """What is known of a file before it is here: a SHA-256, or for small files git's own hash."""

    path: str
    size_bytes: int
    sha256: str | None = None
    git_blob: str | None = None

    def is_at(self, path: Path) -> bool:
        """Whether the file at ``path`` is this one, to the last byte."""
        if not path.is_file() or path.stat().st_size != self.size_bytes:
            return False
        if self.sha256 is not None:
            return _sha256(path) == self.sha256
        if self.git_blob is not None:
            content = path.read_bytes()
            return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == self.git_blob  # noqa: S324  git's
        return True


def pull(
    model: Model,
    models_dir: Path,
    on_progress: Callable[[PullProgress], None] | None = None,
    *,
    endpoint: str | None = None,
) -> Checkpoint:
    """Return the model's checkpoint in ``models_dir``, fetched from the hub as far as it is not there yet.

    The first pull takes the repository's newest commit and locks it; later ones take that commit alone.
    ``endpoint`` is the hub's address where it is not the public one.

    Raises EngineUnavailable: PULL_FAILED where the hub or the disk fails, which leaves what was locked before;
    WEIGHTS_CHANGED where the hub's files are no longer those that were locked; MODEL_NEEDS_ENGINE for a model without
    weights.
    """
    if model.repository is None:
        raise EngineUnavailable(ErrorCode.MODEL_NEEDS_ENGINE, model=model.name, engine=model.engine)
    from huggingface_hub.errors import HfHubHTTPError

    # httpx's errors in hub 1, httpx2's in hub 2, and OSError: what the hub's own error is made of.
    hub_errors: tuple[Any, ...] = HfHubHTTPError.__bases__
    try:
        return _Pull(model, model.repository, models_dir, on_progress or (lambda progress: None), endpoint).run()
    except (ValueError, RuntimeError, *hub_errors) as error:  # RuntimeError: the hub's transfer library, hf_xet
        lines = str(error).splitlines() or [""]
        detail = f"{type(error).__name__}: {lines[0]}"
        raise EngineUnavailable(ErrorCode.PULL_FAILED, model=model.name, detail=detail) from error


class _Pull:
    """One pull of one model."""

    def __init__(
        self,
        model: Model,
        repository: str,
        models_dir: Path,
        on_progress: Callable[[PullProgress], None],
        endpoint: str | None,
    ) -> None:
        self._model, self._repository, self._models_dir = model, repository, models_dir
        self._folder = models_dir / model.name
        self._on_progress, self._endpoint = on_progress, endpoint

    def run(self) -> Checkpoint:
        self._models_dir.mkdir(parents=True, exist_ok=True)
        locked = read_lock(self._models_dir).get(self._model.name)
        if locked is not None and locked.repository != self._repository:
            raise EngineUnavailable(
                ErrorCode.WEIGHTS_CHANGED, model=self._model.name, locked=locked.repository, found=self._repository
            )
        commit, files = self._ask_hub() if locked is None else (locked.commit, _locked_files(locked))
        self._require_space(files)
        self._fetch_all(commit, files, is_locked=locked is not None)
        checkpoint = inspect_folder(self._folder, self._model.name, self._model)
        if locked is None:
            seen = {f.path: LockedFile(f.size_bytes, f.sha256 or _sha256(self._folder / f.path)) for f in files}
            write_lock(self._models_dir, self._model.name, LockedModel(self._repository, commit, seen))
        return checkpoint

    def _ask_hub(self) -> tuple[str, list[_HubFile]]:
        """Return the newest commit and the files of it that are wanted."""
        from huggingface_hub import HfApi

        info = HfApi(endpoint=self._endpoint).model_info(self._repository, files_metadata=True, timeout=_HUB_TIMEOUT_S)
        files = [_hub_file(sibling) for sibling in info.siblings or () if _WANTED.fullmatch(sibling.rfilename)]
        if info.sha is None or not files:
            raise self._failure(f"{self._repository} holds no weights in the diffusers layout")
        return info.sha, files

    def _require_space(self, files: list[_HubFile]) -> None:
        here = (self._folder / f.path for f in files)
        missing_bytes = sum(f.size_bytes for f in files) - sum(path.stat().st_size for path in here if path.is_file())
        free_bytes = shutil.disk_usage(self._models_dir).free
        if missing_bytes > free_bytes:
            raise self._failure(f"{missing_bytes} bytes are to be fetched and {free_bytes} are free on the disk")

    def _fetch_all(self, commit: str, files: list[_HubFile], *, is_locked: bool) -> None:
        total_bytes = sum(f.size_bytes for f in files)
        done_bytes = 0
        for file in files:
            meter = _meter(self._on_progress, file.path, done_bytes, total_bytes)
            if not file.is_at(self._folder / file.path) and not self._fetch(commit, file, meter):
                if is_locked:
                    raise EngineUnavailable(
                        ErrorCode.WEIGHTS_CHANGED,
                        model=self._model.name,
                        locked=f"{file.path} with SHA-256 {file.sha256}",
                        found="other bytes",
                    )
                raise self._failure(f"{file.path} did not arrive as the hub describes it")
            done_bytes += file.size_bytes
            self._on_progress(PullProgress(file.path, done_bytes, total_bytes))

    def _fetch(self, commit: str, file: _HubFile, meter: type) -> bool:
        """Bring one file here and say whether it is the right one; a wrong one is not kept."""
        from huggingface_hub import hf_hub_download

        path = self._folder / file.path
        for is_second_try in (False, True):
            path.unlink(missing_ok=True)
            # The first try may copy from the hub's cache of this machine; where that is damaged, the second does not.
            hf_hub_download(
                self._repository,
                file.path,
                revision=commit,
                local_dir=self._folder,
                endpoint=self._endpoint,
                force_download=is_second_try,
                tqdm_class=meter,
            )
            if file.is_at(path):
                return True
        path.unlink()
        return False

    def _failure(self, detail: str) -> EngineUnavailable:
        return EngineUnavailable(ErrorCode.PULL_FAILED, model=self._model.name, detail=detail)


def _hub_file(sibling: "RepoSibling") -> _HubFile:
    if sibling.lfs is not None:
        return _HubFile(sibling.rfilename, sibling.lfs.size, sha256=sibling.lfs.sha256)
    return _HubFile(sibling.rfilename, sibling.size or 0, git_blob=sibling.blob_id)


def _locked_files(locked: LockedModel) -> list[_HubFile]:
    return [_HubFile(path, facts.size_bytes, sha256=facts.sha256) for path, facts in locked.files.items()]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _meter(on_progress: Callable[[PullProgress], None], path: str, before_bytes: int, total_bytes: int) -> type:
    """Return what the hub takes for a progress bar: it draws nothing and passes the counted bytes on."""
    from huggingface_hub.utils.tqdm import tqdm

    class Meter(tqdm):
        def __init__(self, **options: Any) -> None:
            super().__init__(**{**options, "disable": True})  # type: ignore[no-untyped-call]  # tqdm ships no types
            self._got_bytes = 0

        def update(self, n: float | None = 1) -> None:
            self._got_bytes += int(n or 0)
            on_progress(PullProgress(path, before_bytes + self._got_bytes, total_bytes))

        def update_transfer(self, n: float | None = 1) -> None:
            """Bytes on the wire, which hf_xet counts beside those on the disk: not what is shown."""

    return Meter
