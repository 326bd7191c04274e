# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small image as an OCI layout in a folder, for clients to push."""

from __future__ import annotations

import json
from pathlib import Path

from devcluster.image_layer import MANIFEST_TYPE, Entry, Image, Runtime, image
from devcluster.images import architecture


def greeting(text: str, busybox: Path) -> Image:
    """An image that prints the text and ends."""
    entries = {"/bin/busybox": Entry(0o755, content=busybox.read_bytes())}
    return image(
        entries, Runtime(entrypoint=("/bin/busybox", "echo", text), user="65532:65532"), architecture()
    )


def write(image: Image, folder: Path, tag: str) -> str:
    """Writes an image layout (image-spec v1.1, image-layout.md) and returns skopeo's name for it."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for digest, content in (*image.blobs.items(), (image.digest, image.manifest)):
        (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    (folder / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    descriptor = {
        "mediaType": MANIFEST_TYPE,
        "digest": image.digest,
        "size": len(image.manifest),
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [descriptor]}))
    return f"oci:{folder}:{tag}"
