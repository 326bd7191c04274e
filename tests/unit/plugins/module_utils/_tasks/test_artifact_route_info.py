# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""artifact_route_info without a cluster: which route answers, and what is wrong with what it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route_info import (
    ARGUMENT_SPEC,
    run,
)

ROUTES = [
    {"name": "kops", "conditions": {"paths": ["/kops"]}, "host": "kubeupv2.s3.amazonaws.com"},
    {"name": "local", "conditions": {"headers": {"X-Real-Ip": "10.0.0.1"}}, "host": "registry.example.org"},
    {"name": "rest", "host": "registry.k8s.io"},
]
TRUSTING = {"trusted_proxies": ["10.1.0.0/16"]}
EXAMPLE = Path(__file__).parents[5] / "inventory/examples/artifactserver/group_vars/controllers"


class _Silence:
    def __call__(self, line: str) -> None:
        raise AssertionError(line)

    def update(self, line: str) -> None:
        raise AssertionError(line)


def _ask(**options: Any) -> dict[str, Any]:
    validation = ArgumentSpecValidator(ARGUMENT_SPEC).validate(options)
    assert validation.error_messages == []
    return run(validation.validated_parameters, check_mode=False, progress=_Silence())


def _refused(**options: Any) -> str:
    with pytest.raises(ArtifactsError) as caught:
        _ask(**options)
    assert caught.value.result.get("changed", False) is False
    return caught.value.message


def test_it_tells_route_code_location_and_why_others_do_not_answer() -> None:
    told = _ask(routes=ROUTES, settings=TRUSTING, requests=[{"path": "/v2/?n=1", "client": "10.1.2.3"}])
    (answer,) = told["answers"]
    assert (answer["code"], answer["location"], answer["route"]) == (
        302,
        "https://registry.k8s.io/v2/?n=1",
        "rest",
    )
    assert [miss["route"] for miss in answer["misses"]] == ["kops", "local"]
    assert "/kops" in answer["misses"][0]["reason"]
    assert told["table"] == ["GET /v2/?n=1 -> 302 https://registry.k8s.io/v2/?n=1 (route rest)"]


def test_a_header_counts_only_from_a_trusted_proxy() -> None:
    headers = {"X-Real-Ip": "10.0.0.1"}
    requests = [{"path": "/", "headers": headers, "client": client} for client in ("10.1.2.3", "192.0.2.1")]
    told = _ask(routes=ROUTES, settings=TRUSTING, requests=requests)
    assert [answer["route"] for answer in told["answers"]] == ["local", "rest"]


def test_what_no_route_answers_has_a_reason() -> None:
    requests = [{"path": "/x", "method": "POST"}, {"path": "/a/../b"}, {"path": "/_/healthz"}]
    told = _ask(routes=ROUTES[:1], requests=requests)
    assert [answer["code"] for answer in told["answers"]] == [405, 400, 200]
    assert all(answer["reason"] and not answer["route"] for answer in told["answers"])


def test_the_file_of_an_artifactserver_is_read_as_it_is(tmp_path: Path) -> None:
    text = (EXAMPLE / "artifactserver-config.yaml").read_text(encoding="utf-8")
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("{{ humacs_pod_ip }}", "10.0.0.1"), encoding="utf-8")
    told = _ask(file=str(path), settings=TRUSTING, requests=[{"path": "/kops/1.30/kops"}])
    assert told["answers"][0]["location"] == "https://kubeupv2.s3.amazonaws.com/kops/1.30/kops"
    assert [route["name"] for route in told["routes"]] == ["kops", "local-distribution", "k8s.gcr.io"]
    assert told["warnings"]


def test_settings_of_a_file_hold(tmp_path: Path) -> None:
    path = tmp_path / "routes.json"
    path.write_text('{"routes": [], "settings": {"oci": true}}', encoding="utf-8")
    told = _ask(file=str(path), requests=[{"path": "/v2/"}, {"path": "/v2/_catalog"}])
    assert [answer["code"] for answer in told["answers"]] == [200, 404]


def test_all_faults_are_told_at_once() -> None:
    message = _refused(
        routes=[{"name": "a", "host": "no host"}],
        settings={"methods": ["A B"], "colour": "red"},
        requests=[{"path": "x", "client": "somebody"}, {"path": "y"}],
    )
    for words in (
        "routes[0].host",
        "settings",
        "colour",
        "methods",
        "requests[0].client",
        "requests[1].path",
    ):
        assert words in message


@pytest.mark.parametrize(
    "text", ["[]", "routes: [", "a: 1", "{routes: [], backends: {}}", "\xff", "{routes: [], setings: {}}"]
)
def test_a_file_that_is_none_of_routes_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "routes.yml"
    path.write_bytes(text.encode("latin-1"))
    assert str(path) in _refused(file=str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "missing.yml" in _refused(file=str(tmp_path / "missing.yml"))


def test_two_origins_are_refused() -> None:
    assert "routes and backends" in _refused(routes=[], backends={})


def test_routes_become_httproutes_where_that_means_the_same() -> None:
    httproute = {"name": "artifacts", "namespace": "gateways", "parents": [{"name": "public"}]}
    told = _ask(routes=[ROUTES[0], ROUTES[2]], httproute=httproute)
    assert {item["kind"] for item in told["httproutes"]} == {"HTTPRoute"}
    oci = _refused(routes=ROUTES[:1], settings={"oci": True}, httproute=httproute)
    assert "oci" in oci


def test_a_key_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("backends:\n  kops: {host: a.example}\n  kops: {host: b.example}\n", encoding="utf-8")
    message = _refused(file=str(path))
    assert "kops is there twice" in message
    assert "line 2" in message
