# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image: its manifest, its platforms, and its blobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.redaction import CurrentRedaction
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    ReferenceResult,
    Status,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.blob import blob_size
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import (
    Digest,
    digest_of,
    parse_digest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.document import (
    describe_failure,
    error_codes,
    json_object,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    SyntaxFault,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    Descriptor,
    Manifest,
    parse_manifest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import (
    Platform,
    platform_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

_LONGEST_CONFIG = 4 * 1024 * 1024
_DEEPEST_INDEX = 3
# Thousands of images with thousands each would need gigabytes.
_MOST_PLATFORMS = 64
# Two digests of sha512 and the words between them fit.
_LONGEST_REASON = 360
_UNREGISTERED = "nobody can verify: only sha256 and sha512 are registered"
_TOO_LATE = "the time limit was over before all that it needs was looked at"
_CAUSES = {
    401: "these credentials may not pull it",
    403: "these credentials may not pull it, or it does not exist",
    404: "never pushed, deleted, or lost with the storage",
    429: "the registry limits the rate of requests: fewer connections, or a longer timeout",
    500: "the storage does not give it: see the registry's log",
    503: "the registry's storage or a proxy in front does not answer",
}


class _Faulty(Exception):
    """The image is not as it should be."""


class ImageCheck:
    """Checks images, several at once if need be; what several images share is looked at once.

    ``blobs``, ``blob_faults`` and ``blob_seconds`` (of all threads together) tell of the deep check.
    """

    def __init__(self, client: Client, deep: bool, redaction: CurrentRedaction, deadline: Deadline) -> None:
        self._client = client
        self._deep = deep
        self._redaction = redaction
        self._deadline = deadline
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str]] = set()
        self._platforms: dict[str, Platform | None] = {}
        self.blobs = 0
        self.blob_faults: list[str] = []
        self.blob_seconds = 0.0

    def check(self, repository: str, reference: str, platforms: tuple[Platform, ...]) -> ReferenceResult:
        """Looks at what a tag or digest names."""
        shown = f"{repository}{'@' if ':' in reference else ':'}{reference}"
        digest = media_type = ""
        offered: tuple[Platform, ...] = ()
        try:
            body, found, media_type, doubt = self._fetch(repository, reference)
            digest = str(found)
            manifest = parse_manifest(body, media_type)
            media_type = manifest.media_type
            offered = self._require_platforms(repository, manifest, platforms)
            if self._deep:
                self._look_at_blobs(repository, shown, manifest, platforms)
        except (_Faulty, OciError) as error:
            reason = self._shown(error, _LONGEST_REASON)
            return ReferenceResult(shown, Status.FAIL, reason, digest, _known(media_type))
        names = tuple(str(platform) for platform in offered[:_MOST_PLATFORMS])
        status = Status.WARN if doubt else Status.OK
        return ReferenceResult(shown, status, doubt, digest, _known(media_type), names)

    def _shown(self, error: Exception, longest: int) -> str:
        # Without secrets before it is cut: of one across the cut a part would stay.
        return printable(self._redaction().text(str(error)), longest)

    def _fetch(self, repository: str, reference: str) -> tuple[bytes, Digest, str, str]:
        """Content, digest and media type of a manifest, and what is doubtful about it, if anything."""
        answer = self._client.get_manifest(repository, reference, self._deadline)
        if answer.status != 200:
            raise _Faulty(f"{describe_failure(answer)}: {_cause(answer)}")
        told = answer.header("Docker-Content-Digest")
        doubt = ""
        if ":" in reference:
            digest = parse_digest(reference)
        else:
            digest = _told(told) if told else digest_of(answer.body)
            if not digest.verifiable:
                doubt = (
                    f"the registry tells a digest of the algorithm {digest.algorithm}, which {_UNREGISTERED}"
                )
                digest = digest_of(answer.body)
        _verify(digest, answer.body, "the manifest")
        return answer.body, digest, answer.media_type, doubt

    def _require_platforms(
        self, repository: str, manifest: Manifest, wanted: tuple[Platform, ...]
    ) -> tuple[Platform, ...]:
        """The platforms that there are: of an image without index only if some are ``wanted``."""
        offered = manifest.platforms
        if not manifest.is_index and wanted:
            own = self._platform_of_config(repository, manifest.blobs[0])
            offered = (own,) if own is not None else ()
        missing = [str(platform) for platform in wanted if platform not in offered]
        if missing:
            there = ", ".join(str(platform) for platform in offered[:_MOST_PLATFORMS]) or "none is named"
            raise _Faulty(f"not for {', '.join(missing)}, only for: {there}")
        return offered

    def _platform_of_config(self, repository: str, config: Descriptor) -> Platform | None:
        key = str(config.digest)
        if key not in self._platforms:
            limit = min(config.size, _LONGEST_CONFIG)
            answer = self._client.get_blob(repository, config.digest, limit, self._deadline)
            if answer.status != 200:
                raise _Faulty(f"its configuration: {describe_failure(answer)}: {_blob_cause(answer.status)}")
            _verify(config.digest, answer.body, "the configuration")
            self._platforms[key] = platform_of(json_object(answer.body, "the configuration"))
        return self._platforms[key]

    def _look_at_blobs(
        self, repository: str, shown: str, manifest: Manifest, wanted: tuple[Platform, ...], depth: int = 0
    ) -> None:
        started = time.monotonic()
        for blob in self._unseen(repository, manifest.blobs):
            if self._deadline.passed:
                self._add_fault(f"{shown}: {_TOO_LATE}")
                return
            fault = self._blob_fault(repository, blob)
            if fault is not None:
                self._add_fault(f"{shown}: {blob.digest}: {fault}")
        with self._lock:
            self.blob_seconds += time.monotonic() - started
        if depth >= _DEEPEST_INDEX:
            raise SyntaxFault("an index in an index in an index, and so on")
        for entry in manifest.entries:
            if wanted and entry.platform not in wanted:
                continue
            if not list(self._unseen(repository, (entry.descriptor,))):
                continue
            if self._deadline.passed:
                self._add_fault(f"{shown}: {_TOO_LATE}")
                return
            name = f"{shown} for {entry.platform}" if entry.platform is not None else shown
            try:
                body, _digest, media_type, _doubt = self._fetch(repository, str(entry.descriptor.digest))
                inner = parse_manifest(body, media_type)
            except (_Faulty, OciError) as error:
                self._add_fault(f"{name}: manifest {entry.descriptor.digest}: {self._shown(error, 160)}")
                continue
            self._look_at_blobs(repository, name, inner, (), depth + 1)

    def _unseen(self, repository: str, blobs: Iterable[Descriptor]) -> Iterable[Descriptor]:
        for blob in blobs:
            key = (repository, str(blob.digest))
            # Layers of this kind are never pushed.
            if "foreign" in blob.media_type or "nondistributable" in blob.media_type:
                continue
            with self._lock:
                new = key not in self._seen
                self._seen.add(key)
                self.blobs += new
            if new:
                yield blob

    def _blob_fault(self, repository: str, blob: Descriptor) -> str | None:
        try:
            size = blob_size(self._client, repository, blob.digest, self._deadline)
        except UnexpectedStatus as error:
            return f"{error.message}: {_blob_cause(error.status)}"
        except OciError as error:
            return self._shown(error, _LONGEST_REASON)
        if size is not None and size != blob.size:
            return f"has {size} octets, the manifest says {blob.size}: the storage is damaged; push it again"
        return None

    def _add_fault(self, fault: str) -> None:
        with self._lock:
            self.blob_faults.append(fault)


def _cause(answer: Response) -> str:
    if answer.status == 404 and b"accept" in answer.body.lower():
        return (
            "an index, refused as if not asked for: does a proxy in front drop or change the Accept header?"
        )
    if answer.status == 404 and "NAME_UNKNOWN" in error_codes(answer):
        return "no such repository; was it never pushed, or did the storage change?"
    return _CAUSES.get(answer.status, "not what a registry answers here")


def _blob_cause(status: int) -> str:
    if status == 404:
        return "gone: garbage collection while it was pushed, or lost storage; push the image again"
    return _CAUSES.get(status, "not what a registry answers here")


def _verify(digest: Digest, content: bytes, what: str) -> None:
    if not digest.verifiable:
        raise _Faulty(f"{what}: its digest is of the algorithm {digest.algorithm}, which {_UNREGISTERED}")
    digest.verify(content, what)


def _known(media_type: str) -> str:
    """Of any other, all that is known is that a stranger wrote it."""
    return media_type if media_type in INDEX_TYPES or media_type in MANIFEST_TYPES else ""


def _told(text: str) -> Digest:
    try:
        return parse_digest(text.strip())
    except SyntaxFault as error:
        raise _Faulty(f"Docker-Content-Digest: {error.message}") from error
