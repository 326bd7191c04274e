# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing a blob: whole, in chunks, or mounted from elsewhere (distribution-spec 1.1, "Pushing blobs")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .client import Client, pull_scope, push_scope
from .deadline import Deadline
from .digest import Digest, digest_of
from .document import describe_failure
from .errors import ChunksRefused, OciError, RedirectRefused, SyntaxFault, UnexpectedStatus
from .exchange import Body
from .printable import printable
from .transport import Request, Response
from .urls import Url, resolve_location

_OCTETS = ("Content-Type", "application/octet-stream")
_RANGE = re.compile(r"(?:bytes=)?0-([0-9]{1,18})\Z")
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_MOST_RESUMED = 3
_NOT_FOUND = 404
_LONGEST_NAME = 128


@dataclass(slots=True)
class Cleanup:
    """How long what was begun may still be taken away, and the names of what could not be.

    ``left``: a server wrote parts of them, so secrets must be cut out before they are shown.
    """

    deadline: Deadline
    left: list[str] = field(default_factory=list)


@dataclass(slots=True)
class UploadSession:
    """An upload that was begun: where it goes on, and whether it came to its end.

    ``shortest_chunk``: octets that each chunk but the last must have at least (OCI-Chunk-Min-Length).
    """

    url: Url
    shortest_chunk: int = 0
    finished: bool = False


@contextmanager
def upload_session(
    client: Client, repository: str, deadline: Deadline, cleanup: Cleanup
) -> Iterator[UploadSession]:
    """Begins an upload; one that is not finished is cancelled, or told in ``cleanup``.

    Raises UnexpectedStatus, RedirectRefused, and whatever Client.send raises.
    """
    scope = push_scope(repository)
    start = client.send(Request("POST", client.url(f"/v2/{repository}/blobs/uploads/")), scope, deadline)
    if start.status != 202:
        raise UnexpectedStatus(f"starting an upload: {describe_failure(start)}", start.status)
    shortest = _LENGTH.match((start.header("OCI-Chunk-Min-Length") or "").strip())
    session = UploadSession(upload_location(client, start), int(shortest[0]) if shortest else 0)
    try:
        yield session
    finally:
        if not session.finished:
            _cancel(client, repository, session.url, cleanup)


def upload_blob(
    client: Client,
    repository: str,
    content: bytes | Body,
    deadline: Deadline,
    cleanup: Cleanup,
    digest: Digest | None = None,
) -> Response:
    """Stores ``content`` by one request and returns the answer to it (201).

    ``digest`` must be given for a Body. Raises as upload_session does.
    """
    size = content.length if isinstance(content, Body) else len(content)
    if digest is None:
        if isinstance(content, Body):
            raise SyntaxFault("streamed content needs its digest beforehand")
        digest = digest_of(content)
    with upload_session(client, repository, deadline, cleanup) as session:
        url = session.url.with_parameter("digest", str(digest))
        done = client.send(Request("PUT", url, (_OCTETS,), content), push_scope(repository), deadline)
        session.finished = done.status == 201
        if not session.finished:
            raise UnexpectedStatus(f"uploading {size} octets: {describe_failure(done)}", done.status)
    return done


def upload_in_chunks(
    client: Client, repository: str, content: bytes, chunk: int, deadline: Deadline, cleanup: Cleanup
) -> Response:
    """Stores ``content`` by several requests of at most ``chunk`` octets, more where it must be more.

    After a 416 it goes on where the registry says that it is. Raises ChunksRefused where the registry takes
    no chunks (upload_blob is the way then), else as upload_blob does.
    """
    with upload_session(client, repository, deadline, cleanup) as session:
        chunk = max(chunk, session.shortest_chunk)
        offset = resumed = 0
        while offset < len(content):
            piece = content[offset : offset + chunk]
            answer = _send_chunk(client, repository, session, piece, offset, deadline)
            if answer.status == 416 and resumed < _MOST_RESUMED:
                resumed += 1
                offset = _received(client, repository, session, deadline)
                continue
            if answer.status != 202:
                raise ChunksRefused(f"uploading a chunk: {describe_failure(answer)}")
            session.url = upload_location(client, answer)
            offset += len(piece)
        url = session.url.with_parameter("digest", str(digest_of(content)))
        done = client.send(Request("PUT", url, (_OCTETS,), b""), push_scope(repository), deadline)
        session.finished = done.status == 201
        if not session.finished:
            raise UnexpectedStatus(f"ending an upload in chunks: {describe_failure(done)}", done.status)
    return done


