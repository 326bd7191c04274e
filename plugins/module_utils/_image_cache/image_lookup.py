# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one registry says about one image: its digest, its platforms, the layers of each.

What is received is checked against its digest. A platform is only told where its name could be a node's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
    linux_architecture,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import (
    Digest,
    digest_of,
    parse_digest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.document import (
    describe_failure,
    json_object,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    ConnectFailed,
    DeadlineExceeded,
    DigestMismatch,
    OciError,
    TlsFailed,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    Descriptor,
    Entry,
    Manifest,
    parse_manifest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import (
    Platform,
    platform_of,
)

MOST_PLATFORMS = 32
# What a registry that gives no answer at all ends in.
NO_ANSWER = (ConnectFailed, TlsFailed, DeadlineExceeded)

_LONGEST_CONFIG = 4 * 1024 * 1024
# Architectures become values of a node affinity, and one that is none would have the whole pod refused.
_PLATFORM = re.compile(r"[a-z0-9]{1,32}/[a-z0-9]{1,32}(?:/[a-z0-9][a-z0-9._-]{0,31})?\Z")
_CAUSES = {
    401: "it asks for other credentials",
    403: "these credentials may not pull it, or it does not exist",
    404: "no such tag, digest or repository there",
    429: "the registry limits the rate of requests",
}


class WrongPlatformError(OciError):
    """The image is for none of the platforms that the cache's nodes may have."""


@dataclass(frozen=True)
class Found:
    """What a reference points at.

    :ivar repository: as the registry has it, prefix included
    :ivar platform: of a single manifest, empty where it is not known; not of an index
    """

    repository: str
    digest: Digest
    manifest: Manifest
    platform: str = ""

    @property
    def parts(self) -> dict[str, Entry]:
        """By platform: the first entry of an index for it, at most MOST_PLATFORMS; none of a single manifest.

        An entry without a platform has the name ``""``.
        """
        found: dict[str, Entry] = {}
        for entry in self.manifest.entries:
            name = "" if entry.platform is None else _legible(entry.platform)
            wanted = entry.platform is None or linux_architecture(name)
            if wanted and entry.descriptor.digest.verifiable and len(found) < MOST_PLATFORMS:
                found.setdefault(name, entry)
        return found

    def resolved(self, images: Mapping[str, PlatformImage]) -> Resolved:
        """The result, given the image of each part of an index."""
        if self.manifest.is_index:
            return Resolved(str(self.digest), images)
        own = _image(str(self.digest), self.manifest)
        return Resolved(str(self.digest), {self.platform: own})


class ImageLookup:
    """Asks one registry with one identity; may be used by several threads at once.

    A registry that has given no answer at all, and then does not give one within ``answer_seconds``, is asked
    no more: everything else fails with the same reason.
    """

    def __init__(self, client: Client, prefix: str, deadline: Deadline, answer_seconds: float) -> None:
        self._client = client
        self._prefix = f"{prefix}/" if prefix else ""
        self._deadline = deadline
        self._answer_seconds = answer_seconds
        self._answered = False
        self._silence = ""

    def find(self, repository: str, identifier: str) -> Found:
        """What a tag or digest points at. Raises OciError."""
        repository = f"{self._prefix}{repository}"
        manifest, digest = self._manifest(repository, identifier)
        if not manifest.is_index:
            platform = self._platform_of_config(repository, manifest.blobs[0])
            _require_linux((platform,) if platform is not None else ())
            name = _legible(platform) if platform is not None else ""
            return Found(repository, digest, manifest, name)
        found = Found(repository, digest, manifest)
        if not found.parts:
            _require_linux(manifest.platforms)
        return found

    def image_of(self, repository: str, entry: Entry) -> PlatformImage:
        """The image that an index points at; no layers where the registry does not give it.

        Raises DigestMismatch.
        """
        digest = str(entry.descriptor.digest)
        try:
            manifest, _digest = self._manifest(repository, digest)
        except DigestMismatch:
            raise
        except OciError:
            # An index is known by its digest even where a mirror has not all of its images.
            return PlatformImage(digest, ())
        return _image(digest, manifest)

    def _manifest(self, repository: str, identifier: str) -> tuple[Manifest, Digest]:
        answer = self._ask(lambda until: self._client.get_manifest(repository, identifier, until))
        if answer.status != 200:
            cause = _CAUSES.get(answer.status, "not what a registry answers here")
            raise UnexpectedStatus(f"{describe_failure(answer)}: {cause}", answer.status)
        digest = _expected_digest(identifier, answer)
        digest.verify(answer.body, "the manifest")
        return parse_manifest(answer.body, answer.media_type), digest

    def _platform_of_config(self, repository: str, config: Descriptor) -> Platform | None:
        """None where it is not known: of artifacts, whose configuration is none of an image, for one."""
        if not config.digest.verifiable:
            return None
        limit = min(config.size, _LONGEST_CONFIG)
        try:
            answer = self._ask(lambda until: self._client.get_blob(repository, config.digest, limit, until))
            if answer.status != 200:
                return None
            config.digest.verify(answer.body, "the configuration")
            return platform_of(json_object(answer.body, "the configuration"))
        except DigestMismatch:
            raise
        except OciError:
            return None

    def _ask(self, question: Callable[[Deadline], Response]) -> Response:
        if self._silence:
            raise ConnectFailed(f"not asked, since the registry gave no answer before: {self._silence}")
        until = Deadline.after(self._answer_seconds)
        try:
            answer = question(until if until.at < self._deadline.at else self._deadline)
        except NO_ANSWER as error:
            if not self._answered:
                self._silence = error.message
            raise
        self._answered = True
        return answer


def _image(digest: str, manifest: Manifest) -> PlatformImage:
    config = str(manifest.blobs[0].digest) if manifest.blobs else ""
    return PlatformImage(digest, _layers(manifest), config)


def _expected_digest(identifier: str, answer: Response) -> Digest:
    """What was asked for, else what the registry tells, else the sha256 of what came."""
    named = identifier if ":" in identifier else (answer.header("Docker-Content-Digest") or "").strip()
    if named:
        digest = parse_digest(named)
        if digest.verifiable:
            return digest
    return digest_of(answer.body)


def _require_linux(platforms: tuple[Platform, ...]) -> None:
    others = [str(platform) for platform in platforms if platform.os not in ("linux", "unknown")]
    if others and len(others) == len(platforms):
        raise WrongPlatformError(f"it is not for Linux, only for {', '.join(others[:10])}")


def _legible(platform: Platform) -> str:
    name = str(platform)
    return name if _PLATFORM.match(name) and platform.os != "unknown" else ""


def _layers(manifest: Manifest) -> tuple[tuple[str, int], ...]:
    return tuple((str(blob.digest), blob.size) for blob in manifest.blobs)
