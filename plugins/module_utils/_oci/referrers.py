# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What refers to a manifest: signatures, SBOMs (distribution-spec 1.1, "Listing Referrers").

A registry without that API is asked for the tag that clients keep such a list under instead.
"""

from __future__ import annotations

from dataclasses import dataclass

from .client import Client, pull_scope
from .deadline import Deadline
from .digest import Digest
from .document import describe_failure
from .errors import UnexpectedStatus
from .exchange import Request
from .manifest import OCI_INDEX, Descriptor, parse_manifest

_UNSUPPORTED = frozenset({400, 404, 405, 501})
_ALGORITHM_LENGTH = 32
_ENCODED_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Referrers:
    """``supported``: whether the registry has the API; else ``found`` is what the fallback tag holds."""

    supported: bool
    found: tuple[Descriptor, ...]


def fallback_tag(digest: Digest) -> str:
    """The tag that lists the referrers of a digest (distribution-spec 1.1, "Referrers Tag Schema")."""
    return f"{digest.algorithm[:_ALGORITHM_LENGTH]}-{digest.encoded[:_ENCODED_LENGTH]}"


def referrers(client: Client, repository: str, digest: Digest, deadline: Deadline) -> Referrers:
    """The referrers of a manifest, the first page of them.

    Raises UnexpectedStatus, SyntaxFault, and what Client.send raises.
    """
    url = client.url(f"/v2/{repository}/referrers/{digest}")
    answer = client.send(Request("GET", url, (("Accept", OCI_INDEX),)), pull_scope(repository), deadline)
    if answer.status == 200:
        return Referrers(True, _found(answer.body, answer.media_type))
    if answer.status not in _UNSUPPORTED:
        raise UnexpectedStatus(f"asking for referrers: {describe_failure(answer)}", answer.status)
    fallback = client.get_manifest(repository, fallback_tag(digest), deadline)
    if fallback.status == 200:
        return Referrers(False, _found(fallback.body, fallback.media_type))
    return Referrers(False, ())


def _found(body: bytes, media_type: str) -> tuple[Descriptor, ...]:
    listed = parse_manifest(body, OCI_INDEX if media_type == "application/json" else media_type)
    return tuple(entry.descriptor for entry in listed.entries)
