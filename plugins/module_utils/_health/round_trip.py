# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Push, pull and delete one image, and leave nothing behind where the registry allows that."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
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
    AuthenticationFailed,
    ChunksRefused,
    DigestMismatch,
    OciError,
    ProtocolFault,
    TokenRefused,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import OCI_MANIFEST
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.referrers import referrers
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import (
    Cleanup,
    mount_blob,
    upload_blob,
    upload_in_chunks,
)

_MOST_RESERVED = 5.0
_MOST_SHOWN = 10
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
_PULL_CAUSES = {
    401: "these credentials may push, but not pull",
    403: "these credentials may push to this repository, but not pull from it",
    404: "gone right after the push: several replicas that do not share their storage, or a cache in front",
    500: "the storage cannot be read: see the registry's log",
    503: "the storage does not answer",
}
_NOT_ALLOWED = frozenset({401, 403, 404, 405})
_NOT_FOUND = 404
_DELETED = frozenset({202, 204, _NOT_FOUND})


@dataclass(slots=True)
class RoundTripOutcome:
    """``leftovers``: what is in the registry now and was not before; ``capabilities`` as they were seen."""

    result: CheckResult
    leftovers: tuple[str, ...] = ()
    capabilities: dict[str, bool | str | None] = field(default_factory=dict)


