# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of the OCI distribution protocol, version 1.1, with authentication and redirects."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from .authentication import Authenticator
from .credentials import Credentials
from .deadline import Deadline
from .digest import Digest
from .errors import ConnectFailed, RedirectRefused, SyntaxFault, TlsFailed
from .manifest import ACCEPT
from .patience import Patience
from .transport import Request, Response, Transport
from .urls import Origin, Url, resolve_location
from .warnings import warning_texts

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
# The second answer is for a registry that names a scope only once it has seen a token.
_MOST_CHALLENGES = 2
_MOST_WARNINGS = 100
_MOST_RETRIES = 20
_TOO_MANY_REQUESTS = 429
_FIRST_ERROR = 400

Headers = tuple[tuple[str, str], ...]


class Client:
    """One registry, one identity. ``credentials`` None: anonymous, which includes anonymous tokens.

    Methods return the answer with whatever status it has; they raise what Transport.send raises,
    RedirectRefused, and, where a challenge cannot be answered, AuthenticationFailed or SyntaxFault. May be
    used by several threads at once. ``patience``: how often to ask again where the registry says "later".
    """

    def __init__(
        self,
        registry: Origin,
        transport: Transport,
        credentials: Credentials | None = None,
        token_hosts: Iterable[str] = (),
        patience: Patience | None = None,
    ) -> None:
        self.registry = registry
        self.anonymous = credentials is None
        self.transport = transport
        self._patience = patience or Patience()
        self._resume_at = 0.0
        self._spare_retries = _MOST_RETRIES
        self._warnings: dict[str, None] = {}
        self._authenticator = Authenticator(registry, credentials, self._ask_token_server, token_hosts)

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret that was or may be sent, to be cut out of all texts."""
        return self._authenticator.secrets

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the registry warned of, in the order it did, each once."""
        return tuple(self._warnings)

    def url(self, path: str) -> Url:
        """A URL of this registry; ``path`` begins with a slash."""
        return Url(self.registry, path)

    def ping(self, deadline: Deadline, *, authenticate: bool = True) -> Response:
        """``GET /v2/``: is this a registry, and does it let us in?"""
        request = Request("GET", self.url("/v2/"), body_limit=64 * 1024)
        if authenticate:
            return self.send(request, frozenset(), deadline)
        return self._patiently(request, deadline, lambda: self._follow(request, None, deadline))

    def get_manifest(self, repository: str, reference: str, deadline: Deadline) -> Response:
        """The manifest or index by tag or digest, exactly as it is stored."""
        request = Request("GET", self._manifest(repository, reference), (("Accept", ACCEPT),))
        return self.send(request, pull_scope(repository), deadline)

    def head_manifest(self, repository: str, reference: str, deadline: Deadline) -> Response:
        """Whether there is such a manifest, without its body."""
        request = Request("HEAD", self._manifest(repository, reference), (("Accept", ACCEPT),))
        return self.send(request, pull_scope(repository), deadline)

    def put_manifest(
        self, repository: str, reference: str, media_type: str, content: bytes, deadline: Deadline
    ) -> Response:
        """Stores a manifest under a tag or its digest: 201."""
        request = Request(
            "PUT", self._manifest(repository, reference), (("Content-Type", media_type),), content
        )
        return self.send(request, push_scope(repository), deadline)

    def delete_manifest(self, repository: str, reference: str, deadline: Deadline) -> Response:
        """Deletes a manifest by digest, or a tag: 202; 400 or 405 where deleting is disabled."""
        return self.send(
            Request("DELETE", self._manifest(repository, reference)), delete_scope(repository), deadline
        )

    def head_blob(self, repository: str, digest: Digest, deadline: Deadline) -> Response:
        """Whether there is such a blob."""
        return self.send(Request("HEAD", self.blob_url(repository, digest)), pull_scope(repository), deadline)

    def get_blob(
        self,
        repository: str,
        digest: Digest,
        limit: int,
        deadline: Deadline,
        sink: Callable[[bytes], object] | None = None,
    ) -> Response:
        """A blob of at most ``limit`` octets, given to ``sink`` piece by piece where there is one."""
        request = Request("GET", self.blob_url(repository, digest), body_limit=limit, sink=sink)
        return self.send(request, pull_scope(repository), deadline)

    def delete_blob(self, repository: str, digest: Digest, deadline: Deadline) -> Response:
        """Deletes a blob: 202; 405 where the registry cannot."""
        return self.send(
            Request("DELETE", self.blob_url(repository, digest)), delete_scope(repository), deadline
        )

    def send(self, request: Request, scopes: frozenset[str], deadline: Deadline) -> Response:
        """Any request to this registry, authenticated as it asks, redirects of GET and HEAD followed.

        Asked again as ``patience`` says. A registry that asks to be left alone for longer than there is time
        is not asked again, and its refusal is the answer.
        """
        return self._patiently(request, deadline, lambda: self._send_once(request, scopes, deadline))

    def _ask_token_server(self, request: Request, deadline: Deadline) -> Response:
        return self._patiently(request, deadline, lambda: self.transport.send(request, deadline))

    def _patiently(self, request: Request, deadline: Deadline, send: Callable[[], Response]) -> Response:
        attempt = 0
        while True:
            self._rest(deadline)
            response = send()
            wait = self._patience.wait(
                attempt, request.method, response.status, response.header("Retry-After")
            )
            if wait is None or time.monotonic() + wait >= deadline.at:
                return response
            if response.status != _TOO_MANY_REQUESTS:
                # A server that is down for good is not asked thousands of times over.
                if self._spare_retries <= 0:
                    return response
                self._spare_retries -= 1
            # All threads rest, not only the one that was told to.
            self._resume_at = max(self._resume_at, time.monotonic() + wait)
            attempt += 1

    def _rest(self, deadline: Deadline) -> None:
        if self._resume_at:
            wait = min(self._resume_at, deadline.at) - time.monotonic()
            if wait > 0:
                time.sleep(wait)

    def _send_once(self, request: Request, scopes: frozenset[str], deadline: Deadline) -> Response:
        authorization = self._authenticator.known(scopes)
        response = self._follow(request, authorization, deadline)
        for _attempt in range(_MOST_CHALLENGES):
            # Only the registry itself may ask for credentials, not a place that it redirects to.
            if response.status != 401 or response.url.origin != self.registry:
                break
            if not response.header_values("WWW-Authenticate"):
                break
            authorization = self._authenticator.answer(response, authorization, scopes, deadline)
            if authorization is None:
                break
            response = self._follow(request, authorization, deadline)
        return response

    def _follow(self, request: Request, authorization: str | None, deadline: Deadline) -> Response:
        seen = {request.url}
        headers = request.headers
        if authorization is not None:
            headers = (*headers, ("Authorization", authorization))
        response = self.transport.send(_with(request, request.url, headers), deadline)
        self._note_warnings(response)
        while request.method in ("GET", "HEAD") and response.status in _REDIRECTS:
            target = _redirect_target(response)
            if target in seen or len(seen) > _MOST_REDIRECTS:
                raise RedirectRefused(
                    f"{request.describe()}: the redirects never end (last to {target.without_query})"
                )
            seen.add(target)
            if target.origin != request.url.origin:
                # The specification forbids it, and object stores refuse signed URLs that come with it.
                headers = request.headers
            try:
                response = self.transport.send(_with(request, target, headers), deadline)
            except (ConnectFailed, TlsFailed) as error:
                error.message = f"after a redirect to {target.without_query}: {error.message}"
                raise
        if response.status >= _FIRST_ERROR:
            return replace(response, secrets=self.secrets)
        return response

    def _note_warnings(self, response: Response) -> None:
        headers = response.header_values("Warning")
        if not headers or len(self._warnings) >= _MOST_WARNINGS:
            return
        secrets = self.secrets
        for text in (text for header in headers for text in warning_texts(header, secrets)):
            if text and len(self._warnings) < _MOST_WARNINGS:
                self._warnings.setdefault(text)

    def _manifest(self, repository: str, reference: str) -> Url:
        return self.url(f"/v2/{repository}/manifests/{reference}")

    def blob_url(self, repository: str, digest: Digest) -> Url:
        """Where a blob is."""
        return self.url(f"/v2/{repository}/blobs/{digest}")


