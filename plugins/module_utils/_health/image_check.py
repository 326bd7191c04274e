# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image: its manifest, its platforms, and its blobs."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.once import Once
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
    Entry,
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
_GONE = "never pushed, deleted, or lost with the storage"
_ENTRY_GONE = (
    "gone although its index is there: deleted, or taken by garbage collection with --delete-untagged; "
    "push the image again"
)
_REFUSED_HEAD = frozenset({400, 405, 501})
_MOST_TOLD = 3
_CAUSES = {
    401: "these credentials may not pull it",
    403: "these credentials may not pull it, or it does not exist",
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
        self._blob_once: Once[str | None] = Once()
        self._entry_once: Once[tuple[str, ...]] = Once()
        self._entry_is_there: Once[str] = Once()
        self._platforms: dict[str, Platform | None] = {}
        self.blobs = 0
        self.blob_faults: list[str] = []
        self.blob_seconds = 0.0

    def check(self, repository: str, reference: str, platforms: tuple[Platform, ...]) -> ReferenceResult:
        """Looks at what a tag or digest names."""
        shown = f"{repository}{'@' if ':' in reference else ':'}{reference}"
        result = ReferenceResult(shown, Status.OK, "")
        faults: list[str] = []
        try:
            body, found, media_type, doubt = self._fetch(repository, reference, _GONE)
            result = replace(result, digest=str(found), media_type=_known(media_type))
            manifest = parse_manifest(body, media_type)
            offered = self._offered(repository, manifest, bool(platforms))
            names = tuple(str(platform) for platform in offered[:_MOST_PLATFORMS])
            result = replace(result, media_type=_known(manifest.media_type), platforms=names)
            _require_platforms(offered, platforms)
            if self._deep:
                faults = self._blob_faults(repository, shown, manifest, platforms)
            else:
                self._require_entries(repository, manifest, platforms)
        except (_Faulty, OciError) as error:
            return replace(result, status=Status.FAIL, message=self._shown(error, _LONGEST_REASON))
        if faults:
            return replace(result, status=Status.FAIL, message=_told_faults(faults), only_blobs=True)
        return replace(result, status=Status.WARN if doubt else Status.OK, message=doubt)

    def _shown(self, error: Exception, longest: int) -> str:
        # Without secrets before it is cut: of one across the cut a part would stay.
        return printable(self._redaction().text(str(error)), longest)

    def _fetch(self, repository: str, reference: str, gone: str) -> tuple[bytes, Digest, str, str]:
        """Content, digest and media type of a manifest, and what is doubtful about it, if anything.

        ``gone``: why it may not be there.
        """
        answer = self._client.get_manifest(repository, reference, self._deadline)
        if answer.status != 200:
            raise _Faulty(f"{describe_failure(answer)}: {self._cause(answer, gone)}")
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

    def _cause(self, answer: Response, gone: str) -> str:
        if answer.status == 404 and b"accept" in answer.body.lower():
            return (
                "an index, refused as if not asked for: "
                "does a proxy in front drop or change the Accept header?"
            )
        if answer.status == 404 and "NAME_UNKNOWN" in error_codes(answer):
            return "no such repository; was it never pushed, or did the storage change?"
        if answer.status == 404:
            return gone
        if answer.status == 401 and self._client.anonymous:
            return "it may not be pulled without credentials"
        return _CAUSES.get(answer.status, "not what a registry answers here")

    def _offered(self, repository: str, manifest: Manifest, wanted: bool) -> tuple[Platform, ...]:
        """The platforms that there are: of an image without index only if some are ``wanted``."""
        if manifest.is_index or not wanted:
            return manifest.platforms
        own = self._platform_of_config(repository, manifest.blobs[0])
        return (own,) if own is not None and own.os and own.architecture else ()

    def _require_entries(self, repository: str, manifest: Manifest, wanted: tuple[Platform, ...]) -> None:
        """Raises _Faulty where the index names a manifest for a platform, and that is not there."""
        for platform in wanted if manifest.is_index else ():
            entry = manifest.select(platform)
            if entry is None:
                continue
            digest = str(entry.descriptor.digest)
            fault = self._entry_is_there.get(
                (repository, digest), partial(self._entry_fault, repository, digest)
            )
            if fault:
                raise _Faulty(f"for {platform}: manifest {digest}: {fault}")

    def _entry_fault(self, repository: str, digest: str) -> str:
        """Empty where a manifest is there. Raises what Client.head_manifest raises."""
        answer = self._client.head_manifest(repository, digest, self._deadline)
        if answer.status in _REFUSED_HEAD:
            answer = self._client.get_manifest(repository, digest, self._deadline)
        if answer.status == 200:
            return ""
        return f"{describe_failure(answer)}: {self._cause(answer, _ENTRY_GONE)}"

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

    def _blob_faults(
        self, repository: str, shown: str, manifest: Manifest, wanted: tuple[Platform, ...], depth: int = 0
    ) -> list[str]:
        """What is wrong with all that a manifest names; ``shown`` names the image in the check's own list."""
        faults: list[str] = []
        for blob in filter(_is_pushed, manifest.blobs):
            if self._deadline.passed:
                return [*faults, self._add_fault(shown, _TOO_LATE)]
            fault = self._blob_once.get(
                (repository, str(blob.digest), blob.size), partial(self._look_at, repository, shown, blob)
            )
            faults += [fault] if fault is not None else []
        if depth >= _DEEPEST_INDEX:
            raise SyntaxFault("an index in an index in an index, and so on")
        for entry in manifest.entries:
            if (wanted and entry.platform not in wanted) or not _is_pushed(entry.descriptor):
                continue
            if self._deadline.passed:
                return [*faults, self._add_fault(shown, _TOO_LATE)]
            inner = self._entry_once.get(
                (repository, str(entry.descriptor.digest)),
                partial(self._look_into, repository, shown, entry, depth),
            )
            named = f"for {entry.platform}: " if entry.platform is not None else ""
            faults += [f"{named}{fault}" for fault in inner[:_MOST_TOLD]]
        return faults

    def _look_into(self, repository: str, shown: str, entry: Entry, depth: int) -> tuple[str, ...]:
        """The faults of one manifest of an index."""
        name = f"{shown} for {entry.platform}" if entry.platform is not None else shown
        with self._lock:
            self.blobs += 1
        try:
            body, _digest, media_type, _doubt = self._fetch(
                repository, str(entry.descriptor.digest), _ENTRY_GONE
            )
            inner = parse_manifest(body, media_type)
        except (_Faulty, OciError) as error:
            return (self._add_fault(name, f"manifest {entry.descriptor.digest}: {self._shown(error, 240)}"),)
        return tuple(self._blob_faults(repository, name, inner, (), depth + 1)[: _MOST_TOLD + 1])

    def _look_at(self, repository: str, shown: str, blob: Descriptor) -> str | None:
        started = time.monotonic()
        fault = self._blob_fault(repository, blob)
        with self._lock:
            self.blobs += 1
            self.blob_seconds += time.monotonic() - started
        return None if fault is None else self._add_fault(shown, f"{blob.digest}: {fault}")

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

    def _add_fault(self, shown: str, fault: str) -> str:
        with self._lock:
            self.blob_faults.append(f"{shown}: {fault}")
        return fault


def _is_pushed(descriptor: Descriptor) -> bool:
    """Layers of the other kind stay where they come from."""
    return "foreign" not in descriptor.media_type and "nondistributable" not in descriptor.media_type


def _told_faults(faults: list[str]) -> str:
    shown = faults[:_MOST_TOLD]
    if len(faults) > len(shown):
        shown.append("and more")
    return "; ".join(shown)


def _require_platforms(offered: tuple[Platform, ...], wanted: tuple[Platform, ...]) -> None:
    missing = [str(platform) for platform in wanted if platform not in offered]
    if missing:
        there = ", ".join(str(platform) for platform in offered[:_MOST_PLATFORMS]) or "none is named"
        raise _Faulty(f"not for {', '.join(missing)}, only for: {there}")


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
