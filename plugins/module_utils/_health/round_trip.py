# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Push, pull and delete one tiny image, and leave nothing behind where the registry allows that."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Stopwatch,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import Digest, digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.document import (
    describe_failure,
    error_codes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    image_config,
    image_manifest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import upload_blob

# Where nothing can be deleted, the probe is always the same one, so that it is left behind once and not at
# each run.
_LASTING_TAG = "probe"
_LASTING_CONTENT = b"clusterdepot registry health probe".ljust(512, b"\0")
_MOST_RESERVED = 5.0
_PUSH_CAUSES = {
    401: "these credentials may not push (or the token server grants no push)",
    403: "these credentials may not push to this repository",
    404: "the repository does not exist and is not made by a push",
    405: "the registry is read-only (maintenance mode), or a pull-through proxy",
    413: "a proxy in front limits the size of request bodies",
    500: "the storage cannot be written: full, read-only or denied? See the registry's log",
    503: "the storage does not answer",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """A tiny image: its tag, its blobs, its manifest."""

    tag: str
    layer: bytes
    config: bytes
    manifest: bytes

    @classmethod
    def make(cls, lasting: bool) -> Probe:
        """One of its own for every run, or the lasting one."""
        layer = _LASTING_CONTENT if lasting else secrets.token_bytes(512)
        config = image_config(digest_of(layer), "registry health probe")
        manifest = image_manifest(Descriptor.of(OCI_CONFIG, config), (Descriptor.of(OCI_LAYER, layer),))
        return cls(_LASTING_TAG if lasting else f"probe-{secrets.token_hex(8)}", layer, config, manifest)

    @property
    def blobs(self) -> tuple[Digest, ...]:
        """The digests of its blobs."""
        return digest_of(self.layer), digest_of(self.config)


@dataclass(slots=True)
class RoundTripOutcome:
    """``leftovers``: what is in the registry now and was not before; ``capabilities`` as they were seen."""

    result: CheckResult
    leftovers: tuple[str, ...] = ()
    capabilities: dict[str, bool | str] = field(default_factory=dict)


class _Failed(Exception):
    """A step of the round trip did not do what it should."""


def check_round_trip(client: Client, repository: str, deadline: Deadline) -> RoundTripOutcome:
    """Pushes, pulls, compares and deletes. Part of the time is kept back for cleaning up after a failure."""
    watch = Stopwatch("round_trip")
    work = deadline.before(min(_MOST_RESERVED, deadline.seconds / 4))
    pushed: list[str] = []
    capabilities: dict[str, bool | str] = {}
    leftovers: tuple[str, ...] = ()
    fault = ""
    lasting = existed = False
    probe = None
    try:
        with _as_failures():
            lasting = not _deletes(client, repository, work)
            capabilities["delete"] = not lasting
            probe = Probe.make(lasting)
            existed = lasting and client.head_manifest(repository, probe.tag, work).status == 200
            _push(client, repository, probe, pushed, work, deadline)
            capabilities["push"] = True
            _pull(client, repository, probe, work)
    except _Failed as failed:
        fault = str(failed)
    finally:
        if probe is not None and not existed:
            leftovers = tuple(pushed) if lasting else _clean_up(client, repository, probe, pushed, deadline)
    return RoundTripOutcome(_judge(watch, fault, lasting, existed, leftovers), leftovers, capabilities)


def _judge(
    watch: Stopwatch, fault: str, lasting: bool, existed: bool, leftovers: tuple[str, ...]
) -> CheckResult:
    left = f"; left behind: {', '.join(leftovers)}" if leftovers else ""
    if fault:
        return watch.fail(fault + left)
    if lasting:
        seen = "the probe of an earlier run is still there" if existed else "it cannot be deleted"
        return watch.ok(f"pushed and pulled; deleting is disabled in this registry, {seen}{left}")
    if leftovers:
        return watch.warn(f"pushed and pulled, but not all could be deleted{left}")
    return watch.ok("pushed, pulled byte for byte, deleted")


@contextmanager
def _as_failures() -> Iterator[None]:
    try:
        yield
    except UnexpectedStatus as error:
        cause = _PUSH_CAUSES.get(error.status)
        raise _Failed(f"{error.message}: {cause}" if cause else error.message) from error
    except OciError as error:
        raise _Failed(error.message) from error


def _deletes(client: Client, repository: str, deadline: Deadline) -> bool:
    """Whether deleting is enabled, asked with a manifest that does not exist."""
    absent = str(digest_of(secrets.token_bytes(32)))
    answer = client.delete_manifest(repository, absent, deadline)
    return not (answer.status == 405 or (answer.status == 400 and "UNSUPPORTED" in error_codes(answer)))


def _push(
    client: Client, repository: str, probe: Probe, pushed: list[str], work: Deadline, cleanup: Deadline
) -> None:
    for content in (probe.layer, probe.config):
        upload_blob(client, repository, content, work, cleanup)
        pushed.append(f"blob {repository}@{digest_of(content)}")
        _expect(
            client.head_blob(repository, digest_of(content), work), 200, "looking for the blob just pushed"
        )
    # Named before it is sent: an answer that gets lost does not mean that nothing was stored.
    pushed.append(f"image {repository}:{probe.tag}")
    answer = client.put_manifest(repository, probe.tag, OCI_MANIFEST, probe.manifest, work)
    _expect(answer, 201, "pushing the manifest")


def _pull(client: Client, repository: str, probe: Probe, work: Deadline) -> None:
    digest = digest_of(probe.manifest)
    for reference in (probe.tag, str(digest)):
        answer = client.get_manifest(repository, reference, work)
        _expect(answer, 200, "pulling the manifest just pushed")
        digest.verify(answer.body, "the manifest just pushed")
    for content in (probe.layer, probe.config):
        answer = client.get_blob(repository, digest_of(content), len(content), work)
        _expect(answer, 200, "pulling the blob just pushed")
        digest_of(content).verify(answer.body, "the blob just pushed")


def _clean_up(
    client: Client, repository: str, probe: Probe, pushed: list[str], deadline: Deadline
) -> tuple[str, ...]:
    """What is still there afterwards.

    A registry that deletes no blobs on request collects them later by itself.
    """
    left: list[str] = []
    if f"image {repository}:{probe.tag}" in pushed and not _manifest_gone(
        client, repository, probe, deadline
    ):
        left.append(f"image {repository}:{probe.tag}")
    for blob in probe.blobs:
        name = f"blob {repository}@{blob}"
        if name in pushed and not _blob_gone(client, repository, blob, deadline):
            left.append(name)
    return tuple(left)


def _manifest_gone(client: Client, repository: str, probe: Probe, deadline: Deadline) -> bool:
    try:
        client.delete_manifest(repository, str(digest_of(probe.manifest)), deadline)
        if client.head_manifest(repository, probe.tag, deadline).status == 404:
            return True
        client.delete_manifest(repository, probe.tag, deadline)
        return client.head_manifest(repository, probe.tag, deadline).status == 404
    except OciError:
        return False


def _blob_gone(client: Client, repository: str, blob: Digest, deadline: Deadline) -> bool:
    try:
        # 405: no deletion of single blobs here; garbage collection takes what no manifest names.
        return client.delete_blob(repository, blob, deadline).status in (202, 204, 404, 405)
    except OciError:
        return False


def _expect(answer: Response, status: int, doing: str) -> None:
    if answer.status != status:
        raise UnexpectedStatus(f"{doing}: {describe_failure(answer)}", answer.status)
