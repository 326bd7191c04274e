# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image manifests: media types, and building the smallest one that is valid.

Source: OCI image-spec 1.1, manifest.md and descriptor.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .digest import Digest, digest_of

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

# A registry that is not told of the index types may answer with another manifest, or say that there is none.
ACCEPT = f"{OCI_INDEX}, {DOCKER_LIST}, {OCI_MANIFEST}, {DOCKER_MANIFEST}"


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