def pull_scope(repository: str) -> frozenset[str]:
    """What a token must allow for reading."""
    return frozenset({f"repository:{repository}:pull"})


def push_scope(repository: str) -> frozenset[str]:
    """What a token must allow for writing."""
    return frozenset({f"repository:{repository}:pull,push"})


def delete_scope(repository: str) -> frozenset[str]:
    """What a token must allow for deleting."""
    return frozenset({f"repository:{repository}:delete"})


def _with(request: Request, url: Url, headers: Headers) -> Request:
    return replace(request, url=url, headers=headers)


def _redirect_target(response: Response) -> Url:
    location = response.header("Location")
    shown = f"{response.url.without_query}: HTTP {response.status}"
    if not location:
        raise RedirectRefused(f"{shown} without a Location to go to")
    try:
        target = resolve_location(response.url, location)
    except SyntaxFault as error:
        raise RedirectRefused(f"{shown} to a Location that cannot be used: {error.message}") from error
    if response.url.origin.scheme == "https" and target.origin.scheme == "http":
        if target.origin.host == response.url.origin.host:
            cause = (
                "the proxy in front ends TLS and does not pass X-Forwarded-Proto: https, or the registry's "
                "host setting says http"
            )
        else:
            cause = (
                "the registry's storage is an object store whose endpoint is set with http://; let the "
                "registry hand the content on itself (redirect.disable), or give the store TLS"
            )
        raise RedirectRefused(
            f"{shown} leads from https to {target.without_query}: not followed. Likely cause: {cause}"
        )
    return target
