# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large a request may be until something in front of the registry cuts it off."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import suppress

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.probe import random_body
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client, push_scope
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import Digest, digest_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    ProtocolFault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Body, Request
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.upload import (
    Cleanup,
    upload_session,
)

_KIB = 1024
_SMALL = 64 * _KIB
_TOO_LARGE = 413
_FOUND = 200
_CREATED = 201
_DELETED = frozenset({200, 202, 204})


class _Stored(Exception):
    """The registry stores content under a digest that it does not have."""


def largest_body(client: Client, repository: str, failed: int, deadline: Deadline, cleanup: Cleanup) -> str:
    """The largest request body that passes, as words, found by halving below ``failed`` octets.

    The bodies are sent under a digest that they do not have, so that the registry itself refuses what gets
    through. Where it stores one all the same, that is deleted, or told in ``cleanup``, and no other is sent.
    """
    unit = _KIB if failed > _SMALL else 1
    low, high = 0, -(-failed // unit)
    try:
        while high - low > 1:
            middle = (low + high) // 2
            if _passes(client, repository, middle * unit, deadline, cleanup):
                low = middle
            else:
                high = middle
    except OciError as error:
        between = f"between {_shown(low * unit)} and {_shown(high * unit)}"
        return f"the largest that passes is {between} (not found out: {error.message})"
    except _Stored:
        between = f"between {_shown(middle * unit)} and {_shown(high * unit)}"
        return (
            f"the largest that passes is {between} (not looked for further: the registry "
            "verifies no digests, it stored content under one that it does not have)"
        )
    return f"the largest that passes is {_shown(low * unit)}"


def _passes(client: Client, repository: str, size: int, deadline: Deadline, cleanup: Cleanup) -> bool:
    """Raises OciError where even the beginning of an upload fails, and _Stored."""
    absent = digest_of(secrets.token_bytes(32))
    with upload_session(client, repository, deadline, cleanup) as session:
        url = session.url.with_parameter("digest", str(absent))
        headers = (("Content-Type", "application/octet-stream"),)
        body = _Hashed(random_body(size, secrets.randbits(64)))
        request = Request("PUT", url, headers, Body(size, body.pieces))
        try:
            answer = client.send(request, push_scope(repository), deadline)
        except ProtocolFault:
            return False
        session.finished = answer.status == _CREATED
    if session.finished:
        _delete(client, repository, body.digest, absent, cleanup)
        raise _Stored
    return answer.status != _TOO_LARGE


def _delete(client: Client, repository: str, own: Digest, told: Digest, cleanup: Cleanup) -> None:
    """Deletes a blob that is known by its own digest, or by the one that was told (so in Trow)."""
    kept: list[Digest] = []
    deleted = False
    for digest in (own, told):
        with suppress(OciError):
            if client.delete_blob(repository, digest, cleanup.deadline).status in _DELETED:
                deleted = True
            elif client.head_blob(repository, digest, cleanup.deadline).status == _FOUND:
                kept.append(digest)
    if not deleted and not kept:
        kept.append(own)
    cleanup.left += [f"blob {repository}@{digest}" for digest in kept]


class _Hashed:
    """A body that knows the digest of what was sent of it last."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> Digest:
        return Digest("sha256", self._hash.hexdigest())

    def pieces(self) -> Iterator[bytes]:
        self._hash = hashlib.sha256()
        for piece in self._body.pieces():
            self._hash.update(piece)
            yield piece


def _shown(size: int) -> str:
    for unit, length in (("GiB", _KIB**3), ("MiB", _KIB**2), ("KiB", _KIB)):
        if size >= length:
            return f"{size} octets ({size / length:.4g} {unit})"
    return f"{size} octets"