def mount_blob(
    client: Client, repository: str, digest: Digest, source: str, deadline: Deadline, cleanup: Cleanup
) -> bool:
    """Whether the registry makes a blob of ``source`` known in ``repository`` without an upload.

    Where it begins an upload instead, that is cancelled. Raises UnexpectedStatus, RedirectRefused, and what
    Client.send raises.
    """
    url = client.url(f"/v2/{repository}/blobs/uploads/").with_parameter("mount", str(digest))
    request = Request("POST", url.with_parameter("from", source))
    answer = client.send(request, push_scope(repository) | pull_scope(source), deadline)
    if answer.status == 201:
        return True
    if answer.status != 202:
        raise UnexpectedStatus(f"mounting a blob: {describe_failure(answer)}", answer.status)
    _cancel(client, repository, upload_location(client, answer), cleanup)
    return False


def upload_location(client: Client, answer: Response) -> Url:
    """Where an upload goes on: the Location of ``answer``, relative or absolute, with its query.

    Raises RedirectRefused where it is missing, leads to another host (the credentials would go there), or
    from https to http.
    """
    location = answer.header("Location")
    if not location:
        raise RedirectRefused(
            f"{answer.url.without_query}: the registry accepted the upload without saying where (no Location)"
        )
    try:
        target = resolve_location(answer.url, location)
    except SyntaxFault as error:
        raise RedirectRefused(f"the Location of the upload cannot be used: {error.message}") from error
    if target.origin == client.registry:
        return target
    if client.registry.scheme == "https" and target.origin.scheme == "http":
        raise RedirectRefused(
            f"the registry's Location for the upload begins with http ({target.without_query}) although "
            f"it was asked over https. "
            "Likely cause: TLS ends in a proxy that does not pass X-Forwarded-Proto: https; pass it, or "
            "set http.host or "
            "http.relativeurls of the registry"
        )
    raise RedirectRefused(
        f"the registry's Location for the upload names another host or port ({target.without_query}): "
        f"not followed. "
        "Likely cause: a proxy that does not pass the Host header, or the registry's http.host setting"
    )


def _send_chunk(
    client: Client, repository: str, session: UploadSession, piece: bytes, offset: int, deadline: Deadline
) -> Response:
    # Without the word "bytes" that HTTP has here: so the specification wants it.
    headers = (_OCTETS, ("Content-Range", f"{offset}-{offset + len(piece) - 1}"))
    return client.send(Request("PATCH", session.url, headers, piece), push_scope(repository), deadline)


def _received(client: Client, repository: str, session: UploadSession, deadline: Deadline) -> int:
    """How many octets of an upload the registry has."""
    answer = client.send(Request("GET", session.url), push_scope(repository), deadline)
    received = _told_range(answer)
    if answer.status != 204 or received is None:
        raise ChunksRefused(f"asking how far an upload is: {describe_failure(answer)}")
    if answer.header("Location"):
        session.url = upload_location(client, answer)
    return received


def _told_range(answer: Response) -> int | None:
    match = _RANGE.match((answer.header("Range") or "").strip())
    if match is None:
        return None
    # "0-0" means both one octet and none; a chunk of one octet is not sent here.
    return int(match[1]) + 1 if int(match[1]) else 0


def _cancel(client: Client, repository: str, session: Url, cleanup: Cleanup) -> None:
    # Why an upload did not finish is worth more than why this fails.
    try:
        gone = _cancelled(client, repository, session, cleanup.deadline)
    except OciError:
        gone = False
    if not gone:
        name = printable(session.without_query.rpartition("/")[2], _LONGEST_NAME)
        cleanup.left.append(f"upload {name} to {repository}")


def _cancelled(client: Client, repository: str, session: Url, deadline: Deadline) -> bool:
    """Whether nothing of an upload is left. Raises as Client.send and upload_location do."""
    scope = push_scope(repository)
    if _gone(client.send(Request("DELETE", session), scope, deadline)):
        return True
    # Since a body was refused the registry may know the session in a newer state only: distribution does.
    told = client.send(Request("GET", session), scope, deadline)
    if told.status == _NOT_FOUND:
        return True
    if told.status != 204:
        return False
    if told.header("Location"):
        session = upload_location(client, told)
    if _gone(client.send(Request("DELETE", session), scope, deadline)):
        return True
    # Nothing was received: registries purge such sessions by themselves.
    return _told_range(told) == 0


def _gone(answer: Response) -> bool:
    return 200 <= answer.status < 300 or answer.status == _NOT_FOUND
