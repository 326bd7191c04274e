# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.docker_config import (
    credentials_of_config,
    host_of_key,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import Origin

REGISTRY = Origin("https", "registry.test", 5000)
DOCKER_HUB = Origin("https", "registry-1.docker.io", 443)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def config(key: str, **entry: object) -> bytes:
    return json.dumps({"auths": {"other.test": {"auth": "eDp5"}, key: entry}, "credsStore": "x"}).encode()


def encoded(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("registry.test:5000", REGISTRY),
        ("https://registry.test:5000", REGISTRY),
        ("http://registry.test:5000/v1/", REGISTRY),
        ("Registry.TEST:5000", REGISTRY),
        ("registry.test", Origin("https", "registry.test", 443)),
        ("registry.test:443", Origin("https", "registry.test", 443)),
        ("[::1]:5000", Origin("http", "::1", 5000)),
        ("https://index.docker.io/v1/", DOCKER_HUB),
        ("docker.io", DOCKER_HUB),
    ],
)
def test_hosts(key: str, registry: Origin) -> None:
    assert credentials_of_config(config(key, auth=encoded("a", "b")), registry) == Credentials("a", "b")


@given(username=TEXT.filter(lambda text: ":" not in text), password=TEXT)
def test_what_was_written_is_read(username: str, password: str) -> None:
    expected = Credentials(username, password)
    by_auth = config("registry.test:5000", auth=encoded(username, password))
    by_name = config("registry.test:5000", username=username, password=password)
    assert credentials_of_config(by_auth, REGISTRY) == expected
    assert credentials_of_config(by_name, REGISTRY) == expected


def test_identity_token() -> None:
    content = config("registry.test:5000", auth=encoded("<token>", ""), identitytoken="refresh me")
    found = credentials_of_config(content, REGISTRY)
    assert found.identity_token == "refresh me"
    assert found.basic is None
    assert "refresh me" not in repr(found)
    assert {"refresh me", "refresh%20me", "refresh+me"} <= found.secrets


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "not JSON"),
        (b"{}", "no object 'auths'"),
        (config("registry.test"), "no entry for registry.test:5000; it has: other.test, registry.test"),
        (config("registry.test:5000"), "credential helper"),
        (config("registry.test:5000", auth="YWxpY2U6"), "has an empty password"),
        (config("registry.test:5000", auth="hidden word"), "not base64"),
        (config("registry.test:5000", auth="aGlkZGVu"), "not user:password"),
        (b'{"auths": {"registry.test:5000": 7}}', "not an object"),
        (config("registry.test:5000", username="\ud800", password="hidden"), "no Unicode text"),
        (config("registry.test:5000", username="a", password="hidden\udcff"), "no Unicode text"),
        (config("registry.test:5000", identitytoken="hidden\ud800"), "no Unicode text"),
    ],
)
def test_refused_without_telling_what_it_holds(content: bytes, told: str) -> None:
    with pytest.raises(SyntaxFault, match=told) as caught:
        credentials_of_config(content, REGISTRY)
    assert "hidden" not in caught.value.message


@given(st.binary(max_size=60) | st.dictionaries(st.text(), st.text()).map(lambda d: json.dumps(d).encode()))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(SyntaxFault):
        credentials_of_config(content, REGISTRY)


@given(st.text(max_size=40))
def test_hosts_of_any_key(key: str) -> None:
    assert "/" not in host_of_key(key)
