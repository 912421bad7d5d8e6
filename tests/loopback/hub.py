"""FakeHub: as much of the Hugging Face hub as a download needs, on 127.0.0.1, with repositories that a test fills."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

Files = Mapping[str, bytes]


def commit_of(files: Files) -> str:
    """Return forty hexadecimal digits that change with any byte, as git's do."""
    whole = b"".join(name.encode() + b"\0" + content for name, content in sorted(files.items()))
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest()


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return every file below ``folder`` by its path inside it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@dataclass
class FakeHub:
    """Serves repositories: what was pushed last is the newest commit, and older ones can still be asked for.

    As on the real hub, large files (here: safetensors) are known by their SHA-256 and small ones by git's hash.
    """

    failing: set[str] = field(default_factory=set)  # files whose download answers 500
    altered: dict[str, bytes] = field(default_factory=dict)  # files that arrive as other bytes of the same length
    sizes: dict[str, int] = field(default_factory=dict)  # files that are described as larger than they are
    fetched: list[str] = field(default_factory=list)  # "commit/path" of each download
    asked: list[str] = field(default_factory=list)  # every request's method and path
    _commits: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)

    def push(self, repository: str, files: Files) -> str:
        """Make ``files`` the repository's newest commit and return that commit."""
        commit = commit_of(files)
        self._commits.setdefault(repository, {})[commit] = dict(files)
        return commit

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        hub = self

        class Handler(_Handler):
            answer_for = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def describe(self, repository: str, commit: str | None) -> dict[str, Any] | None:
        commits = self._commits.get(repository)
        if not commits or (commit is not None and commit not in commits):
            return None
        commit = commit or list(commits)[-1]
        siblings = [
            _sibling(path, content, self.sizes.get(path, len(content))) for path, content in commits[commit].items()
        ]
        return {"id": repository, "sha": commit, "siblings": siblings}

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        return self._commits.get(repository, {}).get(commit, {}).get(path)


def _sibling(path: str, content: bytes, size_bytes: int) -> dict[str, Any]:
    sibling: dict[str, Any] = {"rfilename": path, "size": size_bytes, "blobId": _etag("small", content)}
    if path.endswith(".safetensors"):
        sibling["lfs"] = {"sha256": _etag(path, content), "size": size_bytes, "pointerSize": 134}
    return sibling


def _etag(path: str, content: bytes) -> str:
    if path.endswith(".safetensors"):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each small answer waits 40 ms for an acknowledgement
    answer_for: FakeHub

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.answer_for.asked.append(f"{self.command} {path}")
        if path.startswith("/api/models/"):
            repository, _, commit = path.removeprefix("/api/models/").partition("/revision/")
            self._describe(repository, commit or None)
        else:
            repository, _, rest = path.lstrip("/").partition("/resolve/")
            commit, _, file = rest.partition("/")
            self._send_file(repository, commit, file, with_body=with_body)

    def _describe(self, repository: str, commit: str | None) -> None:
        description = self.answer_for.describe(repository, commit)
        if description is None:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
        else:
            self._send(200, json.dumps(description).encode(), {"Content-Type": "application/json"})

    def _send_file(self, repository: str, commit: str, file: str, *, with_body: bool) -> None:
        content = self.answer_for.file(repository, commit, file)
        if content is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        if with_body and file in self.answer_for.failing:
            self._send(500, b"", {})
            return
        if with_body:
            self.answer_for.fetched.append(f"{commit}/{file}")
        headers = {"X-Repo-Commit": commit, "ETag": f'"{_etag(file, content)}"'}
        self._send(200, self.answer_for.altered.get(file, content), headers, with_body=with_body)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], *, with_body: bool = True) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)
