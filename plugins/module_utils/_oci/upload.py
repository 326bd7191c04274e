# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing a blob: POST for a session, PUT of the whole content (distribution-spec 1.1, "Pushing blobs")."""

from __future__ import annotations

from contextlib import suppress

from .client import Client, push_scope
from .deadline import Deadline
from .digest import digest_of
from .document import describe_failure
from .errors import OciError, RedirectRefused, SyntaxFault, UnexpectedStatus
from .transport import Request, Response
from .urls import Url, resolve_location


def upload_blob(
    client: Client, repository: str, content: bytes, deadline: Deadline, cleanup: Deadline
) -> Response:
    """Stores ``content`` and returns the answer to the PUT (201).

    An upload that does not come to its end is cancelled, within ``cleanup``. Raises UnexpectedStatus,
    RedirectRefused, and whatever Client.send raises.
    """
    scope = push_scope(repository)
    start = client.send(Request("POST", client.url(f"/v2/{repository}/blobs/uploads/")), scope, deadline)
    if start.status != 202:
        raise UnexpectedStatus(f"starting an upload: {describe_failure(start)}", start.status)
    session = upload_location(client, start)
    finished = False
    try:
        url = session.with_parameter("digest", str(digest_of(content)))
        done = client.send(
            Request("PUT", url, (("Content-Type", "application/octet-stream"),), content), scope, deadline
        )
        finished = done.status == 201
    finally:
        if not finished:
            # Why it did not finish is worth more than why this fails; registries purge old sessions.
            with suppress(OciError):
                client.send(Request("DELETE", session), scope, cleanup)
    if not finished:
        raise UnexpectedStatus(f"uploading {len(content)} octets: {describe_failure(done)}", done.status)
    return done


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
