# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the assembled images into the depot, which containerd asks before any upstream."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator

from devcluster import images
from devcluster.errors import ClusterError
from devcluster.image_layer import MANIFEST_TYPE, Image
from devcluster.node_files import DEPOT_PORT
from devcluster.settings import Settings
from devcluster.steps.step import run

REQUEST_SECONDS = 60.0


def push_all(settings: Settings) -> None:
    """Pushes every image under every reference; what has not changed costs nothing."""
    depot = http.client.HTTPConnection(str(settings.addresses.node), DEPOT_PORT, timeout=REQUEST_SECONDS)
    # Beside the depot's data, so that one is never there without the other.
    record = settings.folders.data / "depot" / "assembled.json"
    known: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    for definition in images.definitions():
        fingerprint = images.fingerprint(settings.folders, definition)
        if all(known.get(reference) == fingerprint for reference in definition.references):
            continue
        image = images.assemble(settings.folders, definition)
        for reference in definition.references:
            push(depot, reference, image)
            known[reference] = fingerprint
            print(f"{reference} {image.digest}", flush=True)
        # In one step: half a record would stop every later start.
        temporary = record.with_suffix(".new")
        temporary.write_text(json.dumps(known))
        temporary.rename(record)


def push(depot: http.client.HTTPConnection, reference: str, image: Image) -> None:
    """`docker.io/library/busybox:1.36` is kept as repository `docker.io/library/busybox`, tag `1.36`."""
    repository, _, tag = reference.rpartition(":")
    manifest = f"/v2/{repository}/manifests/{tag}"
    if (
        _request(depot, "HEAD", manifest, accept=MANIFEST_TYPE)[1].get("Docker-Content-Digest")
        == image.digest
    ):
        return
    for digest, content in image.blobs.items():
        _push_blob(depot, repository, digest, content)
    _expect(201, depot, "PUT", manifest, image.manifest, MANIFEST_TYPE)


def _push_blob(depot: http.client.HTTPConnection, repository: str, digest: str, content: bytes) -> None:
    if _request(depot, "HEAD", f"/v2/{repository}/blobs/{digest}")[0] == 200:
        return
    location = _expect(202, depot, "POST", f"/v2/{repository}/blobs/uploads/")["Location"]
    path = "/" + location.split("/", 3)[3] if "://" in location else location
    separator = "&" if "?" in path else "?"
    target = f"{path}{separator}digest={digest}"
    _expect(201, depot, "PUT", target, content, "application/octet-stream")


def _expect(
    status: int,
    depot: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    content_type: str = "",
) -> dict[str, str]:
    answered, headers, text = _request(depot, method, path, body, content_type)
    if answered != status:
        raise ClusterError(f"depot: {method} {path}: {answered}: {'; '.join(_messages(text))}")
    return headers


def _request(
    depot: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    content_type: str = "",
    accept: str = "",
) -> tuple[int, dict[str, str], bytes]:
    given = {"Content-Type": content_type, "Accept": accept}
    depot.request(method, path, body, {name: value for name, value in given.items() if value})
    answer = depot.getresponse()
    text = answer.read()
    return answer.status, dict(answer.getheaders()), text


def _messages(text: bytes) -> Iterator[str]:
    for error in json.loads(text or b"{}").get("errors", []):
        yield f"{error.get('code')}: {error.get('message')}"


if __name__ == "__main__":
    run(push_all)
