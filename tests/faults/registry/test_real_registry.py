# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""registry_health against the real thing: a distribution registry, in its usual and its faulty shapes."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest

from devcluster.ports import free_port
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Result, Start


def statuses(result: Result) -> dict[str, str]:
    return {check["name"]: check["status"] for check in result["checks"]}


def message(result: Result, name: str) -> str:
    return next(str(check["message"]) for check in result["checks"] if check["name"] == name)


def test_plain_registry_is_healthy(start_registry: Start, check: Check) -> None:
    result = check(url=start_registry().url)
    assert result["healthy"]
    assert not result["changed"]
    assert statuses(result) == {
        "connection": "ok",
        "tls": "skipped",
        "api": "ok",
        "clock": "ok",
        "credentials": "skipped",
        "anonymous_refused": "skipped",
        "wrong_credentials_refused": "skipped",
        "expected_references": "skipped",
        "blobs": "skipped",
        "catalog": "skipped",
        "referrers": "skipped",
        "latency": "skipped",
        "round_trip": "skipped",
    }
    assert result["table"][0].split() == ["CHECK", "STATUS", "MS", "MESSAGE"]


def test_tls_login_and_round_trip(start_registry: Start, check: Check, authority: Authority) -> None:
    registry = start_registry(certificate=authority.issue(), login=True)
    result = check(
        url=registry.url, ca=authority.pem.decode(), username=USERNAME, password=PASSWORD, round_trip=True
    )
    assert result["healthy"], result
    assert not result["changed"]
    assert {name for name, status in statuses(result).items() if status != "ok"} == {
        "certificate_equals_secret",
        "expected_references",
        "blobs",
        "catalog",
        "referrers",
        "latency",
    }
    assert result["capabilities"] == {
        "authentication": "basic",
        "catalog": None,
        "chunked_upload": True,
        "delete": True,
        "delete_blob": True,
        "mount": True,
        "push": True,
        "range": True,
        "referrers": False,
    }
    assert result["versions"] == {"api_version": "registry/2.0"}
    assert result["certificate"]["days_left"] == 90
    assert result["certificate"]["dns_names"] == ["registry.test"]
    assert result["certificate"]["ip_addresses"] == ["127.0.0.1", "::1"]


def test_round_trip_leaves_nothing_to_be_pulled(start_registry: Start, check: Check) -> None:
    registry = start_registry()
    for _run in range(2):
        result = check(url=registry.url, round_trip=True)
        assert result["healthy"]
        assert not result["changed"]
    links = [path for path in registry.stored() if path.name == "link"]
    assert links == []
    assert list(registry.storage.rglob("_uploads/*")) == []


def test_round_trip_without_deletion_leaves_one_probe_once(start_registry: Start, check: Check) -> None:
    registry = start_registry(delete=False)
    first = check(url=registry.url, round_trip=True)
    assert first["healthy"]
    assert first["changed"]
    assert "image clusterdepot-health/probe:probe" in first["leftovers"]
    assert first["capabilities"]["delete"] is False
    stored = registry.stored()
    second = check(url=registry.url, round_trip=True)
    assert second["healthy"]
    assert not second["changed"]
    assert second["leftovers"] == []
    assert registry.stored() == stored


def test_check_mode_pushes_nothing(start_registry: Start, check: Check) -> None:
    registry = start_registry()
    result = check(url=registry.url, round_trip=True, check_mode=True)
    assert statuses(result)["round_trip"] == "skipped"
    assert "check mode" in message(result, "round_trip")
    assert registry.stored() == []


def test_read_only_registry_is_named_as_such(start_registry: Start, check: Check) -> None:
    result = check(url=start_registry(read_only=True).url, round_trip=True)
    assert result["failed"]
    assert not result["changed"]
    assert "read-only" in message(result, "round_trip")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_addresses_of_both_families(
    start_registry: Start, check: Check, authority: Authority, address: str
) -> None:
    registry = start_registry(certificate=authority.issue(), address=address)
    assert check(url=registry.url, ca=authority.pem.decode())["healthy"]


def test_pinned_address_keeps_the_name(start_registry: Start, check: Check, authority: Authority) -> None:
    registry = start_registry(certificate=authority.issue(ip_addresses=()))
    ca = authority.pem.decode()
    by_name = check(url=f"https://registry.test:{registry.port}", address="127.0.0.1", ca=ca)
    assert by_name["healthy"], by_name
    by_address = check(url=registry.url, ca=ca)
    assert not by_address["healthy"]
    assert "not valid for 127.0.0.1, only for registry.test" in message(by_address, "tls")
    assert by_address["certificate"]["dns_names"] == ["registry.test"]


