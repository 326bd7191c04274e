# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering a registry's challenges: Basic, and Bearer with tokens from the token server.

Source: the distribution project's token authentication specification (GET, and OAuth2 by POST), and
RFC 6750 for the Bearer scheme.
Credentials go to the registry itself and to a token server that belongs to it, and to nobody else; never over
http when the registry is asked over https.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from .challenge import Challenge, readable_challenges
from .credentials import Credentials
from .deadline import Deadline
from .document import describe_failure
from .errors import AuthenticationFailed, CredentialsWithheld, SyntaxFault, TokenRefused
from .tokens import Token, Tokens, read_token
from .transport import Request, Response
from .urls import Origin, Url, is_ip_address, resolve_location

Send = Callable[[Request, Deadline], Response]

_CLIENT_ID = "clusterdepot.artifacts"
_TOKEN_ANSWER_LIMIT = 1024 * 1024
_TOKEN_REFUSED = frozenset({400, 401, 403})
_DOCKER_HUB_REGISTRY = "registry-1.docker.io"
_DOCKER_HUB_TOKENS = "auth.docker.io"


@dataclass(frozen=True, slots=True)
class _Service:
    """A token server and the service it is asked for."""

    realm: Url
    service: str | None


class Authenticator:
    """Knows the credentials, the way the registry wants them, and the tokens received so far.

    ``token_hosts``: further host names that may see the credentials (token servers of other names).
    """

    def __init__(
        self, registry: Origin, credentials: Credentials | None, send: Send, token_hosts: Iterable[str] = ()
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        # Asked for with every image that is looked at.
        self._own_secrets = credentials.secrets if credentials is not None else frozenset()
        self._send = send
        self._token_hosts = frozenset(host.lower() for host in token_hosts)
        self._basic = False
        self._tokens = Tokens()
        # Threads that share a client must not fetch a token each.
        self._lock = threading.RLock()

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret that was or may be sent, to be cut out of all texts."""
        return self._own_secrets | self._tokens.issued

    def known(self, scopes: frozenset[str]) -> str | None:
        """The Authorization that an earlier challenge showed to be wanted; None before the first one."""
        if self._basic and self._credentials is not None:
            return self._credentials.basic
        token = self._tokens.usable(scopes)
        return f"Bearer {token}" if token is not None else None

    def answer(
        self, refusal: Response, refused: str | None, scopes: frozenset[str], deadline: Deadline
    ) -> str | None:
        """The Authorization to try after a 401, or None where there is nothing (else) to answer it with.

        ``refused``: the Authorization that got the 401; a password is not sent a second time, for accounts
        are locked after some wrong ones. Bearer is preferred where both are offered. Scopes are passed on as
        the registry spells them. Raises AuthenticationFailed (the token server refused),
        CredentialsWithheld, SyntaxFault (unreadable challenge), and what sending a request raises.
        """
        offered = {challenge.scheme: challenge for challenge in reversed(challenges_of(refusal))}
        bearer = offered.get("bearer")
        if bearer is not None:
            with self._lock:
                known = self.known(scopes)
                if known is not None and known != refused:
                    return known
                return self._bearer(bearer, refusal.url, scopes, deadline)
        if "basic" in offered and self._credentials is not None:
            basic = self._credentials.basic
            self._basic = basic is not None
            return basic if basic != refused else None
        return None

    def _bearer(self, challenge: Challenge, asked: Url, scopes: frozenset[str], deadline: Deadline) -> str:
        realm = challenge.parameters.get("realm")
        if not realm:
            raise SyntaxFault(
                "WWW-Authenticate: a Bearer challenge without realm, so no token can be fetched"
            )
        service = _Service(self._realm(asked, realm), challenge.parameters.get("service"))
        # One scope parameter may name several scopes, separated by blanks; a scope of its own has none.
        wanted = scopes | frozenset(challenge.parameters.get("scope", "").split())
        token = self._fetch(service, wanted, deadline)
        self._tokens.keep(scopes, token)
        return f"Bearer {token.value}"

    def _realm(self, asked: Url, text: str) -> Url:
        try:
            realm = resolve_location(asked, text)
        except SyntaxFault as error:
            raise SyntaxFault(f"WWW-Authenticate: the realm is no usable URL: {error.message}") from error
        if self._registry.scheme == "https" and realm.origin.scheme == "http":
            raise CredentialsWithheld(
                f"the registry sends clients to a token server without TLS ({realm.without_query}): "
                f"nothing was sent there. "
                "Likely cause: the realm is configured with http://, or a proxy in front does not pass "
                "X-Forwarded-Proto"
            )
        return realm

    def _fetch(self, service: _Service, scopes: frozenset[str], deadline: Deadline) -> Token:
        if self._credentials is not None:
            self._require_related(service.realm.origin)
        by_form = self._credentials is not None and self._credentials.identity_token is not None
        request = self._token_form(service, scopes) if by_form else self._token_query(service, scopes)
        answer = self._send(request, deadline)
        if answer.status in (404, 405) and self._credentials is not None and not by_form:
            # A server that knows OAuth2 alone.
            answer = self._send(self._token_form(service, scopes), deadline)
        if answer.status != 200:
            error = TokenRefused if answer.status in _TOKEN_REFUSED else AuthenticationFailed
            raise error(self._token_refusal(service.realm, answer))
        return read_token(answer)

    def _token_query(self, service: _Service, scopes: frozenset[str]) -> Request:
        url = service.realm
        if service.service is not None:
            url = url.with_parameter("service", service.service)
        for scope in sorted(scopes):
            url = url.with_parameter("scope", scope)
        headers: tuple[tuple[str, str], ...] = (("Accept", "application/json"),)
        if self._credentials is not None and self._credentials.basic is not None:
            headers = (*headers, ("Authorization", self._credentials.basic))
        return Request("GET", url, headers, body_limit=_TOKEN_ANSWER_LIMIT)

    def _token_form(self, service: _Service, scopes: frozenset[str]) -> Request:
        fields = {
            "service": service.service or "",
            "client_id": _CLIENT_ID,
            "scope": " ".join(sorted(scopes)),
        }
        credentials = self._credentials
        if credentials is not None and credentials.identity_token is not None:
            fields |= {"grant_type": "refresh_token", "refresh_token": credentials.identity_token}
        elif credentials is not None:
            fields |= {
                "grant_type": "password",
                "username": credentials.username,
                "password": credentials.password,
            }
        headers = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
        body = urlencode(fields).encode("ascii")
        return Request("POST", service.realm, headers, body, body_limit=_TOKEN_ANSWER_LIMIT)

    def _token_refusal(self, url: Url, answer: Response) -> str:
        shown = f"{url.without_query} answered {describe_failure(replace(answer, secrets=self.secrets))}"
        if answer.status not in _TOKEN_REFUSED:
            return f"no token from the token server: {shown}"
        if self._credentials is None:
            return f"the token server gives no token without credentials: {shown}"
        return f"the token server refused the user name or password: {shown}"

    def _require_related(self, realm: Origin) -> None:
        """Raises CredentialsWithheld unless it is the registry's host, its domain, or named by the user."""
        registry, host = self._registry.host, realm.host
        in_its_domain = "." in host and not is_ip_address(host) and registry.endswith(f".{host}")
        docker_hub = (registry, host) == (_DOCKER_HUB_REGISTRY, _DOCKER_HUB_TOKENS)
        if not (host == registry or in_its_domain or docker_hub or host in self._token_hosts):
            raise CredentialsWithheld(
                f"the registry asks for the credentials to be sent to another host, {realm}: not done. "
                "If that is its token server, name the host in token_hosts"
            )


def challenges_of(refusal: Response) -> tuple[Challenge, ...]:
    """The challenges of a 401 answer. Raises SyntaxFault where none can be read."""
    return readable_challenges(refusal.header_values("WWW-Authenticate"))
