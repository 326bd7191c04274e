# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One layer and one configuration to an image whose bytes depend on its content only.

Sources: image-spec v1.1 (config.md, layer.md, manifest.md).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
# Level 1: the layers travel over one machine's loopback, so time counts and size does not.
COMPRESSION_LEVEL = 1


@dataclass(frozen=True)
class Entry:
    """A file (content), a link (target) or a folder (neither), with its mode."""

    mode: int
    content: bytes | None = None
    target: str | None = None


@dataclass(frozen=True)
class Runtime:
    """The part of an image's configuration that says how it is run."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    user: str = ""
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """A manifest and the blobs it names, by digest."""

    manifest: bytes
    blobs: Mapping[str, bytes] = field(repr=False)

    @property
    def digest(self) -> str:
        """Digest of the manifest, by which the image is known."""
        return digest(self.manifest)


def digest(content: bytes) -> str:
    """OCI digest (sha256) of these bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layer(entries: Mapping[str, Entry]) -> bytes:
    """An uncompressed tar of the entries, sorted, owned by root, dated 1970, parents included."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, entry in sorted(_with_parents(entries).items()):
            archive.addfile(*_member(path, entry))
    return buffer.getvalue()


def image(entries: Mapping[str, Entry], runtime: Runtime, architecture: str) -> Image:
    """An OCI image of one layer; `architecture` by Go's names (amd64, arm64)."""
    tar = layer(entries)
    compressed = _compress(tar)
    config = _json(
        {
            "architecture": architecture,
            "os": "linux",
            "config": _runtime_json(runtime),
            "rootfs": {"type": "layers", "diff_ids": [digest(tar)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": LAYER_TYPE, "digest": digest(compressed), "size": len(compressed)}],
        }
    )
    return Image(manifest, {digest(config): config, digest(compressed): compressed})


@lru_cache(maxsize=1)
def _compress(tar: bytes) -> bytes:
    """Variants of an image share their layer, and follow one another."""
    return gzip.compress(tar, COMPRESSION_LEVEL, mtime=0)


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _runtime_json(runtime: Runtime) -> dict[str, object]:
    full: dict[str, object] = {
        "Entrypoint": list(runtime.entrypoint),
        "Cmd": list(runtime.command),
        "Env": list(runtime.environment),
        "User": runtime.user,
        "ExposedPorts": {port: {} for port in runtime.exposed_ports},
        "Volumes": {path: {} for path in runtime.volumes},
        "Labels": dict(runtime.labels),
    }
    return {name: value for name, value in full.items() if value}


def _with_parents(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    full: dict[str, Entry] = {}
    for path in entries:
        for parent in PurePosixPath(path).parents:
            if str(parent) != "/":
                full.setdefault(str(parent), Entry(0o755))
    return full | dict(entries)


def _member(path: str, entry: Entry) -> tuple[tarfile.TarInfo, io.BytesIO | None]:
    info = tarfile.TarInfo(path.lstrip("/"))
    info.mode = entry.mode
    if entry.content is not None:
        info.size = len(entry.content)
        return info, io.BytesIO(entry.content)
    if entry.target is not None:
        info.type = tarfile.SYMTYPE
        info.linkname = entry.target
    else:
        info.type = tarfile.DIRTYPE
    return info, None
