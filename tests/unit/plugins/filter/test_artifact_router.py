# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.artifact_router import (
    FilterModule,
    artifact_router,
)

ROUTES = [{"name": "rest", "host": "registry.k8s.io"}]
PROXY = {"http_port": "8080", "metrics_port": 8404, "threads": 2, "access_log": True}


def _wish(**changes: Any) -> dict[str, Any]:
    wish = {
        "namespace": "artifacts",
        "name": "router",
        "routes": None,
        "backends": None,
        "legacy_match": "all",
        "allow_unreachable": False,
        "kept": None,
        "settings": {},
        "proxy": PROXY,
    }
    return {**wish, **changes}


def test_routes_become_two_configmaps() -> None:
    prepared = artifact_router(_wish(routes=ROUTES))
    assert prepared["faults"] == []
    names = [item["metadata"]["name"] for item in prepared["configmaps"]]
    assert names == ["router-routes", prepared["configuration"]]
    assert "bind *:8080" in prepared["configmaps"][1]["data"]["haproxy.cfg"]


def _kept(**changes: Any) -> dict[str, Any]:
    """The ConfigMap with the routes as the API server gives it."""
    made: dict[str, Any] = artifact_router(_wish(routes=ROUTES))["configmaps"][0]
    return {**made, "metadata": {**made["metadata"], "resourceVersion": "77"}, **changes}


def test_routes_that_are_there_stay_where_none_are_given() -> None:
    first = artifact_router(_wish(routes=ROUTES))
    # Before ansible-core 2.19, nothing is an empty string.
    for nothing in (None, ""):
        again = artifact_router(_wish(kept=_kept(), routes=nothing, backends=nothing))
        # They are not written: others may have changed them since they were read.
        assert again["configmaps"] == first["configmaps"][1:]
        assert again["configuration"] == first["configuration"]
    assert artifact_router(_wish())["configmaps"][0]["data"]["routes.json"] == "[]\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"oci": True}},
        {"kept": _kept(binaryData=None)},
        {
            "kept": _kept(
                metadata={"name": "router-routes", "namespace": "artifacts", "resourceVersion": "77"}
            )
        },
    ],
    ids=["settings", "a key that is not there", "labels"],
)
def test_routes_that_are_there_are_written_only_over_what_was_read(changes: dict[str, Any]) -> None:
    written = artifact_router(_wish(**{"kept": _kept(), **changes}))["configmaps"][0]
    assert written["metadata"]["resourceVersion"] == "77"
    assert '"registry.k8s.io"' in written["data"]["routes.json"]


def test_routes_that_are_given_are_written_whatever_is_there() -> None:
    written = artifact_router(_wish(routes=ROUTES))["configmaps"][0]
    assert "resourceVersion" not in written["metadata"]
    # The filter is not told what is there then, but would not heed it either.
    assert artifact_router(_wish(routes=ROUTES, kept=_kept()))["configmaps"][0] == written


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"data": {"routes.json": "{"}}, "routes.json: this is no JSON"),
        ({"data": {"routes.json": "[" * 100_000}}, "routes.json: this is no JSON"),
        ({"data": {}}, "routes.json: this is no JSON"),
        ({"binaryData": {"routes.json.gz": "bm90IGd6aXA="}}, "this is not packed by gzip"),
    ],
)
def test_routes_that_are_there_and_broken_are_a_fault(part: dict[str, Any], message: str) -> None:
    prepared = artifact_router(_wish(kept=_kept(**part)))
    (fault,) = prepared["faults"]
    assert fault.startswith("artifact_router_routes: ConfigMap artifacts/router-routes, ")
    assert message in fault
    assert prepared["configmaps"] == []


def test_text_is_no_flag() -> None:
    prepared = artifact_router(_wish(routes=ROUTES, proxy={"access_log": "false", "bind_ipv6": "no"}))
    assert prepared["faults"] == [
        "artifact_router_access_log: 'false' is not a boolean; allowed: true, false",
        "artifact_router_ipv6: 'no' is not a boolean; allowed: true, false",
    ]


def test_an_empty_list_takes_them_away() -> None:
    kept = artifact_router(_wish(routes=ROUTES))["configmaps"][0]
    emptied = artifact_router(_wish(kept=kept, routes=[]))
    assert emptied["configmaps"][0]["data"]["routes.json"] == "[]\n"


def test_faults_name_the_variables() -> None:
    prepared = artifact_router(_wish(routes=[{"name": "a"}], settings={"methods": ["A B"]}))
    assert prepared["configmaps"] == []
    assert any(fault.startswith("artifact_router_methods[0]: ") for fault in prepared["faults"])
    assert any(fault.startswith("artifact_router_routes[0]") for fault in prepared["faults"])


def test_what_fits_into_no_configmap_is_a_fault() -> None:
    routes = [
        {
            "name": f"r{number}",
            "host": "target.example.org",
            "conditions": {"paths": f"/{number}/{'x' * 500}"},
        }
        for number in range(2000)
    ]
    prepared = artifact_router(_wish(routes=routes))
    (fault,) = prepared["faults"]
    assert "2000 routes" in fault
    assert prepared["configmaps"] == []


def test_it_takes_a_mapping_only() -> None:
    with pytest.raises(AnsibleFilterError, match="list"):
        artifact_router([])


def test_it_is_offered_to_ansible() -> None:
    assert FilterModule().filters() == {"artifact_router": artifact_router}


def test_a_route_that_can_never_answer_is_told_with_the_variable_that_lets_it_pass() -> None:
    narrow = {"name": "narrow", "conditions": {"paths": ["/a"]}, "host": "a.example"}
    (fault,) = artifact_router(_wish(routes=[narrow, {**narrow, "name": "again"}]))["faults"]
    assert fault.startswith("artifact_router_routes: the route again can never answer")
    assert fault.endswith("; artifact_router_allow_unreachable lets it pass")
