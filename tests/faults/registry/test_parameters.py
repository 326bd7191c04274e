# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameters that name files and hosts: every fault is told with the option's name."""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import Check, Start
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_hostile.tls_server import tls_server

NOWHERE = "http://127.0.0.1:1"
PATHS = ("ca_path", "client_cert", "client_key", "docker_config")


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that the user of the test may not enter, who is nobody where that would be root."""
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "file").write_text("{}")
    folder.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o700)


@pytest.mark.parametrize("option", PATHS)
def test_a_file_in_a_folder_that_may_not_be_entered(check: Check, closed_folder: Path, option: str) -> None:
    result = check(url=NOWHERE, timeout=1, **{option: str(closed_folder / "file")})
    assert f"{option}: {closed_folder}/file cannot be looked at: permission denied" in result["msg"]


@pytest.mark.parametrize("option", PATHS)
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/nonexistent/file", "does not exist"),
        ("/dev/null/file", "does not exist"),
        ("/x\x00", "does not exist"),
        ("/" + "x" * 300, "cannot be looked at: file name too long"),
    ],
)
def test_paths_that_cannot_be(check: Check, option: str, path: str, told: str) -> None:
    assert f"{option}: {path} {told}" in check(url=NOWHERE, timeout=1, **{option: path})["msg"]


@pytest.mark.parametrize("tags", [None, []])
def test_platforms_of_nothing(check: Check, tags: list[str] | None) -> None:
    entry = {"repository": "a", "tags": tags, "platforms": ["linux/amd64"]}
    assert "expect[0].platforms: give tags or all_tags too" in check(url=NOWHERE, expect=[entry])["msg"]
    for given in ({"tags": ["t"]}, {"all_tags": True}):
        assert "expect[0]" not in check(url=NOWHERE, expect=[entry | given])["msg"]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"username": "u", "password": ""}, "password: empty; leave username and password out"),
        ({"username": "", "password": "p"}, "username: empty; leave username and password out"),
        ({"round_trip_size": 0}, "round_trip_size: 0 is not between 1 and 10737418240"),
        ({"timeout": 0.0}, "timeout: 0.0 is not between 0.1 and 86400"),
        ({"ca": "ca.pem"}, "the name of a file belongs in ca_path"),
        ({"expect": [{"repository": "a", "tags": ["a/b:4.2"]}]}, "'a/b:4.2' is neither a tag nor a digest"),
        ({"expect": [{"repository": "a", "tags": ["sha256:1"]}]}, "'sha256:1': not a sha256 digest"),
        ({"expect": [{"repository": "a/b:4.2"}]}, "a tag or digest belongs in tags"),
    ],
)
def test_values_that_are_misplaced(check: Check, parameters: dict[str, object], told: str) -> None:
    assert told in check(url=NOWHERE, **parameters)["msg"]


@pytest.mark.parametrize(
    "host",
    [
        "https://auth.test:8443/x",
        "https://u:hidden-word@auth.test",
        "auth.test:8443",
        "auth.test/token",
        "auth.test?x",
        "u@auth.test",
        "a b",
        "",
        "*.test",
    ],
)
def test_token_hosts_that_are_no_hosts(check: Check, host: str) -> None:
    told = check(url=NOWHERE, token_hosts=["auth.test", host])["msg"]
    assert told.startswith("token_hosts[1]: not a host name or IP address")
    assert "hidden-word" not in told


def test_token_hosts(check: Check) -> None:
    hosts = ["auth.test", "Auth.Test", "192.0.2.7", "2001:db8::7", "localhost"]
    assert "connection: " in check(url=NOWHERE, token_hosts=hosts)["msg"]


def test_a_folder_of_authorities(
    start_registry: Start, check: Check, authority: Authority, tmp_path: Path
) -> None:
    url = start_registry(certificate=authority.issue()).url
    folder = tmp_path / "roots"
    folder.mkdir()
    assert statuses(check(url=url, ca_path=str(folder)))["tls"] == "fail"
    (folder / f"{_openssl_hash(authority.pem)}.0").write_bytes(authority.pem)
    result = check(url=url, ca_path=str(folder))
    assert result["healthy"], result
    assert "leads to the CA given" in message(result, "tls")
    other = Authority("test authority")
    (folder / f"{_openssl_hash(authority.pem)}.0").write_bytes(other.pem)
    assert "the CA given is not its issuer" in message(check(url=url, ca_path=str(folder)), "tls")


def _openssl_hash(pem: bytes) -> str:
    """The name under which OpenSSL looks for an authority in a folder."""
    command = ["openssl", "x509", "-noout", "-subject_hash"]
    return subprocess.run(command, input=pem, capture_output=True, check=True).stdout.decode().strip()


def test_control_characters_in_a_certificate(check: Check) -> None:
    evil = Authority("evil \x1b[31m issuer\n")
    certificate = evil.issue(dns_names=("\x1b]0;x.test",))
    with tls_server(certificate, ssl.SSLSocket.unwrap) as url:
        result = check(url=url, timeout=3)
    shown = result["certificate"]
    assert shown["issuer"] == "CN=evil [31m issuer"
    assert shown["dns_names"] == ["]0;x.test"]
    assert message(result, "tls").isprintable()
    assert all(line.isprintable() for line in result["table"])
