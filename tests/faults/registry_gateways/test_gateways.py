# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies in front of a registry, right and with their typical faults."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from devcluster.ports import free_port
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import PASSWORD, USERNAME, Check, Start
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_gateways.gateways import Gateways, StartGateway
from tests.faults.registry_gateways.processes import Processes
from tests.faults.registry_storage.images import ask

LIMIT = 1024 * 1024
AUTHORIZATION = "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()


def test_right_gateway_is_healthy(
    start_registry: Start, check: Check, authority: Authority, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(start_registry(login=True).port, [authority.issue()])
    result = check(
        url=gateway.url,
        ca=authority.pem.decode(),
        username=USERNAME,
        password=PASSWORD,
        round_trip=True,
        round_trip_size=3 * LIMIT,
    )
    assert result["healthy"], result
    assert statuses(result)["round_trip"] == "ok"
    assert not result["changed"]


@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
def test_body_limit_is_measured(start_registry: Start, check: Check, gateways: Gateways, kind: str) -> None:
    backend = start_registry()
    if kind == "nginx":
        gateway = gateways.nginx(backend.port, server=f"client_max_body_size {LIMIT};")
    else:
        deny = f"http-request deny deny_status 413 if {{ req.body_size gt {LIMIT} }}"
        gateway = gateways.haproxy(backend.port, rules=[deny])
    assert check(url=gateway.url, round_trip=True)["healthy"]
    result = check(url=gateway.url, round_trip=True, round_trip_size=4 * LIMIT)
    assert statuses(result)["round_trip"] == "fail"
    told = message(result, "round_trip")
    assert "413" in told
    assert "limits the size of request bodies" in told
    passed = [int(word) for word in told.replace(",", " ").split() if word.isdecimal() and int(word) > 413]
    assert any(LIMIT / 2 <= size <= LIMIT for size in passed), told
    assert not result["changed"]
    assert result["leftovers"] == []
    # Of a cancelled upload the registry keeps the state of its hash, but none of the content.
    uploaded = [path for path in backend.stored() if "_uploads" in path.parts and path.name == "data"]
    assert uploaded == []
    assert [path for path in backend.stored() if path.name == "link"] == []


def test_uploads_that_cannot_be_cancelled_are_told(
    start_registry: Start, check: Check, gateways: Gateways
) -> None:
    backend = start_registry()
    refused = 'set $asked "$request_method $uri"; if ($asked ~ "^DELETE .*/uploads/") { return 405; }'
    gateway = gateways.nginx(backend.port, server=f"client_max_body_size {LIMIT}; {refused}")
    result = check(url=gateway.url, round_trip=True, round_trip_size=4 * LIMIT)
    kept = {path.parent.name for path in backend.stored() if "_uploads" in path.parts and path.name == "data"}
    sizes = {path.parent.name: path.stat().st_size for path in backend.stored() if path.name == "data"}
    full = {name for name in kept if sizes[name]}
    assert full
    assert result["changed"]
    assert {f"upload {name} to clusterdepot-health/probe" for name in full} == set(result["leftovers"])
    assert "left behind: upload " in message(result, "round_trip")


@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
def test_lost_forwarded_protocol(
    start_registry: Start, check: Check, authority: Authority, gateways: Gateways, kind: str
) -> None:
    backend, certificates = start_registry().port, [authority.issue()]
    if kind == "nginx":
        gateway = gateways.nginx(backend, certificates, headers=["Host $http_host"])
    else:
        gateway = gateways.haproxy(backend, certificates, rules=())
    result = check(url=gateway.url, ca=authority.pem.decode(), round_trip=True)
    assert statuses(result)["api"] == "ok"
    assert statuses(result)["round_trip"] == "fail"
    assert "begins with http" in message(result, "round_trip")
    assert "X-Forwarded-Proto" in message(result, "round_trip")


def test_lost_host_header(start_registry: Start, check: Check, gateways: Gateways) -> None:
    # By itself, nginx would put such a Location right.
    gateway = gateways.nginx(start_registry().port, headers=(), location="proxy_redirect off;")
    result = check(url=gateway.url, round_trip=True)
    assert statuses(result)["round_trip"] == "fail"
    assert "does not pass the Host header" in message(result, "round_trip")


@pytest.mark.parametrize("kind", ["nginx", "haproxy"])
def test_redirect_from_http_to_https(
    start_registry: Start, check: Check, gateways: Gateways, kind: str
) -> None:
    backend, secure = start_registry().port, f"https://127.0.0.1:{free_port()}"
    if kind == "nginx":
        gateway = gateways.nginx(backend, location=f"return 301 {secure}$request_uri;")
    else:
        gateway = gateways.haproxy(backend, rules=[f"http-request redirect prefix {secure} code 301"])
    result = check(url=gateway.url)
    assert statuses(result)["api"] == "fail"
    # Nothing listens there; that the redirect leads to it must be told all the same.
    assert secure in message(result, "api")


def test_redirect_to_a_gateway_that_answers(
    start_registry: Start, check: Check, authority: Authority, gateways: Gateways
) -> None:
    backend = start_registry().port
    secure = gateways.haproxy(backend, [authority.issue()])
    plain = gateways.nginx(backend, location=f"return 301 {secure.url}$request_uri;")
    result = check(url=plain.url, ca=authority.pem.decode(), username=USERNAME, password=PASSWORD)
    assert f"use {secure.url} as url" in message(result, "api")
    assert check(url=secure.url, ca=authority.pem.decode())["healthy"]


def test_redirect_from_https_to_http_is_not_followed(
    start_registry: Start, check: Check, authority: Authority, gateways: Gateways
) -> None:
    backend = start_registry()
    gateway = gateways.nginx(
        backend.port, [authority.issue()], location=f"return 302 {backend.url}$request_uri;"
    )
    result = check(url=gateway.url, ca=authority.pem.decode())
    assert statuses(result)["api"] == "fail"
    assert "from https to http" in message(result, "api")


def test_no_backend(check: Check, start_gateway: StartGateway) -> None:
    result = check(url=start_gateway(free_port()).url)
    told = message(result, "api")
    # nginx says 502 and HAProxy 503, both with a web page.
    assert "HTTP 502" in told or "HTTP 503" in told
    assert "is a pod running and ready" in told
    assert "<" not in told


def test_backend_that_hangs(
    check: Check, gateways: Gateways, running: Processes, registry_binary: Path, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "config.yml").write_text(
        f"version: 0.1\nstorage: {{inmemory: {{}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
    )
    command = [str(registry_binary), "serve", str(tmp_path / "config.yml")]
    running.start("registry", command, [("127.0.0.1", port)], {"OTEL_TRACES_EXPORTER": "none"})
    by_nginx = gateways.nginx(port, location="proxy_read_timeout 300ms;")
    by_haproxy = gateways.haproxy(port, defaults="timeout server 300ms")
    assert check(url=by_nginx.url)["healthy"]
    running.freeze("registry")
    for gateway in (by_nginx, by_haproxy):
        told = message(check(url=gateway.url, timeout=5), "api")
        assert "HTTP 504" in told
        assert "does not answer in time" in told


def test_path_that_is_not_passed_on(start_registry: Start, check: Check, gateways: Gateways) -> None:
    gateway = gateways.nginx(start_registry().port, server="location /v2/ { return 404; }")
    told = message(check(url=gateway.url), "api")
    assert "HTTP 404" in told
    assert "does not pass /v2/ on" in told


def test_web_page_in_place_of_a_registry(start_registry: Start, check: Check, gateways: Gateways) -> None:
    page = "default_type text/html; return 200 '<html>Welcome</html>';"
    gateway = gateways.nginx(start_registry().port, location=page)
    assert "answers with a web page" in message(check(url=gateway.url), "api")


def test_challenge_that_is_dropped(start_registry: Start, check: Check, gateways: Gateways) -> None:
    gateway = gateways.haproxy(
        start_registry(login=True).port, rules=["http-response del-header WWW-Authenticate"]
    )
    told = message(check(url=gateway.url, username=USERNAME, password=PASSWORD), "api")
    assert "401 without WWW-Authenticate" in told


def test_gateway_that_keeps_all_until_it_has_all(
    start_registry: Start, check: Check, gateways: Gateways
) -> None:
    backend = start_registry().port
    buffering = "proxy_request_buffering on; proxy_buffering on; client_body_buffer_size 16k;"
    for gateway in (
        gateways.nginx(backend, location=buffering),
        gateways.haproxy(backend, defaults="option http-buffer-request"),
    ):
        result = check(url=gateway.url, round_trip=True, round_trip_size=24 * LIMIT)
        assert result["healthy"], result
        assert not result["changed"]


def test_login_that_accepts_anything(start_registry: Start, check: Check, gateways: Gateways) -> None:
    backend = start_registry(login=True).port
    rule = f'http-request set-header Authorization "{AUTHORIZATION}" if {{ req.hdr(authorization) -m found }}'
    gateway = gateways.haproxy(backend, rules=[rule])
    result = check(url=gateway.url, username=USERNAME, password=PASSWORD)
    assert statuses(result)["credentials"] == "ok"
    assert statuses(result)["anonymous_refused"] == "ok"
    assert statuses(result)["wrong_credentials_refused"] == "fail"
    trusting = check(url=gateway.url, username=USERNAME, password=PASSWORD, wrong_credentials=False)
    assert trusting["healthy"]
    assert statuses(trusting).get("wrong_credentials_refused", "skipped") == "skipped"


def test_gateway_that_logs_everybody_in(start_registry: Start, check: Check, gateways: Gateways) -> None:
    backend = start_registry(login=True).port
    gateway = gateways.nginx(backend, headers=["Host $http_host", f'Authorization "{AUTHORIZATION}"'])
    result = check(url=gateway.url, username=USERNAME, password=PASSWORD)
    assert statuses(result)["anonymous_refused"] == "fail"
    assert "adds the credentials by itself" in message(result, "anonymous_refused")


def test_a_rate_limit_is_waited_out(start_registry: Start, check: Check, gateways: Gateways) -> None:
    rules = [
        "stick-table type ip size 1k expire 10s store http_req_rate(1s)",
        "http-request track-sc0 src",
        "http-request return status 429 hdr Retry-After 1 if { sc_http_req_rate(0) gt 6 }",
    ]
    gateway = gateways.haproxy(start_registry().port, rules=rules)
    result = check(url=gateway.url, round_trip=True, timeout=60)
    assert result["healthy"], result


def test_a_rate_limit_at_the_first_request(start_registry: Start, check: Check, gateways: Gateways) -> None:
    rules = [
        "stick-table type ip size 1k expire 10s store http_req_rate(1s)",
        "http-request track-sc0 src",
        "http-request return status 429 hdr Retry-After 2 if { sc_http_req_rate(0) gt 6 }",
    ]
    gateway = gateways.haproxy(start_registry(login=True).port, rules=rules)
    assert [ask(gateway.port, "GET", "/v2/").status for _request in range(9)][-1] == 429
    result = check(url=gateway.url, username=USERNAME, password=PASSWORD, timeout=60)
    assert result["healthy"], result


def test_a_rate_limit_that_does_not_end(check: Check, gateways: Gateways) -> None:
    server = 'add_header Retry-After 1 always; return 429 "slow down";'
    gateway = gateways.nginx(free_port(), server=server)
    result = check(url=gateway.url, timeout=3)
    assert statuses(result)["api"] == "fail"
    assert "HTTP 429: the registry limits the rate of requests" in message(result, "api")


@pytest.mark.parametrize(("date", "status"), [("Mon, 03 Feb 2020 10:00:00 GMT", "warn"), (None, "ok")])
def test_clock_of_the_server(
    start_registry: Start, check: Check, gateways: Gateways, date: str | None, status: str
) -> None:
    rules = [] if date is None else [f'http-response set-header Date "{date}"']
    result = check(url=gateways.haproxy(start_registry().port, rules=rules).url)
    assert result["healthy"]
    assert statuses(result)["clock"] == status
