# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image manifests and indexes: media types, reading them, and building the smallest one that is valid.

Source: OCI image-spec 1.1, manifest.md, image-index.md and descriptor.md.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from .digest import Digest, digest_of, parse_digest
from .document import json_object
from .errors import SyntaxFault
from .platform import Platform, platform_of

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

# A registry that is not told of the index types may answer with another manifest, or say that there is none.
ACCEPT = f"{OCI_INDEX}, {DOCKER_LIST}, {OCI_MANIFEST}, {DOCKER_MANIFEST}"


INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFEST_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
_MOST_DESCRIPTORS = 10_000
# Such a document takes many times its octets while it is read; threads would not read it faster together.
_LARGE = 256 * 1024
_one_large = threading.Lock()
# The longest one in use has 71.
_LONGEST_MEDIA_TYPE = 127


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Points at content: media type, digest, size in octets."""

    media_type: str
    digest: Digest
    size: int

    @classmethod
    def of(cls, media_type: str, content: bytes) -> Descriptor:
        """The descriptor of these bytes, with their sha256."""
        return cls(media_type, digest_of(content), len(content))

    def as_json(self) -> dict[str, object]:
        """The form it has in a manifest."""
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size}


@dataclass(frozen=True, slots=True)
class Entry:
    """What an index points at, and the platform it is for (None: not told)."""

    descriptor: Descriptor
    platform: Platform | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or an index. ``blobs``: configuration first, then the layers; ``entries``: of an index."""

    media_type: str
    blobs: tuple[Descriptor, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def is_index(self) -> bool:
        """Whether it points at manifests instead of content."""
        return self.media_type in INDEX_TYPES

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms that an index names, each once; attestations (platform unknown) left out."""
        named = (entry.platform for entry in self.entries)
        return tuple(dict.fromkeys(found for found in named if found is not None and found.os != "unknown"))

    def select(self, wanted: Platform) -> Entry | None:
        """The first entry of an index that is for this platform."""
        return next((entry for entry in self.entries if entry.platform == wanted), None)


def parse_manifest(body: bytes, media_type: str) -> Manifest:
    """Reads a manifest or an index of any of the four media types.

    ``media_type`` is the answer's; the document's own must not contradict it. Raises SyntaxFault.
    """
    if len(body) <= _LARGE:
        return _parse(body, media_type)
    with _one_large:
        return _parse(body, media_type)


def _parse(body: bytes, media_type: str) -> Manifest:
    document = json_object(body, "the manifest")
    told = document.get("mediaType")
    own = told if isinstance(told, str) and told else media_type
    if media_type and own.lower() != media_type:
        raise SyntaxFault(
            f"the manifest says that it is {_shown(own)}, the answer that it is {_shown(media_type)}"
        )
    kind = own.lower()
    if kind in INDEX_TYPES or (kind not in MANIFEST_TYPES and isinstance(document.get("manifests"), list)):
        entries = _listed(document, "manifests")
        return Manifest(
            kind if kind in INDEX_TYPES else OCI_INDEX,
            entries=tuple(Entry(_descriptor(entry), platform_of(entry.get("platform"))) for entry in entries),
        )
    if document.get("schemaVersion") == 1:
        raise SyntaxFault(
            "the manifest is of schema 1, which registries and runtimes have given up: push it anew"
        )
    config = document.get("config")
    if kind not in MANIFEST_TYPES and not isinstance(config, Mapping):
        raise SyntaxFault(f"the manifest has a media type that is not known: {_shown(own)}")
    if not isinstance(config, Mapping):
        raise SyntaxFault("the manifest has no configuration")
    layers = _listed(document, "layers")
    return Manifest(kind, tuple(_descriptor(blob) for blob in (config, *layers)))


def image_manifest(config: Descriptor, layers: tuple[Descriptor, ...]) -> bytes:
    """The exact bytes of an OCI image manifest."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.as_json(),
        "layers": [layer.as_json() for layer in layers],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def image_config(layer: Digest, comment: str) -> bytes:
    """An image configuration for one uncompressed layer that runs nowhere."""
    document = {
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [str(layer)]},
        "history": [{"comment": comment}],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _shown(media_type: str) -> str:
    # Not cut: of a secret that a server put there, a part would stay.
    return (
        (media_type or "none")
        if len(media_type) <= _LONGEST_MEDIA_TYPE
        else f"one of more than {_LONGEST_MEDIA_TYPE} characters"
    )


def _listed(document: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = document.get(key)
    if not isinstance(found, list) or len(found) > _MOST_DESCRIPTORS:
        raise SyntaxFault(f"the manifest has no list {key!r}, or too long a one")
    if not all(isinstance(entry, Mapping) for entry in found):
        raise SyntaxFault(f"the manifest has something in {key!r} that is not an object")
    return found


def _descriptor(document: Mapping[str, object]) -> Descriptor:
    digest, size, media_type = (document.get(name) for name in ("digest", "size", "mediaType"))
    if not isinstance(digest, str):
        raise SyntaxFault("the manifest points at something without a digest")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < 2**63:
        raise SyntaxFault("the manifest points at something without a size")
    return Descriptor(media_type if isinstance(media_type, str) else "", parse_digest(digest), size)
