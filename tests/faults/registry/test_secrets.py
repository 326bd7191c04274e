# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What registry_health takes from secrets, read from a real API server."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect
from tests.faults.kube_apply.control_plane import ControlPlane, running
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Start
from tests.faults.registry.test_real_registry import message, statuses

Secret = Callable[[str, dict[str, bytes]], dict[str, str]]


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with running(tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane


@pytest.fixture
def secret(control_plane: ControlPlane) -> Secret:
    """Stores a secret and gives the value of the option that names it."""
    client = connect(str(control_plane.kubeconfig), None)

    def store(name: str, data: dict[str, bytes]) -> dict[str, str]:
        stored = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "default"},
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
        }
        client.apply(stored, field_manager="test")
        return {"namespace": "default", "name": name}

    return store


def test_everything_from_secrets(
    start_registry: Start, check: Check, authority: Authority, control_plane: ControlPlane, secret: Secret
) -> None:
    certificate = authority.issue()
    registry = start_registry(certificate=certificate, login=True)
    result = check(
        url=registry.url,
        certificate_secret=secret("tls", {"tls.crt": certificate[0], "ca.crt": authority.pem}),
        credentials_secret=secret("login", {"username": USERNAME.encode(), "password": PASSWORD.encode()}),
        kubeconfig=str(control_plane.kubeconfig),
        round_trip=True,
    )
    assert result["healthy"], result
    asked = {name for name, status in statuses(result).items() if status != "skipped"}
    assert {"certificate_equals_secret", "credentials", "wrong_credentials_refused", "round_trip"} <= asked
    assert {statuses(result)[name] for name in asked} == {"ok"}
    entry = {"auth": base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()}
    pull = json.dumps({"auths": {registry.url: entry}}).encode()
    by_pull_secret = check(
        url=registry.url,
        ca=authority.pem.decode(),
        docker_config_secret=secret("pull", {".dockerconfigjson": pull}),
        kubeconfig=str(control_plane.kubeconfig),
    )
    assert statuses(by_pull_secret)["credentials"] == "ok"
    assert PASSWORD not in json.dumps(result)


def test_certificate_renewed_but_not_served(
    start_registry: Start, check: Check, authority: Authority, control_plane: ControlPlane, secret: Secret
) -> None:
    registry = start_registry(certificate=authority.issue())
    result = check(
        url=registry.url,
        certificate_secret=secret("renewed", {"tls.crt": authority.issue()[0], "ca.crt": authority.pem}),
        kubeconfig=str(control_plane.kubeconfig),
    )
    assert result["failed"]
    assert statuses(result)["tls"] == "ok"
    assert statuses(result)["certificate_equals_secret"] == "fail"
    assert "not restarted since" in message(result, "certificate_equals_secret")


@pytest.mark.parametrize(
    ("option", "data", "told"),
    [
        ("credentials_secret", {"username": b"u"}, "has no key password"),
        ("credentials_secret", {"username": b"u", "password": b"\xff"}, "not UTF-8"),
        ("certificate_secret", {"tls.crt": b"x"}, "key tls.crt: no certificate"),
        ("certificate_secret", {"other": b""}, "key tls.crt: no certificate"),
    ],
)
def test_secrets_that_cannot_be_used(
    check: Check,
    control_plane: ControlPlane,
    secret: Secret,
    option: str,
    data: dict[str, bytes],
    told: str,
) -> None:
    named = {
        option: secret("unusable", data),
        "kubeconfig": str(control_plane.kubeconfig),
    }
    result = check(url="https://127.0.0.1:1", **named)
    assert told in result["msg"]
    assert f"{option}: secret default/unusable" in result["msg"]


@pytest.mark.parametrize(
    "content",
    [
        b"nothing",
        b"\xff",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
    ],
)
def test_an_authority_in_a_secret_that_cannot_be_read(
    check: Check, authority: Authority, control_plane: ControlPlane, secret: Secret, content: bytes
) -> None:
    named = secret("broken", {"tls.crt": authority.issue()[0], "ca.crt": content})
    result = check(
        url="https://127.0.0.1:1", certificate_secret=named, kubeconfig=str(control_plane.kubeconfig)
    )
    assert "certificate_secret: ca.crt of secret default/broken holds no certificate" in result["msg"]
    assert "the CA given" not in result["msg"]


def test_the_authority_in_a_secret_is_another(
    start_registry: Start, check: Check, authority: Authority, control_plane: ControlPlane, secret: Secret
) -> None:
    certificate = authority.issue()
    named = secret("other", {"tls.crt": certificate[0], "ca.crt": Authority("another").pem})
    result = check(
        url=start_registry(certificate=certificate).url,
        certificate_secret=named,
        kubeconfig=str(control_plane.kubeconfig),
    )
    assert "ca.crt of secret default/other is not its issuer" in message(result, "tls")


def test_missing_secret(check: Check, control_plane: ControlPlane) -> None:
    missing = {"namespace": "default", "name": "missing"}
    result = check(
        url="https://127.0.0.1:1", certificate_secret=missing, kubeconfig=str(control_plane.kubeconfig)
    )
    assert result["msg"] == "certificate_secret: there is no secret default/missing"
