# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a blob is there, and how large it is, without fetching it."""

from __future__ import annotations

import re

from .client import Client, pull_scope
from .deadline import Deadline
from .digest import Digest
from .document import describe_failure
from .errors import UnexpectedStatus
from .exchange import Request, Response

_CONTENT_RANGE = re.compile(r"bytes[ \t]+0-0/([0-9]{1,18})\Z")
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_REFUSED_HEAD = frozenset({400, 403, 405, 501})


def blob_size(client: Client, repository: str, digest: Digest, deadline: Deadline) -> int | None:
    """The size in octets that the registry tells of a blob; None where it tells none.

    HEAD first; where that is refused (a signed URL of an object store may be good for GET alone), GET of the
    first octet. Raises UnexpectedStatus (404: not there), and what Client.send raises.
    """
    answer = client.head_blob(repository, digest, deadline)
    if answer.status == 200:
        return _length(answer.header("Content-Length"))
    if answer.status in _REFUSED_HEAD:
        answer = first_octet(client, repository, digest, deadline)
        if answer.status in (200, 206):
            # rclone's object store answers a range with 200, and the octets of the range as its length.
            match = _CONTENT_RANGE.match((answer.header("Content-Range") or "").strip().lower())
            if match is not None:
                return int(match[1])
            return _length(answer.header("Content-Length")) if answer.status == 200 else None
        if answer.status == 416:
            # Nothing is at position 0: the blob is empty.
            return 0
    raise UnexpectedStatus(describe_failure(answer), answer.status)


def first_octet(client: Client, repository: str, digest: Digest, deadline: Deadline) -> Response:
    """The answer to a GET of a blob's first octet: 206, or 200 where the server knows no ranges."""
    request = Request(
        "GET", client.blob_url(repository, digest), (("Range", "bytes=0-0"),), body_limit=2**62, peek=True
    )
    return client.send(request, pull_scope(repository), deadline)


def _length(value: str | None) -> int | None:
    return int(value) if value is not None and _LENGTH.match(value) else None