class _Failed(Exception):
    """A step of the round trip did not do what it should.

    ``refused``: these credentials, or this registry, do not let anybody do that.
    """

    def __init__(self, message: str, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class _Deleting:
    """Whether manifests can be deleted, None where that is not known; and if they cannot, why."""

    works: bool | None
    reason: str = ""


def check_round_trip(client: Client, wanted: RoundTrip, deadline: Deadline) -> RoundTripOutcome:
    """Pushes, pulls, compares and deletes. Part of the time is kept back for cleaning up after a failure."""
    watch = Stopwatch("round_trip")
    repository = wanted.repository
    work = deadline.before(min(_MOST_RESERVED, deadline.seconds / 4))
    cleanup = Cleanup(deadline)
    pushed: list[str] = []
    capabilities: dict[str, bool | str | None] = {}
    leftovers: tuple[str, ...] = ()
    fault = ""
    deleting = _Deleting(None)
    existed = False
    probe = None
    try:
        with _as_failures({}):
            deleting = _deletes(client, repository, work)
            capabilities["delete"] = deleting.works
            probe = Probe.make(wanted.size, not deleting.works, work)
            existed = not deleting.works and _same_manifest(client, repository, probe, work)
        with _as_push(capabilities):
            capabilities |= _push(client, repository, probe, pushed, work, cleanup)
        with _as_failures(_PULL_CAUSES):
            capabilities |= _pull(client, repository, probe, work)
    except _Failed as failed:
        fault = str(failed)
    finally:
        if probe is not None and not existed:
            if deleting.works:
                leftovers = _clean_up(client, repository, probe, pushed, capabilities, deadline)
            else:
                leftovers = tuple(pushed)
    leftovers += tuple(cleanup.left)
    single = capabilities.get("delete_blob") is not False
    return RoundTripOutcome(
        _judge(watch, fault, deleting, existed, single, leftovers), leftovers, capabilities
    )


def _judge(
    watch: Stopwatch,
    fault: str,
    deleting: _Deleting,
    existed: bool,
    single: bool,
    leftovers: tuple[str, ...],
) -> CheckResult:
    shown = list(leftovers[:_MOST_SHOWN])
    if len(leftovers) > len(shown):
        shown.append(f"and {len(leftovers) - len(shown)} more")
    left = f"; left behind: {', '.join(shown)}" if leftovers else ""
    if fault:
        return watch.fail(fault + left)
    if not deleting.works:
        seen = "the probe of an earlier run is still there" if existed else "it cannot be deleted"
        return watch.ok(f"pushed and pulled; {deleting.reason}, {seen}{left}")
    if leftovers:
        return watch.warn(f"pushed and pulled, but not all could be deleted{left}")
    blobs = "" if single else "; single blobs cannot be deleted here, the registry collects them by itself"
    return watch.ok(f"pushed, pulled byte for byte, deleted{blobs}")


@contextmanager
def _as_failures(causes: Mapping[int, str]) -> Iterator[None]:
    """``causes``: what a status likely means in this step."""
    try:
        yield
    except UnexpectedStatus as error:
        cause = causes.get(error.status)
        told = f"{error.message}: {cause}" if cause else error.message
        raise _Failed(told, error.status in _NOT_ALLOWED) from error
    except TokenRefused as error:
        cause = causes.get(401)
        raise _Failed(f"{error.message}: {cause}" if cause else error.message, True) from error
    except OciError as error:
        raise _Failed(error.message) from error


@contextmanager
def _as_push(capabilities: dict[str, bool | str | None]) -> Iterator[None]:
    try:
        with _as_failures(_PUSH_CAUSES):
            yield
    except _Failed as failed:
        capabilities["push"] = False if failed.refused else None
        raise
    capabilities["push"] = True


def _deletes(client: Client, repository: str, deadline: Deadline) -> _Deleting:
    """Whether manifests can be deleted, asked with one that does not exist."""
    absent = str(digest_of(secrets.token_bytes(32)))
    forbidden = _Deleting(False, "these credentials may not delete")
    try:
        answer = client.delete_manifest(repository, absent, deadline)
    except TokenRefused:
        # It was asked for more than these credentials are good for.
        return forbidden
    except AuthenticationFailed as error:
        return _Deleting(None, f"whether it deletes is not known ({error.message})")
    if answer.status in _DELETED:
        return _Deleting(True)
    if _unsupported(answer):
        return _Deleting(False, "deleting is disabled in this registry")
    if answer.status in (401, 403):
        return forbidden
    return _Deleting(None, f"whether it deletes is not known ({describe_failure(answer)})")


def _unsupported(answer: Response) -> bool:
    return answer.status == 405 or (answer.status == 400 and "UNSUPPORTED" in error_codes(answer))


def _same_manifest(client: Client, repository: str, probe: Probe, deadline: Deadline) -> bool:
    answer = client.head_manifest(repository, str(digest_of(probe.manifest)), deadline)
    return answer.status == 200


def _push(
    client: Client, repository: str, probe: Probe, pushed: list[str], work: Deadline, cleanup: Cleanup
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


def _push_layer(client: Client, repository: str, probe: Probe, work: Deadline, cleanup: Cleanup) -> None:
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


def _push_config(client: Client, repository: str, probe: Probe, work: Deadline, cleanup: Cleanup) -> bool:
    """Whether it could be pushed in chunks; if not, it is pushed whole."""
    try:
        half = (len(probe.config) + 1) // 2
        upload_in_chunks(client, repository, probe.config, half, work, cleanup)
    except ChunksRefused:
        upload_blob(client, repository, probe.config, work, cleanup)
        return False
    return True


def _mounts(client: Client, repository: str, blob: Digest, work: Deadline, cleanup: Cleanup) -> bool | None:
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
    client: Client,
    repository: str,
    probe: Probe,
    pushed: list[str],
    capabilities: dict[str, bool | str | None],
    deadline: Deadline,
) -> tuple[str, ...]:
    """What is still there afterwards; ``capabilities`` is told of what could be deleted.

    A registry that deletes no blobs on request collects them later by itself.
    """
    left: list[str] = []
    image = f"image {repository}:{probe.tag}"
    if image in pushed and not _manifest_gone(client, repository, probe, deadline):
        # It said before that it deletes.
        capabilities["delete"] = None
        left.append(image)
    for blob in probe.blobs:
        name = f"blob {repository}@{blob}"
        if name not in pushed:
            continue
        answer = _delete_blob(client, repository, blob, deadline)
        if answer is not None and _unsupported(answer):
            # Garbage collection takes what no manifest names.
            capabilities["delete_blob"] = False
        elif answer is None or answer.status not in _DELETED:
            left.append(name)
        elif answer.status != _NOT_FOUND:
            capabilities["delete_blob"] = True
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


def _delete_blob(client: Client, repository: str, blob: Digest, deadline: Deadline) -> Response | None:
    try:
        return client.delete_blob(repository, blob, deadline)
    except OciError:
        return None


def _expect(answer: Response, status: int, doing: str) -> None:
    if answer.status != status:
        raise UnexpectedStatus(f"{doing}: {describe_failure(answer)}", answer.status)
