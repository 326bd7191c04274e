# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Very many requests to an API server on loopback: a connection to each thread, JSON in and out."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from benchmarks.errors import BenchmarkError

# The server and its etcd share the machine with this client.
THREADS = 8
TIMEOUT = 120.0
SHOWN_OCTETS = 500
MERGE_PATCH = "application/merge-patch+json"
# As kubectl shows them: a row has what is printed of an object. Their metadata is a hundred times as long.
_TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class ApiServer:
    """May be used by several threads at a time."""

    def __init__(self, port: int, certificate: Path, token: str) -> None:
        self._port = port
        self._token = token
        self._trust = ssl.create_default_context(cafile=str(certificate))
        self._own = threading.local()

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """An object, or a list of them. Raises BenchmarkError, as every method here does."""
        return self._request("GET", path, query)

    def names(self, path: str, **query: str) -> list[str]:
        """The names of the objects in a list; their content is not sent."""
        found = self._request("GET", path, {**query, "includeObject": "None"}, accept=_TABLE)
        name = [column["name"] for column in found["columnDefinitions"]].index("Name")
        return [row["cells"][name] for row in found["rows"] or ()]

    def create(self, path: str, body: object, manager: str) -> dict[str, Any]:
        """What the server stored, under this field manager's name."""
        return self._request("POST", path, {"fieldManager": manager}, body)

    def replace(self, path: str, body: object, manager: str) -> dict[str, Any]:
        """Replace an object, or its subresource; costs the server a fifth less than a patch of the whole."""
        return self._request("PUT", path, {"fieldManager": manager}, body)

    def merge(self, path: str, body: object, manager: str) -> dict[str, Any]:
        """Apply a JSON merge patch (RFC 7386)."""
        return self._request("PATCH", path, {"fieldManager": manager}, body, content_type=MERGE_PATCH)

    def delete(self, path: str) -> dict[str, Any]:
        """Delete an object, and what it owns in the background."""
        return self._request("DELETE", path, {"propagationPolicy": "Background"})

    def watch(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Events of a list from a version of it on, as they come, by a connection of its own."""
        target = f"{path}?{urlencode({**query, 'watch': 'true'})}"
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._trust)
        try:
            connection.request("GET", target, headers={"Authorization": f"Bearer {self._token}"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise BenchmarkError(f"GET {target}: HTTP {answer.status} {answer.read(SHOWN_OCTETS)!r}")
            while line := answer.readline():
                event: dict[str, Any] = json.loads(line)
                yield event
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise BenchmarkError(f"GET {target}: {error!r}") from error
        finally:
            connection.close()

    def _request(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: object = None,
        *,
        accept: str = "application/json",
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        target = f"{path}?{urlencode(query)}" if query else path
        headers = {"Accept": accept, "Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        try:
            status, data = self._exchange(method, target, content, headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection().close()
            raise BenchmarkError(f"{method} {target}: {error!r}") from error
        if status >= 300:
            raise BenchmarkError(f"{method} {target}: HTTP {status} {data[:SHOWN_OCTETS]!r}")
        parsed: dict[str, Any] = json.loads(data)
        return parsed

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """Status and body. The server closes what was idle for long: then it is asked once more."""
        connection = self._connection()
        kept = connection.sock is not None
        try:
            connection.request(method, target, body=content, headers=headers)
            answer = connection.getresponse()
        except (ConnectionError, ssl.SSLEOFError):
            connection.close()
            if not kept:
                raise
            connection.request(method, target, body=content, headers=headers)
            answer = connection.getresponse()
        return answer.status, answer.read()

    def _connection(self) -> http.client.HTTPSConnection:
        # A connection that was closed is opened again by its next request.
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, timeout=TIMEOUT, context=self._trust
            )
        connection: http.client.HTTPSConnection = self._own.connection
        return connection


def in_threads(action: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """Results in the order of the items; after the first error nothing more is begun, and it is raised."""
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(action, item) for item in items]
        try:
            return [future.result() for future in futures]
        finally:
            pool.shutdown(cancel_futures=True)
