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


def test_routes_that_are_there_stay_where_none_are_given() -> None:
    kept = artifact_router(_wish(routes=ROUTES))["configmaps"][0]
    # Before ansible-core 2.19, nothing is an empty string.
    for nothing in (None, ""):
        again = artifact_router(_wish(kept=kept, routes=nothing, backends=nothing))
        assert again["configmaps"][0] == kept
    assert artifact_router(_wish())["configmaps"][0]["data"]["routes.json"] == "[]\n"


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
