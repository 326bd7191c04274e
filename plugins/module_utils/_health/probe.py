# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiny (or not so tiny) image that a round trip pushes."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import Digest, digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Body
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    OCI_CONFIG,
    OCI_LAYER,
    Descriptor,
    image_config,
    image_manifest,
)

# Where nothing can be deleted, the probe is always the same one, so that it is left behind once and not at
# each run.
_LASTING_SEED = 20260101
_PIECE = 1024 * 1024


def random_body(size: int, seed: int) -> Body:
    """So many octets that no proxy can compress, made anew each time they are sent."""

    def pieces() -> Iterator[bytes]:
        source = random.Random(seed)
        for start in range(0, size, _PIECE):
            yield source.randbytes(min(_PIECE, size - start))

    return Body(size, pieces)


@dataclass(frozen=True, slots=True)
class Probe:
    """An image of one layer: its tag, its layer and that one's digest, its configuration, its manifest."""

    tag: str
    layer: Body
    layer_digest: Digest
    config: bytes
    manifest: bytes

    @classmethod
    def make(cls, size: int, lasting: bool, deadline: Deadline) -> Probe:
        """One of its own for every run, or the lasting one of this size. Raises DeadlineExceeded."""
        layer = random_body(size, _LASTING_SEED if lasting else secrets.randbits(64))
        hashed = hashlib.sha256()
        for piece in layer.pieces():
            deadline.remaining("making the image to push")
            hashed.update(piece)
        digest = Digest("sha256", hashed.hexdigest())
        config = image_config(digest, "registry health probe")
        manifest = image_manifest(Descriptor.of(OCI_CONFIG, config), (Descriptor(OCI_LAYER, digest, size),))
        tag = "probe" if lasting else f"probe-{secrets.token_hex(8)}"
        return cls(tag, layer, digest, config, manifest)

    @property
    def blobs(self) -> tuple[Digest, ...]:
        """The digests of its blobs."""
        return self.layer_digest, digest_of(self.config)
