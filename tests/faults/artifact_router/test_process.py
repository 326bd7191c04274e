# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy as a process: its log, its metrics, its end, and what many routes cost."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    RenderError,
    render,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import Request, resolve
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from tests.faults.artifact_router.conftest import StartProxy
from tests.faults.artifact_router.proxy import Connection, check, options_for, running, write

HOST = (("Host", "artifacts.example"),)
KOPS = Route("kops", Target("https", "kops.example"), Conditions((PathMatch(PathKind.PREFIX, "/kops"),)))
TEAM = Route(
    "team", Target("https", "team.example"), Conditions(headers=(HeaderMatch("x-team", ("a",)),)), code=307
)
LAST = Route("last", Target("https", "last.example"))
ROUTES = [KOPS, TEAM, LAST]


def get(target: str, *headers: tuple[str, str], host: str = "artifacts.example") -> bytes:
    lines = [f"{name}: {value}" for name, value in (("Host", host), *headers)]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def test_the_same_request_always_has_the_same_location(start_proxy: StartProxy) -> None:
    # Two routes fit, and the old router took one of the two by chance.
    proxy, options = start_proxy(ROUTES, RouterSettings())
    request = Request("GET", "/kops/1.29?x=y", (*HOST, ("X-Team", "a")))
    locations = {proxy.ask(options, request).location for _ in range(1000)}
    assert locations == {"https://kops.example/kops/1.29?x=y"}


def test_the_access_log_is_json_and_tells_no_query(start_proxy: StartProxy) -> None:
    proxy, options = start_proxy(ROUTES, RouterSettings())
    connection = proxy.connection(options)
    agent = 'a"b\\c]\t{é}\x80%[src]'
    connection.ask(get('/kops/"\\|{}?token=secret', ("User-Agent", agent)))
    connection.ask(get("/kops/'a\"b?token=secret", ("User-Agent", agent)))
    connection.ask(get("/_/healthz"))
    connection.ask(get("/_/healthz?token=secret"))
    connection.ask(get("/x?token=secret", host='h"\\'))
    connection.ask(b"GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n")
    end = time.monotonic() + 5
    while len(proxy.log_lines()) < 4 and time.monotonic() < end:
        time.sleep(0.02)
    lines = [json.loads(line) for line in proxy.log_lines()]
    assert [(line["code"], line["path"], line["route"]) for line in lines] == [
        (400, '/kops/"\\|{}', "-"),
        (302, "/kops/'a\"b", "kops"),
        (302, "/x", "last"),
        (400, "-", "-"),
    ]
    assert lines[0]["method"] == "GET"
    assert lines[0]["client"] == "127.0.0.1"
    assert lines[1]["user_agent"].startswith('a"b\\c]\t{')
    assert lines[2]["host"] == 'h"\\'
    assert lines[0]["time"].startswith("20")
    assert "secret" not in proxy.log.read_text("latin-1")


def test_the_log_names_the_client_behind_a_trusted_proxy(start_proxy: StartProxy) -> None:
    settings = RouterSettings(trusted_proxies=(ip_network("127.0.0.2/32"),))
    proxy, options = start_proxy(ROUTES, settings)
    told = ("X-Forwarded-For", "192.0.2.7")
    proxy.connection(options, "127.0.0.2").ask(get("/trusted", told))
    proxy.connection(options, "127.0.0.3").ask(get("/untrusted", told))
    # Refused before proxies are asked.
    proxy.connection(options, "127.0.0.3").ask(get("/%00", told))
    end = time.monotonic() + 5
    while len(proxy.log_lines()) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    clients = {line["path"]: line["client"] for line in map(json.loads, proxy.log_lines())}
    assert clients == {"/trusted": "192.0.2.7", "/untrusted": "127.0.0.3", "/%00": "127.0.0.3"}


def test_a_quote_does_not_hide_the_client(start_proxy: StartProxy) -> None:
    # HAProxy by itself would take the whole line for one entry, and the client for its proxy.
    inside = Conditions(source_ranges=(ip_network("127.0.0.0/8"),))
    routes = [Route("inside", Target("https", "inside.example"), inside), LAST]
    settings = RouterSettings(trusted_proxies=(ip_network("127.0.0.2/32"),), route_header="x-route")
    proxy, options = start_proxy(routes, settings)
    connection = proxy.connection(options, "127.0.0.2")
    for line in ('"a, 192.0.2.7', '", 192.0.2.7', 'a"b", "c, 192.0.2.7', "2002:7f00:1::", "::127.0.0.1"):
        assert connection.ask(get("/", ("X-Forwarded-For", line))).headers["x-route"] == "last", line
    assert connection.ask(get("/", ("X-Forwarded-For", "::ffff:127.0.0.9"))).headers["x-route"] == "inside"


def test_metrics_have_a_port_of_their_own(start_proxy: StartProxy) -> None:
    proxy, options = start_proxy(ROUTES, RouterSettings())
    metrics = Connection(options.address, options.metrics_port)
    proxy.connection(options).ask(get("/kops"))
    metrics_line = b"GET /metrics HTTP/1.0\r\n\r\n"
    assert metrics.ask(get("/kops")).code == 404
    metrics.close()
    assert proxy.connection(options).ask(get("/metrics")).location == "https://last.example/metrics"
    text = metrics.ask_to_the_end(metrics_line)
    assert b'haproxy_frontend_http_responses_total{proxy="artifacts",code="3xx"} 2' in text