def test_wrong_password(start_registry: Start, check: Check) -> None:
    result = check(url=start_registry(login=True).url, username=USERNAME, password="gu-ess-ed")
    assert statuses(result)["credentials"] == "fail"
    assert statuses(result)["round_trip"] == "skipped"
    assert "wrong user name or password" in result["msg"]
    assert "gu-ess-ed" not in json.dumps(result)


def test_registry_that_lets_everybody_in(start_registry: Start, check: Check) -> None:
    result = check(url=start_registry().url, username=USERNAME, password=PASSWORD)
    assert statuses(result)["anonymous_refused"] == "fail"
    assert result["failed"]


def test_login_without_credentials_is_a_warning(start_registry: Start, check: Check) -> None:
    result = check(url=start_registry(login=True).url)
    assert result["healthy"]
    assert statuses(result)["credentials"] == "warn"


def test_expired_certificate(start_registry: Start, check: Check, authority: Authority) -> None:
    certificate = authority.issue(ends=timedelta(days=-3, minutes=1))
    result = check(url=start_registry(certificate=certificate).url, ca=authority.pem.decode())
    assert statuses(result)["tls"] == "fail"
    assert statuses(result)["api"] == "skipped"
    assert "has expired" in message(result, "tls")
    assert result["certificate"]["days_left"] == -3


def test_certificate_about_to_expire(start_registry: Start, check: Check, authority: Authority) -> None:
    certificate = authority.issue(ends=timedelta(days=2, minutes=1))
    url = start_registry(certificate=certificate).url
    result = check(url=url, ca=authority.pem.decode())
    assert result["healthy"]
    assert statuses(result)["certificate_days_left"] == "warn"
    assert (
        statuses(check(url=url, ca=authority.pem.decode(), min_days_left=1))["certificate_days_left"] == "ok"
    )


def test_the_served_certificate_itself_may_be_trusted(
    start_registry: Start, check: Check, authority: Authority
) -> None:
    certificate = authority.issue()
    assert check(url=start_registry(certificate=certificate).url, ca=certificate[0].decode())["healthy"]


def test_unknown_authority(start_registry: Start, check: Check, authority: Authority, tmp_path: Path) -> None:
    url = start_registry(certificate=authority.issue()).url
    other = tmp_path / "ca.crt"
    other.write_bytes(Authority("another").pem)
    result = check(url=url, ca_path=str(other))
    assert "the CA given is not its issuer" in message(result, "tls")
    assert "give its CA" in message(check(url=url), "tls")
    unverified = check(url=url, validate_certs=False)
    assert unverified["healthy"]
    assert statuses(unverified)["tls"] == "warn"


def test_https_asked_of_a_plain_registry(start_registry: Start, check: Check) -> None:
    result = check(url=start_registry().url.replace("http:", "https:"))
    assert "does not speak TLS" in message(result, "tls")


def test_http_asked_of_a_tls_registry(start_registry: Start, check: Check, authority: Authority) -> None:
    result = check(url=start_registry(certificate=authority.issue()).url.replace("https:", "http:"))
    assert "https and http mixed up" in message(result, "api")


def test_nothing_listens(check: Check) -> None:
    result = check(url=f"http://127.0.0.1:{free_port()}", retries=2, delay=0.1)
    assert result["failed"]
    assert "connection refused" in message(result, "connection")


def test_retries_end_with_the_time_limit(check: Check) -> None:
    started = time.monotonic()
    result = check(url=f"http://127.0.0.1:{free_port()}", retries=1000, delay=0.1, timeout=1.0)
    assert result["failed"]
    assert 0.5 < time.monotonic() - started < 6


def test_report_only(check: Check) -> None:
    result = check(url=f"http://127.0.0.1:{free_port()}", fail_when_unhealthy=False)
    assert result["healthy"] is False
    assert "failed" not in result


def test_all_bad_parameters_are_told_at_once(check: Check) -> None:
    result = check(
        url="ftp://user:hidden-word@host/",
        address="nowhere",
        ca="no certificate",
        ca_path="/nonexistent",
        timeout=0,
        username="a:b",
        round_trip_repository="UPPER",
    )
    for name in ("url", "address", "ca", "ca_path", "timeout", "username", "round_trip_repository"):
        assert f"{name}: " in result["msg"]
    assert "hidden-word" not in result["msg"]


def test_parameters_that_are_no_unicode_text(check: Check) -> None:
    half = "\ud800"
    result = check(
        url=f"http://host/{half}",
        ca=half,
        address=half,
        ca_path=half,
        username=half,
        password=f"hidden-word{half}",
        expect=[{"repository": half, "tags": [half, f"sha256:{half}"], "platforms": [half]}],
    )
    for name in ("url", "ca", "address", "ca_path", "username", "password", "expect[0].repository"):
        assert f"{name}: " in result["msg"]
    assert result["msg"].count("expect[0].tags: ") == 2
    assert "hidden-word" not in result["msg"]
