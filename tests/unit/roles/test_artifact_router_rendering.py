# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The router and what leads to it, as provision renders them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.roles.rendering import ROUTER_CASES, Rendered

NAME = "artifact-router"
GOOD = sorted(ROUTER_CASES.keys() - {"router_bad"})


def _pods(rendered: Rendered) -> dict[str, Any]:
    pods: dict[str, Any] = rendered.one("Deployment", NAME)["spec"]["template"]["spec"]
    return pods


def test_without_routes_there_is_no_router(rendered: Mapping[str, Rendered]) -> None:
    for case in ("boreas", "credentials", "cache"):
        assert rendered[case].router_enabled is False
        assert NAME not in {item["metadata"]["name"] for item in rendered[case].objects}


@pytest.mark.parametrize("case", GOOD)
def test_routes_bring_the_router_into_the_plane(rendered: Mapping[str, Rendered], case: str) -> None:
    assert rendered[case].faults == []
    assert rendered[case].router_enabled is True
    labels = rendered[case].one("Namespace", NAME)["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {
        "restricted"
    }


@pytest.mark.parametrize("case", GOOD)
def test_pods_are_confined_and_check_their_configuration(rendered: Mapping[str, Rendered], case: str) -> None:
    pods = _pods(rendered[case])
    assert pods["automountServiceAccountToken"] is False
    assert pods["securityContext"]["runAsNonRoot"] is True
    assert pods["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (check,), (proxy,) = pods["initContainers"], pods["containers"]
    for container in (check, proxy):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["image"] == "docker.io/library/haproxy:3.2-alpine"
        assert container["volumeMounts"] == proxy["volumeMounts"]
    assert check["command"] == ["haproxy", "-c", "-f", proxy["command"][-1]]


def test_pods_mount_the_configuration_that_comes_with_them(rendered: Mapping[str, Rendered]) -> None:
    router = rendered["router"]
    (volume,) = _pods(router)["volumes"]
    configuration = router.one("ConfigMap", volume["configMap"]["name"])
    assert configuration["immutable"] is True
    assert "https://kubeupv2.s3.amazonaws.com" in configuration["data"]["prefix.map"]
    routes = router.one("ConfigMap", f"{NAME}-routes")
    assert '"name": "kops"' in routes["data"]["routes.json"]
    assert "immutable" not in routes


def test_nothing_is_lost_while_pods_change(rendered: Mapping[str, Rendered]) -> None:
    deployment = rendered["router"].one("Deployment", NAME)["spec"]
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": "25%"}
    pods = _pods(rendered["router"])
    (proxy,) = pods["containers"]
    assert proxy["lifecycle"]["preStop"]["exec"]["command"][2] == "sleep 5; kill -USR1 1; sleep 30"
    assert pods["terminationGracePeriodSeconds"] == 35
    assert rendered["router"].one("PodDisruptionBudget", NAME)["spec"]["maxUnavailable"] == 1


def test_only_requests_get_in_and_nothing_out(rendered: Mapping[str, Rendered]) -> None:
    policy = rendered["router"].one("NetworkPolicy", NAME)["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]
    assert "egress" not in policy
    watched = rendered["router_exposed"].one("NetworkPolicy", NAME)["spec"]["ingress"]
    assert watched[1]["ports"] == [{"port": 8404, "protocol": "TCP"}]
    assert watched[1]["from"]


def test_ingress_node_port_and_autoscaling(rendered: Mapping[str, Rendered]) -> None:
    exposed = rendered["router_exposed"]
    assert exposed.one("Namespace", NAME)["metadata"]["labels"]["cert-manager-tls"] == "sync"
    ingress = exposed.one("Ingress")["spec"]
    assert ingress["tls"] == [{"hosts": ["artifacts.example.org"], "secretName": "letsencrypt-prod"}]
    assert ingress["rules"][0]["http"]["paths"][0]["pathType"] == "Prefix"
    service = exposed.one("Service", NAME)["spec"]
    assert (service["type"], service["ports"][0]["nodePort"]) == ("NodePort", 30080)
    scaler = exposed.one("HorizontalPodAutoscaler")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 10)
    # The autoscaler decides, so no run takes it back.
    assert "replicas" not in exposed.one("Deployment", NAME)["spec"]
    assert rendered["router"].one("Deployment", NAME)["spec"]["replicas"] == 2


def test_pods_keep_away_from_each_other(rendered: Mapping[str, Rendered]) -> None:
    constraints: dict[str, Any] = {
        case: _pods(rendered[case]).get("topologySpreadConstraints") for case in GOOD
    }
    assert constraints["router"][0]["whenUnsatisfiable"] == "ScheduleAnyway"
    assert constraints["router_exposed"][0]["whenUnsatisfiable"] == "DoNotSchedule"
    assert constraints["router_behind_a_gateway"] is None
    selector = rendered["router"].one("Deployment", NAME)["spec"]["selector"]["matchLabels"]
    assert constraints["router"][0]["labelSelector"]["matchLabels"] == selector


def test_gateway_and_monitor(rendered: Mapping[str, Rendered]) -> None:
    behind = rendered["router_behind_a_gateway"]
    route = behind.one("HTTPRoute")["spec"]
    assert route["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert route["hostnames"] == ["artifacts.example.org"]
    assert route["rules"] == [{"backendRefs": [{"name": NAME, "port": 8080}]}]
    assert behind.one("PodMonitor")["spec"]["podMetricsEndpoints"] == [
        {"port": "metrics", "path": "/metrics"}
    ]
    assert [item for item in behind.kinds() if item == "NetworkPolicy"] == ["NetworkPolicy"]


def test_what_is_not_wanted_any_more_goes(rendered: Mapping[str, Rendered]) -> None:
    kinds = {case: {item["kind"] for item in rendered[case].absent} for case in GOOD}
    assert kinds["router"] == {"HorizontalPodAutoscaler", "Ingress", "HTTPRoute", "PodMonitor"}
    assert kinds["router_exposed"] == {"HTTPRoute", "PodMonitor"}
    assert kinds["router_behind_a_gateway"] == {"HorizontalPodAutoscaler", "Ingress", "NetworkPolicy"}


def test_removal_keeps_the_routes(rendered: Mapping[str, Rendered]) -> None:
    absent = rendered["router"].router_absent
    assert {item["kind"] for item in absent} >= {"Deployment", "Service", "Ingress", "ConfigMap"}
    assert "Namespace" not in {item["kind"] for item in absent}
    configmaps = [item["metadata"]["name"] for item in absent if item["kind"] == "ConfigMap"]
    assert configmaps == ["artifact-router-config-4d1f0c2a9b7e"]


def test_all_faults_are_told_at_once(rendered: Mapping[str, Rendered]) -> None:
    faults = "\n".join(rendered["router_bad"].faults)
    for words in (
        "artifact_router_routes[0]",
        "colour",
        "artifact_router_routes[1].host",
        "artifact_router_routes[1].conditions",
        "artifact_router_methods[1]",
        "artifact_router_trusted_proxies[0]",
        "artifact_router_http_port",
        "artifact_router_host",
        "artifact_router_namespace",
    ):
        assert words in faults