@pytest.mark.parametrize("target", ["/v2/a/manifests/b", "/v2"])
def test_a_registrys_client_gets_errors_it_understands(start_proxy: StartProxy, target: str) -> None:
    proxy, options = start_proxy([KOPS], RouterSettings(oci=True))
    connection = proxy.connection(options)
    refused = connection.ask(get(target).replace(b"GET", b"PUT"))
    assert refused.code == 405
    assert refused.headers["content-type"] == "application/json"
    assert json.loads(refused.body)["errors"][0]["code"] == "UNSUPPORTED"
    root = connection.ask(get("/v2/"))
    assert (root.code, root.body) == (200, b"{}")
    assert root.headers["docker-distribution-api-version"] == "registry/2.0"
    missing = connection.ask(get("/v2/a/manifests/b"))
    assert (missing.code, json.loads(missing.body)["errors"][0]["code"]) == (404, "NAME_UNKNOWN")
    assert connection.ask(get("/other")).body == b"no route answers\n"


@pytest.mark.parametrize("length", [1000, 8000, 12000])
def test_a_long_path_is_kept_whole(start_proxy: StartProxy, length: int) -> None:
    prefix = "/p" * 499
    strips = dataclasses.replace(KOPS, strip_prefix=True, target=Target("https", "t.example", prefix))
    proxy, options = start_proxy([strips], RouterSettings())
    request = Request("GET", "/kops/" + "a/" * (length // 2) + "?q", HOST)
    assert proxy.ask(options, request).location == resolve(request, [strips], RouterSettings()).location


def test_a_request_too_long_is_refused_and_the_next_one_is_answered(start_proxy: StartProxy) -> None:
    prefix = "/p" * 499
    routes = [dataclasses.replace(KOPS, target=Target("https", "kops.example", prefix))]
    proxy, options = start_proxy(routes, RouterSettings())
    codes = []
    for length in (*range(11000, 13000, 50), 40000):
        response = proxy.ask(options, Request("GET", f"/kops/{'a' * length}", HOST))
        codes.append(response.code)
        if response.code == 302:
            assert response.location == f"https://kops.example{prefix}/kops/{'a' * length}"
    assert set(codes) == {302, 400}
    assert proxy.ask(options, Request("GET", "/kops", HOST)).code == 302


def test_a_proxy_told_to_end_answers_what_is_under_way(start_proxy: StartProxy) -> None:
    proxy, options = start_proxy(ROUTES, RouterSettings())
    answered: list[int] = []
    lost: list[str] = []
    ends = threading.Event()

    def load(number: int) -> None:
        connection = Connection(options.address, options.http_port)
        while not ends.is_set():
            is_new = not connection.is_open
            try:
                response = connection.ask(get(f"/kops/{number}"))
            except OSError as error:
                # Nobody listens any more: another pod would have taken this connection.
                if not is_new or not isinstance(error, ConnectionRefusedError):
                    lost.append(repr(error))
                return
            if response.code != 302:
                lost.append(f"code {response.code}")
            answered.append(number)
            time.sleep(0.001)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    before = len(answered)
    proxy.drain()
    proxy.process.wait(timeout=20)
    ends.set()
    for thread in threads:
        thread.join()
    assert lost == []
    assert before > 100
    assert len(answered) >= before + 16


def is_refused_soon(address: str, port: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.01)
    return False


def test_an_idle_connection_gets_one_more_answer_from_a_proxy_told_to_end(start_proxy: StartProxy) -> None:
    proxy, options = start_proxy(ROUTES, RouterSettings())
    connections = [Connection(options.address, options.http_port) for _ in range(50)]
    for connection in connections:
        connection.ask(get("/kops"))
    proxy.drain()
    assert is_refused_soon(options.address, options.http_port)
    answers = [connection.ask(get("/kops")) for connection in connections]
    assert {(answer.code, answer.headers["connection"]) for answer in answers} == {(302, "close")}
    assert proxy.process.wait(timeout=10) == 0


def test_both_versions_of_ip_are_a_valid_configuration(tmp_path: Path) -> None:
    options = dataclasses.replace(options_for(tmp_path), address="*", bind_ipv6=True)
    settings = RouterSettings(trusted_proxies=(ip_network("::/0"), ip_network("10.0.0.0/8")), oci=True)
    file = write(render(ROUTES, settings, options), tmp_path)
    assert check([file]) == ""
    assert f"bind :::{options.http_port} v6only" in file.read_text()


def many(number: int) -> list[Route]:
    routes = [
        Route(
            f"t{each}",
            Target("https", f"bucket-{each}.s3.example"),
            Conditions((PathMatch(PathKind.PREFIX, f"/team-{each}/files"),)),
        )
        for each in range(number)
    ]
    return [*routes, LAST]


def test_ten_thousand_routes_are_answered_and_stay_small(tmp_path: Path) -> None:
    options = options_for(tmp_path)
    file = write(render(many(10_000), RouterSettings(), options), tmp_path)
    assert check([file]) == ""
    with running([file], options, tmp_path / "log") as proxy:
        answer = proxy.ask(options, Request("GET", "/team-9999/files/a", HOST))
        status = Path(f"/proc/{proxy.process.pid}/status").read_text()
    kibibytes = int(status.partition("VmRSS:")[2].split()[0])
    assert answer.location == "https://bucket-9999.s3.example/team-9999/files/a"
    assert kibibytes < 64 * 1024


def test_routes_that_no_configmap_holds_are_refused() -> None:
    with pytest.raises(RenderError, match=r"20001 routes has [0-9]+ octets; at most 1000000 "):
        render(many(20_000), RouterSettings())
