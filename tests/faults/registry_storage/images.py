# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images pushed by requests of this file's own, so that the client is not proved by itself."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest(content: bytes, algorithm: str = "sha256") -> str:
    """``algorithm:hash`` of these bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


@dataclass(frozen=True)
class Answer:
    """``headers`` with names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Image:
    """A pushed manifest and, unless it is an index, its blobs: configuration first."""

    media_type: str
    manifest: bytes
    blobs: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Of the manifest."""
        return digest(self.manifest)

    def descriptor(self, platform: str) -> dict[str, object]:
        """As an index names it; ``platform`` is os/arch or os/arch/variant."""
        system, architecture, *variant = platform.split("/")
        named = {"os": system, "architecture": architecture} | ({"variant": variant[0]} if variant else {})
        return _descriptor(self.media_type, self.manifest) | {"platform": named}


@dataclass(frozen=True)
class Pusher:
    """Pushes to a plain registry on loopback, where every step must succeed."""

    port: int
    username: str | None = None
    password: str | None = None

    def ask(self, method: str, path: str, body: bytes | None = None, media_type: str | None = None) -> Answer:
        """One request, redirects not followed."""
        headers = {} if media_type is None else {"Content-Type": media_type}
        if self.username is not None:
            login = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            headers["Authorization"] = f"Basic {login}"
        return ask(self.port, method, path, body, headers)

    def blob(self, repository: str, content: bytes, algorithm: str = "sha256") -> str:
        """Pushes a blob and gives the digest it can be asked for by."""
        name = digest(content, algorithm)
        start = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        _expect(start, 202)
        location = urlsplit(start.headers["location"])
        query = f"{location.query}&digest={name}" if location.query else f"digest={name}"
        _expect(self.ask("PUT", f"{location.path}?{query}", content, "application/octet-stream"), 201)
        return name

    def image(
        self,
        repository: str,
        tag: str,
        *,
        platform: str = "linux/amd64",
        layers: Sequence[bytes] = (b"a layer",),
        algorithm: str = "sha256",
        docker: bool = False,
    ) -> Image:
        """Pushes an image under a tag; ``algorithm`` is that of its layers' digests."""
        system, architecture, *variant = platform.split("/")
        config = {"os": system, "architecture": architecture, "config": {}} | (
            {"variant": variant[0]} if variant else {}
        )
        config["rootfs"] = {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}
        configuration = json.dumps(config).encode()
        names = [self.blob(repository, configuration)]
        names += [self.blob(repository, layer, algorithm) for layer in layers]
        kinds = (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER) if docker else _OCI_KINDS
        manifest = {
            "schemaVersion": 2,
            "mediaType": kinds[0],
            "config": _descriptor(kinds[1], configuration),
            "layers": [_descriptor(kinds[2], layer, algorithm) for layer in layers],
        }
        image = Image(kinds[0], json.dumps(manifest).encode(), tuple(names))
        self.manifest(repository, tag, image)
        return image

    def index(self, repository: str, tag: str, images: Mapping[str, Image], *, docker: bool = False) -> Image:
        """Pushes an index of images that are there already, by platform."""
        kind = DOCKER_LIST if docker else OCI_INDEX
        entries = [image.descriptor(platform) for platform, image in images.items()]
        document = {"schemaVersion": 2, "mediaType": kind, "manifests": entries}
        index = Image(kind, json.dumps(document).encode())
        self.manifest(repository, tag, index)
        return index

    def manifest(self, repository: str, reference: str, image: Image) -> None:
        """Names a manifest by a tag, or another one."""
        path = f"/v2/{repository}/manifests/{reference}"
        _expect(self.ask("PUT", path, image.manifest, image.media_type), 201)


_OCI_KINDS = (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER)


def ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request to 127.0.0.1, redirects not followed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        lower = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lower, response.read())
    finally:
        connection.close()


def _descriptor(media_type: str, content: bytes, algorithm: str = "sha256") -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest(content, algorithm), "size": len(content)}


def _expect(answer: Answer, status: int) -> None:
    assert answer.status == status, answer
