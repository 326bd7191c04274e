# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that go another way than usual: fakes, since no real registry does so on demand."""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    AuthenticationFailed,
    CredentialsWithheld,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import PASSWORD, USERNAME, Check
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.conftest import CheckMeasured
from tests.faults.registry_hostile.lying_registry import (
    OCI_MANIFEST,
    REPOSITORY,
    Answer,
    Asked,
    lying_registry,
    manifest,
    tags,
)
from tests.faults.registry_hostile.tls_server import tls_server
from tests.faults.registry_storage.depots import expected

LOGIN = {"username": USERNAME, "password": PASSWORD}
RIGHT = "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
BASIC = ("WWW-Authenticate", 'Basic realm="r"')
BEARER = ("WWW-Authenticate", 'Bearer realm="/token",service="s"')
MEGABYTE = 1_000_000


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(client_context(Trust(verify=False)))
    yield transport
    transport.close()


def _client(transport: Transport, url: str, patience: Patience | None = None) -> Client:
    return Client(parse_url(url).origin, transport, Credentials(USERNAME, PASSWORD), patience=patience)


def _with_tokens(token: Callable[[Asked], Answer], good: str = "good") -> Callable[[Asked], Answer | None]:
    """Lets those in who have the token ``good``; others are sent to ``/token``, which ``token`` answers."""

    def lie(request: Asked) -> Answer | None:
        if request.path.startswith("/token"):
            return token(request)
        return None if request.authorization == f"Bearer {good}" else Answer(401, b"", (BEARER,))

    return lie


@pytest.mark.parametrize("right", [True, False])
def test_a_wrong_password_is_sent_once(check: Check, right: bool) -> None:
    def lie(request: Asked) -> Answer | None:
        return None if right and request.authorization == RIGHT else Answer(401, b"", (BASIC,))

    with lying_registry(lie) as registry:
        result = check(url=registry.url, timeout=5, **LOGIN)
    refused = Counter(
        request.authorization
        for request in registry.asked
        if request.authorization is not None and not (right and request.authorization == RIGHT)
    )
    assert statuses(result)["credentials"] == ("ok" if right else "fail")
    # Accounts are locked after some of them: the made-up one, or the user's own that is wrong.
    assert list(refused.values()) == [1]
    assert statuses(result)["wrong_credentials_refused"] == ("ok" if right else "skipped")


@pytest.mark.parametrize("lifetime", ["1" + "0" * 400, "-1" + "0" * 400, "1e999", "NaN"])
def test_lifetimes_beyond_all_numbers(check: Check, lifetime: str) -> None:
    body = f'{{"token": "good", "expires_in": {lifetime}}}'.encode()

    def token(request: Asked) -> Answer:
        return Answer(200, body) if request.authorization == RIGHT else Answer(401)

    with lying_registry(_with_tokens(token)) as registry:
        result = check(url=registry.url, timeout=5, **LOGIN)
    assert result["healthy"], result


def test_new_and_long_tokens_for_ever(check_measured: CheckMeasured) -> None:
    issued = 0

    def lie(request: Asked) -> Answer | None:
        nonlocal issued
        if request.path.startswith("/token"):
            issued += 1
            return Answer(
                200, json.dumps({"token": f"{issued}-".ljust(16_000, "t"), "expires_in": 1}).encode()
            )
        if request.path == "/v2/":
            return None
        if "/tags/list" in request.path:
            return Answer(200, tags([f"t{number}" for number in range(20_000)]))
        value = f'Bearer realm="/token?{issued}"'
        return Answer(401, b"", (("WWW-Authenticate", value),))

    with lying_registry(lie) as registry:
        result, octets = check_measured(
            url=registry.url, expect=[expected(REPOSITORY, all_tags=True)], timeout=8
        )
    assert result["failed"]
    # How many there are in the time depends on the machine; a few would not be "for ever".
    assert issued > 50
    assert octets < 30 * MEGABYTE


def test_bearer_is_preferred_to_basic(transport: Transport) -> None:
    def lie(request: Asked) -> Answer | None:
        if request.path.startswith("/token"):
            return Answer(200, b'{"token": "good"}')
        if request.authorization == "Bearer good":
            return None
        return Answer(401, b"", (BASIC, BEARER))

    with lying_registry(lie) as registry:
        assert _client(transport, registry.url).ping(Deadline.after(5)).status == 200
    told = [(request.path.partition("?")[0], request.authorization) for request in registry.asked]
    assert told == [("/v2/", None), ("/token", RIGHT), ("/v2/", "Bearer good")]


