# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Push, pull and delete one image, and leave nothing behind where the registry allows that."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.probe import Probe
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Stopwatch,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.size_limit import largest_body
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import RoundTrip
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.blob import first_octet
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import Digest, digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.document import (
    describe_failure,
    error_codes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    ChunksRefused,
    DigestMismatch,
    OciError,
    ProtocolFault,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import OCI_MANIFEST
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.referrers import referrers
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import (
    mount_blob,
    upload_blob,
    upload_in_chunks,
)

_MOST_RESERVED = 5.0
_PUSH_CAUSES = {
    401: "these credentials may not push (or the token server grants no push)",
    403: "these credentials may not push to this repository",
    404: "the repository does not exist and is not made by a push",
    405: "the registry is read-only (maintenance mode), or a pull-through proxy",
    413: "a proxy in front limits the size of request bodies (nginx: client_max_body_size; ingress-nginx: "
    "the annotation proxy-body-size)",
    500: "the storage cannot be written: full, read-only or denied? See the registry's log",
    503: "the storage does not answer",
}


@dataclass(slots=True)
class RoundTripOutcome:
    """``leftovers``: what is in the registry now and was not before; ``capabilities`` as they were seen."""

    result: CheckResult
    leftovers: tuple[str, ...] = ()
    capabilities: dict[str, bool | str | None] = field(default_factory=dict)


class _Failed(Exception):
    """A step of the round trip did not do what it should."""


def check_round_trip(client: Client, wanted: RoundTrip, deadline: Deadline) -> RoundTripOutcome:
    """Pushes, pulls, compares and deletes. Part of the time is kept back for cleaning up after a failure."""
    watch = Stopwatch("round_trip")
    repository = wanted.repository
    work = deadline.before(min(_MOST_RESERVED, deadline.seconds / 4))
    pushed: list[str] = []
    capabilities: dict[str, bool | str | None] = {}
    leftovers: tuple[str, ...] = ()
    fault = ""
    lasting = existed = False
    probe = None
    try:
        with _as_failures():
            lasting = not _deletes(client, repository, work)
            capabilities["delete"] = not lasting
            probe = Probe.make(wanted.size, lasting)
            existed = lasting and _same_manifest(client, repository, probe, work)
            capabilities |= _push(client, repository, probe, pushed, work, deadline)
            capabilities["push"] = True
            capabilities |= _pull(client, repository, probe, work)
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


def _same_manifest(client: Client, repository: str, probe: Probe, deadline: Deadline) -> bool:
    answer = client.head_manifest(repository, str(digest_of(probe.manifest)), deadline)
    return answer.status == 200


def _push(
    client: Client, repository: str, probe: Probe, pushed: list[str], work: Deadline, cleanup: Deadline
) -> dict[str, bool | str | None]:
    layer, config = probe.blobs
    _push_layer(client, repository, probe, work, cleanup)
    pushed.append(f"blob {repository}@{layer}")
    chunked = _push_config(client, repository, probe, work, cleanup)
    pushed.append(f"blob {repository}@{config}")
    for blob in probe.blobs:
        _expect(client.head_blob(repository, blob, work), 200, "looking for the blob just pushed")
    # Named before it is sent: an answer that gets lost does not mean that nothing was stored.
    pushed.append(f"image {repository}:{probe.tag}")
    answer = client.put_manifest(repository, probe.tag, OCI_MANIFEST, probe.manifest, work)
    _expect(answer, 201, "pushing the manifest")
    return {"chunked_upload": chunked, "mount": _mounts(client, repository, config, work, cleanup)}


def _push_layer(client: Client, repository: str, probe: Probe, work: Deadline, cleanup: Deadline) -> None:
    """Raises _Failed, with the largest size that passes, where a proxy cuts the upload off."""
    size = probe.layer.length
    try:
        upload_blob(client, repository, probe.layer, work, cleanup, probe.layer_digest)
    except (UnexpectedStatus, ProtocolFault) as error:
        cut_off = isinstance(error, ProtocolFault) or error.status == 413
        if not cut_off or size <= 1:
            raise
        if isinstance(error, UnexpectedStatus):
            cause = _PUSH_CAUSES[413]
        else:
            cause = "likely, a proxy in front limits the size of request bodies, or the time of a request"
        limit = largest_body(client, repository, size, work, cleanup)
        raise _Failed(f"{error.message}: {cause}; {limit}") from error


def _push_config(client: Client, repository: str, probe: Probe, work: Deadline, cleanup: Deadline) -> bool:
    """Whether it could be pushed in chunks; if not, it is pushed whole."""
    try:
        half = (len(probe.config) + 1) // 2
        upload_in_chunks(client, repository, probe.config, half, work, cleanup)
    except ChunksRefused:
        upload_blob(client, repository, probe.config, work, cleanup)
        return False
    return True


def _mounts(client: Client, repository: str, blob: Digest, work: Deadline, cleanup: Deadline) -> bool | None:
    # From the same repository: another one would stay in the catalogue.
    try:
        return mount_blob(client, repository, blob, repository, work, cleanup)
    except OciError:
        return None


def _pull(client: Client, repository: str, probe: Probe, work: Deadline) -> dict[str, bool | str | None]:
    digest = digest_of(probe.manifest)
    for reference in (probe.tag, str(digest)):
        answer = client.get_manifest(repository, reference, work)
        _expect(answer, 200, "pulling the manifest just pushed")
        digest.verify(answer.body, "the manifest just pushed")
    for blob, size in zip(probe.blobs, (probe.layer.length, len(probe.config)), strict=True):
        hashed = hashlib.sha256()
        answer = client.get_blob(repository, blob, size, work, hashed.update)
        _expect(answer, 200, "pulling the blob just pushed")
        if hashed.hexdigest() != blob.encoded:
            raise DigestMismatch(
                f"the blob just pushed: the bytes received have digest sha256:{hashed.hexdigest()}, "
                f"expected {blob}"
            )
    ranged = first_octet(client, repository, probe.layer_digest, work).status == 206
    return {"range": ranged, "referrers": _has_referrers(client, repository, digest, work)}


def _has_referrers(client: Client, repository: str, digest: Digest, work: Deadline) -> bool | None:
    try:
        return referrers(client, repository, digest, work).supported
    except OciError:
        return None


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
