# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of a few octets, and the registries that tests put them into by plain http."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devcluster.folders import folders
from devcluster.image_layer import (
    CONFIG_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    Entry,
    Image,
    digest,
    layer,
)
from devcluster.images import architecture

_SECONDS = 20.0


def tiny(*texts: str, user: str = "") -> Image:
    """An image that holds nothing but one file for each text, each in a layer of its own."""
    return layered([{f"/text-{n}": Entry(0o644, content=t.encode())} for n, t in enumerate(texts)], user)


def layered(layers: Sequence[Mapping[str, Entry]], user: str = "", command: Sequence[str] = ()) -> Image:
    """An image of these layers, the lowest first (image-spec v1.1, config.md and manifest.md)."""
    tars = [layer(entries) for entries in layers]
    packed = [gzip.compress(tar, mtime=0) for tar in tars]
    config = json.dumps(
        {
            "architecture": architecture(),
            "os": "linux",
            "config": {"User": user, "Cmd": list(command)},
            "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in tars]},
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _descriptor(CONFIG_TYPE, config),
        "layers": [_descriptor(LAYER_TYPE, blob) for blob in packed],
    }
    return Image(json.dumps(manifest).encode(), {digest(blob): blob for blob in (config, *packed)})


def size(image: Image) -> int:
    """Octets that a node pulls for it, the manifest aside."""
    return sum(len(blob) for blob in image.blobs.values())


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


@dataclass(frozen=True)
class Depot:
    """A registry by plain http.

    :ivar prefix: what stands before each repository there, with a slash at its end
    :ivar login: username and password
    """

    host: str
    port: int
    prefix: str = ""
    login: tuple[str, str] | None = None

    @property
    def url(self) -> str:
        """Where it is, its prefix left out."""
        return f"http://{self.host}:{self.port}"

    def docker_config(self, registry: str) -> dict[str, object]:
        """What a Docker config.json holds for a client that knows it under this name."""
        username, password = self.login or ("", "")
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        return {"auths": {registry: {"auth": token} if self.login else {}}}

    def push(self, name: str, image: Image) -> str:
        """Push an image, `name` being repository:tag; give its digest."""
        repository, _, tag = name.rpartition(":")
        base = f"/v2/{self.prefix}{repository}"
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            for blob_digest, content in image.blobs.items():
                answer = self._ask(connection, "POST", f"{base}/blobs/uploads/", 202)
                target = urlsplit(answer["Location"])
                query = f"{target.query}&digest={blob_digest}"
                path = f"{target.path}?{query}"
                self._ask(connection, "PUT", path, 201, content, "application/octet-stream")
            self._ask(connection, "PUT", f"{base}/manifests/{tag}", 201, image.manifest, MANIFEST_TYPE)
        finally:
            connection.close()
        return image.digest

    def digest(self, name: str) -> str:
        """What crane says that this repository:tag points at."""
        with tempfile.TemporaryDirectory() as folder:
            config = self.docker_config(f"{self.host}:{self.port}")
            Path(folder, "config.json").write_text(json.dumps(config))
            command = [str(folders().binaries / "crane"), "digest", "--insecure"]
            command.append(f"{self.host}:{self.port}/{self.prefix}{name}")
            environment = {"PATH": os.environ["PATH"], "DOCKER_CONFIG": folder, "HOME": folder}
            told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
        return told.stdout.strip()

    def forget(self, repository: str) -> None:
        """Remove a repository of the embedded cluster's depot, which deletes nothing by request."""
        stored = folders().data / "depot" / "docker" / "registry" / "v2" / "repositories"
        shutil.rmtree(stored / f"{self.prefix}{repository}")

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        status: int,
        body: bytes | None = None,
        media_type: str = "",
    ) -> Mapping[str, str]:
        headers = {"Content-Type": media_type} if media_type else {}
        if self.login:
            token = base64.b64encode(":".join(self.login).encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == status, f"{method} {path}: {answer.status}: {said!r}"
        return dict(answer.getheaders())