def test_a_token_that_has_ended_is_replaced(transport: Transport) -> None:
    issued = 0

    def token(_request: Asked) -> Answer:
        nonlocal issued
        issued += 1
        # It ends at once by its own words, so that the next request needs another.
        return Answer(200, json.dumps({"token": "good", "expires_in": 1}).encode())

    with lying_registry(_with_tokens(token)) as registry:
        client = _client(transport, registry.url)
        assert [client.ping(Deadline.after(5)).status for _ in range(3)] == [200, 200, 200]
    assert issued == 3
    assert [request.authorization for request in registry.asked if request.path == "/v2/"] == [
        None,
        "Bearer good",
    ] * 3


def test_a_token_that_is_refused_before_its_end_is_replaced(transport: Transport) -> None:
    issued = 0

    def lie(request: Asked) -> Answer | None:
        nonlocal issued
        if request.path.startswith("/token"):
            issued += 1
            return Answer(200, json.dumps({"token": f"token-{issued}", "expires_in": 3600}).encode())
        # The registry's keys were changed after two requests.
        good = "Bearer token-1" if len(registry.asked) < 5 else "Bearer token-2"
        return None if request.authorization == good else Answer(401, b"", (BEARER,))

    with lying_registry(lie) as registry:
        client = _client(transport, registry.url)
        assert [client.ping(Deadline.after(5)).status for _ in range(4)] == [200] * 4
    assert issued == 2


def test_the_second_challenge_names_the_scope(transport: Transport) -> None:
    def lie(request: Asked) -> Answer | None:
        if request.path.startswith("/token"):
            name = "good" if "scope=wide" in request.path else "narrow"
            return Answer(200, json.dumps({"token": name}).encode())
        if request.authorization == "Bearer good":
            return None
        scope = ',scope="wide"' if request.authorization == "Bearer narrow" else ""
        return Answer(401, b"", ((BEARER[0], BEARER[1] + scope),))

    with lying_registry(lie) as registry:
        assert _client(transport, registry.url).ping(Deadline.after(5)).status == 200
    assert len(registry.asked) == 5


@pytest.mark.parametrize("status", [429, 503])
def test_a_token_server_that_asks_for_patience(transport: Transport, status: int) -> None:
    answers = iter([Answer(status, b"", (("Retry-After", "0"),)), Answer(200, b'{"token": "good"}')])
    with lying_registry(_with_tokens(lambda _request: next(answers))) as registry:
        client = _client(transport, registry.url, Patience(3))
        assert client.ping(Deadline.after(5)).status == 200
    assert [request.path.partition("?")[0] for request in registry.asked].count("/token") == 2


def test_a_busy_token_server_does_not_make_a_registry_unhealthy(check: Check) -> None:
    answers = iter([Answer(429, b"", (("Retry-After", "0"),)), Answer(200, b'{"token": "good"}')])

    def token(request: Asked) -> Answer:
        return next(answers) if request.authorization == RIGHT else Answer(401)

    with lying_registry(_with_tokens(token)) as registry:
        registry.store_manifest(manifest(), OCI_MANIFEST, "tag")
        result = check(url=registry.url, timeout=5, **LOGIN)
    assert result["healthy"], message(result, "credentials")


def test_patience_with_a_token_server_ends(transport: Transport) -> None:
    def token(_request: Asked) -> Answer:
        return Answer(429, b"", (("Retry-After", "0"),))

    with lying_registry(_with_tokens(token)) as registry:
        client = _client(transport, registry.url, Patience(3))
        with pytest.raises(AuthenticationFailed, match="HTTP 429"):
            client.ping(Deadline.after(5))
    assert len(registry.asked) == 4


def test_a_realm_without_tls_gets_nothing(transport: Transport) -> None:
    with lying_registry() as tokens:
        challenge = (
            f'HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm="{tokens.url}/token"\r\n'
            "Content-Length: 0\r\nConnection: close\r\n\r\n"
        )

        def refuse(connection: ssl.SSLSocket) -> None:
            connection.recv(65536)
            connection.sendall(challenge.encode())

        with tls_server(Authority("x").issue(), refuse) as url:
            client = _client(transport, url)
            with pytest.raises(CredentialsWithheld, match="without TLS"):
                client.ping(Deadline.after(5))
    assert tokens.asked == []


@pytest.mark.parametrize("before", [185, 191, 192, 193])
def test_a_secret_across_the_cut_of_what_the_token_server_says(check: Check, before: int) -> None:
    def token(request: Asked) -> Answer:
        told = "y" * before + (request.authorization or "").removeprefix("Basic ") + PASSWORD
        return Answer(401, json.dumps({"errors": [{"code": "X", "message": told}]}).encode())

    with lying_registry(_with_tokens(token)) as registry:
        result = check(url=registry.url, timeout=5, **LOGIN)
    assert re.search(r"\(X: y+\**\.\.\.\)", message(result, "credentials"))
