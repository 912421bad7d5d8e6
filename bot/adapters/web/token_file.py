"""The operator's token where none is configured: made once, kept in a file that only its owner can read."""

import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path

FILE_NAME = "web-token"
_MIN_CHARACTERS = 16  # as the setting web.token; less is a file that was damaged
_OWNER_ONLY = 0o600
_DRAFT_LIFETIME_S = 60


def operator_token(data_dir: Path) -> tuple[str, bool]:
    """Return the token in ``data_dir/web-token`` and whether it was made just now.

    Two that ask at once get the same one. A file that others could read is closed to them. Raises OSError.
    """
    path = data_dir / FILE_NAME
    data_dir.mkdir(parents=True, exist_ok=True)
    _sweep_drafts(data_dir)
    known = _read(path)
    if known:
        return known, False
    token = secrets.token_urlsafe(32)
    draft = path.with_name(f".{FILE_NAME}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        return _publish(draft, path, token)
    finally:
        draft.unlink(missing_ok=True)


def _sweep_drafts(data_dir: Path) -> None:
    """Delete what a crash left behind; what is younger than a minute may be somebody's at this moment."""
    for draft in data_dir.glob(f".{FILE_NAME}-*"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _DRAFT_LIFETIME_S:
                draft.unlink()


def _publish(draft: Path, path: Path, token: str) -> tuple[str, bool]:
    while True:
        with suppress(FileExistsError):
            path.hardlink_to(draft)  # whole or not at all, and never over another one
            return token, True
        known = _read(path)
        if known:
            return known, False
        path.unlink(missing_ok=True)  # what stands there is no token


def _read(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    if len(token) < _MIN_CHARACTERS or not token.isprintable():
        return ""
    if stat.S_IMODE(path.stat().st_mode) & ~_OWNER_ONLY:
        path.chmod(_OWNER_ONLY)
    return token
