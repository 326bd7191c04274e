# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry that lies: a fake, since no real one does so on demand.

It speaks HTTP as the standard library's server does, so that only what a test wants is wrong.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Headers = Sequence[tuple[str, str]]
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
REPOSITORY = "a/b"
EMPTY_CONFIG = b'{"architecture":"amd64","os":"linux"}'


@dataclass(frozen=True)
class Answer:
    """``length`` is what Content-Length says, by default the truth; ``body`` may come piece by piece."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    headers: Headers = ()
    length: int | None = None


@dataclass
class Asked:
    """One request: method, path with query, and Authorization as it came."""

    method: str
    path: str
    authorization: str | None


Lie = Callable[[Asked], Answer | None]


@dataclass
class LyingRegistry:
    """``lie`` answers first; None from it: ``/v2/`` and ``stored`` (path to answer), else 404."""

    url: str
    lie: Lie
    stored: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def answer(self, request: Asked) -> Answer:
        """What goes out for a request."""
        self.asked.append(request)
        told = self.lie(request)
        if told is not None:
            return told
        if request.path == "/v2/":
            return Answer(200, b"{}")
        return self.stored.get(request.path.partition("?")[0], Answer(404, b'{"errors":[]}'))

    def store_manifest(self, content: bytes, media_type: str, tag: str | None = None) -> str:
        """Stores a manifest, under a tag too where one is given; gives its digest."""
        name = digest(content)
        answer = Answer(200, content, (("Content-Type", media_type), ("Docker-Content-Digest", name)))
        for reference in (name, tag):
            if reference is not None:
                self.stored[f"/v2/{REPOSITORY}/manifests/{reference}"] = answer
        return name

    def store_blob(self, content: bytes) -> str:
        """Stores a blob; gives its digest."""
        name = digest(content)
        self.stored[f"/v2/{REPOSITORY}/blobs/{name}"] = Answer(200, content)
        return name


def digest(content: bytes) -> str:
    """The sha256 digest of these bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest(layers: Sequence[object] = (), config: object = None) -> bytes:
    """A manifest of whatever is given; the configuration is that of ``EMPTY_CONFIG`` unless given."""
    named = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": digest(EMPTY_CONFIG),
        "size": len(EMPTY_CONFIG),
    }
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": named if config is None else config,
        "layers": list(layers),
    }
    return json.dumps(document).encode()


def index(manifests: Sequence[object]) -> bytes:
    """An index of whatever is given."""
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests)}
    return json.dumps(document).encode()


def tags(names: object) -> bytes:
    """A page of tags."""
    return json.dumps({"name": REPOSITORY, "tags": names}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Clients with many connections come all at once.
    request_queue_size = 128
    registry: LyingRegistry

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has had enough is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Asked(self.command, self.path, self.headers.get("Authorization"))
        self._send(self.server.registry.answer(request))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def _send(self, answer: Answer) -> None:
        body = answer.body
        known = len(body) if isinstance(body, bytes) else None
        length = answer.length if answer.length is not None else known
        self.close_connection = length != known or length is None
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "HEAD":
            return
        with suppress(OSError):
            for piece in [body] if isinstance(body, bytes) else body:
                self.wfile.write(piece)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size


@contextmanager
def lying_registry(lie: Lie = lambda _: None, port: int = 0) -> Iterator[LyingRegistry]:
    """Serves on loopback until the block ends. ``port`` 0: any that is free."""
    listener = _Server(("127.0.0.1", port), _Handler)
    registry = LyingRegistry(f"http://127.0.0.1:{listener.server_address[1]}", lie)
    listener.registry = registry
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
