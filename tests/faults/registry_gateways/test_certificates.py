# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that gateways show, and that they ask for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import Check, Result, Start
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_gateways.gateways import Certificate, Gateways, StartGateway


def _tls(result: Result) -> str:
    assert result["failed"]
    assert statuses(result)["tls"] == "fail"
    assert statuses(result)["api"] == "skipped"
    return message(result, "tls")


def test_expired(
    start_registry: Start, check: Check, authority: Authority, start_gateway: StartGateway
) -> None:
    expired = authority.issue(ends=timedelta(days=-2, minutes=1))
    result = check(url=start_gateway(start_registry().port, [expired]).url, ca=authority.pem.decode())
    assert "has expired" in _tls(result)
    assert result["certificate"]["days_left"] == -2


def test_not_yet_valid(
    start_registry: Start, check: Check, authority: Authority, start_gateway: StartGateway
) -> None:
    early = authority.issue(begins=timedelta(days=1), ends=timedelta(days=90))
    result = check(url=start_gateway(start_registry().port, [early]).url, ca=authority.pem.decode())
    assert "valid only from" in _tls(result)
    assert "clock" in _tls(result)


def test_wrong_name(
    start_registry: Start, check: Check, authority: Authority, start_gateway: StartGateway
) -> None:
    other = authority.issue(dns_names=("other.test",), ip_addresses=("127.0.0.9",))
    result = check(url=start_gateway(start_registry().port, [other]).url, ca=authority.pem.decode())
    assert "not valid for 127.0.0.1, only for" in _tls(result)
    assert "other.test" in _tls(result)


def test_days_left_below_what_is_allowed(
    start_registry: Start, check: Check, authority: Authority, start_gateway: StartGateway
) -> None:
    short = authority.issue(ends=timedelta(days=5, minutes=1))
    url, ca = start_gateway(start_registry().port, [short]).url, authority.pem.decode()
    warned = check(url=url, ca=ca)
    assert warned["healthy"]
    assert statuses(warned)["certificate_days_left"] == "warn"
    assert statuses(check(url=url, ca=ca, fail_days_left=6))["certificate_days_left"] == "fail"
    assert check(url=url, ca=ca, fail_days_left=5)["healthy"]


@pytest.fixture
def client_files(authority: Authority, tmp_path: Path) -> dict[str, str]:
    """The options that give a certificate of the authority to the server."""
    certificate, key = authority.issue(dns_names=("client.test",), ip_addresses=())
    (tmp_path / "client.crt").write_bytes(certificate)
    (tmp_path / "client.key").write_bytes(key)
    return {"client_cert": str(tmp_path / "client.crt"), "client_key": str(tmp_path / "client.key")}


@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
def test_client_certificate(
    start_registry: Start,
    check: Check,
    authority: Authority,
    gateways: Gateways,
    client_files: dict[str, str],
    tmp_path: Path,
    kind: str,
) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(authority.pem)
    backend, certificates = start_registry().port, [authority.issue()]
    if kind == "nginx":
        wanted = f"client_max_body_size 0; ssl_client_certificate {roots}; ssl_verify_client on;"
        gateway = gateways.nginx(backend, certificates, server=wanted)
    else:
        gateway = gateways.haproxy(backend, certificates, listen=f"verify required ca-file {roots}")
    ca = authority.pem.decode()
    known = check(url=gateway.url, ca=ca, round_trip=True, **client_files)
    assert known["healthy"], known
    unknown = check(url=gateway.url, ca=ca)
    assert unknown["failed"]
    assert "certificate" in unknown["msg"]


def test_client_key_that_does_not_fit(
    start_registry: Start, check: Check, authority: Authority, client_files: dict[str, str]
) -> None:
    certificate: Certificate = authority.issue()
    Path(client_files["client_key"]).write_bytes(certificate[1])
    url = start_registry(certificate=certificate).url
    result = check(url=url, ca=authority.pem.decode(), **client_files)
    assert result["failed"]
    assert "client_cert" in result["msg"] or "client_key" in result["msg"]
