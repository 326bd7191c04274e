# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is expected to be in the registry, over many kept connections at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.image_check import ImageCheck
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.redaction import CurrentRedaction
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    ReferenceResult,
    Status,
    Stopwatch,
    not_asked,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import Expected
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.paging import tags
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import Platform

REFERENCES = "expected_references"
BLOBS = "blobs"


@dataclass(frozen=True, slots=True)
class ExpectedOutcome:
    """The results of both checks, one of each reference, and an image (repository, digest) that is there."""

    checks: tuple[CheckResult, ...]
    references: tuple[ReferenceResult, ...] = ()
    image: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Wanted:
    repository: str
    reference: str
    platforms: tuple[Platform, ...]


def check_expected(
    client: Client,
    expected: Sequence[Expected],
    deep: bool,
    connections: int,
    redaction: CurrentRedaction,
    deadline: Deadline,
) -> ExpectedOutcome:
    """Looks at every reference, and with ``deep`` at every blob that they need.

    The references hold no secret any more: there may be thousands, and what is done afterwards has no time.
    """
    if not expected:
        return _nothing_expected(deep)
    watch = Stopwatch(REFERENCES)
    run = _Run(client, expected, deep, redaction, deadline)
    run.work(connections)
    references = tuple(result for _position, result in sorted(run.results, key=lambda entry: entry[0]))
    return ExpectedOutcome(
        (_judge(watch, references), _judge_blobs(run.image_check, deep)), references, run.image
    )


def skip_expected(expected: Sequence[Expected], deep: bool, reason: str) -> ExpectedOutcome:
    """Not looked at, since something more basic is wrong."""
    if not expected:
        return _nothing_expected(deep)
    blobs = skipped(BLOBS, reason) if deep else not_asked(BLOBS)
    return ExpectedOutcome((skipped(REFERENCES, reason), blobs))


def _nothing_expected(deep: bool) -> ExpectedOutcome:
    blobs = skipped(BLOBS, "deep looks at the images that expect names, and it names none")
    return ExpectedOutcome((not_asked(REFERENCES), blobs if deep else not_asked(BLOBS)))


class _Run:
    def __init__(
        self,
        client: Client,
        expected: Sequence[Expected],
        deep: bool,
        redaction: CurrentRedaction,
        deadline: Deadline,
    ) -> None:
        self._client = client
        self._redaction = redaction
        self._deadline = deadline
        self._lock = threading.Lock()
        self._wanted = self._list(expected)
        self._position = 0
        self.image_check = ImageCheck(client, deep, redaction, deadline)
        self.results: list[tuple[int, ReferenceResult]] = []
        self.image: tuple[str, str] | None = None

    def work(self, connections: int) -> None:
        """Done when every reference has its result."""
        # The first one alone: it logs in for all, and many need no further threads.
        if not self._one():
            return
        with ThreadPoolExecutor(connections, "expect") as pool:
            for worker in [pool.submit(self._all) for _connection in range(connections)]:
                worker.result()

    def _all(self) -> None:
        while self._one():
            pass

    def _one(self) -> bool:
        with self._lock:
            # Pages of tags are asked for in here, while the other threads still work on the last one.
            wanted = self._next()
            self._position += 1
            position = self._position
        if wanted is None:
            return False
        if isinstance(wanted, _Wanted):
            result = self.image_check.check(wanted.repository, wanted.reference, wanted.platforms)
            if self.image is None and result.digest:
                self.image = (wanted.repository, result.digest)
        else:
            result = wanted
        self.results.append((position, self._redaction().reference(result)))
        return True

    def _next(self) -> _Wanted | ReferenceResult | None:
        wanted = next(self._wanted, None)
        if isinstance(wanted, _Wanted) and self._deadline.passed:
            # There may be any number of them.
            self._wanted = iter(())
            reason = "the time limit was over before it and all further ones were looked at"
            return ReferenceResult(f"{wanted.repository}:{wanted.reference}", Status.FAIL, reason)
        return wanted

    def _list(self, expected: Sequence[Expected]) -> Iterator[_Wanted | ReferenceResult]:
        for entry in expected:
            given = dict.fromkeys(entry.tags)
            for tag in given:
                yield _Wanted(entry.repository, tag, entry.platforms)
            if entry.all_tags or not given:
                yield from self._listed(entry, frozenset(given))

    def _listed(self, entry: Expected, given: frozenset[str]) -> Iterator[_Wanted | ReferenceResult]:
        count = 0
        try:
            for tag in tags(self._client, entry.repository, self._deadline):
                count += 1
                if not entry.all_tags:
                    break
                if tag not in given:
                    yield _Wanted(entry.repository, tag, entry.platforms)
        except OciError as error:
            cause = ""
            if isinstance(error, UnexpectedStatus) and error.status == 404:
                cause = ": no such repository; was it never pushed, or did the storage change?"
            yield ReferenceResult(entry.repository, Status.FAIL, f"{error.message}{cause}")
        else:
            if count == 0:
                yield ReferenceResult(entry.repository, Status.WARN, "the repository has no tags")
            elif not entry.all_tags:
                yield ReferenceResult(entry.repository, Status.OK, "")


def _judge(watch: Stopwatch, references: tuple[ReferenceResult, ...]) -> CheckResult:
    faults = [
        f"{result.reference}: {result.message}"
        for result in references
        if result.status is Status.FAIL and not result.only_blobs
    ]
    if faults:
        return watch.fail_list(f"{len(faults)} of {len(references)} faulty", faults)
    doubtful = [result for result in references if result.status is Status.WARN]
    if doubtful:
        return watch.warn("; ".join(f"{result.reference}: {result.message}" for result in doubtful[:10]))
    return watch.ok(f"{len(references)} of {len(references)} are there, as their digests say")


def _judge_blobs(image_check: ImageCheck, deep: bool) -> CheckResult:
    if not deep:
        return not_asked(BLOBS)
    watch = Stopwatch(BLOBS, image_check.blob_seconds)
    if image_check.blob_faults:
        heading = f"{len(image_check.blob_faults)} of {image_check.blobs} faulty"
        return watch.fail_list(heading, image_check.blob_faults)
    if image_check.blobs == 0:
        return skipped(BLOBS, "no image was found to look into: expect names none, or none could be read")
    return watch.ok(f"{image_check.blobs} are there, with the size that their manifests tell")
