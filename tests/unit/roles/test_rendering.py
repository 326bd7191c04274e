# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry, its certificate, claim and service, and the trust of the nodes, as provision renders them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import bcrypt
import pytest

from tests.unit.roles.rendering import ROOT, Rendered


def _container(rendered: Rendered) -> dict[str, Any]:
    (container,) = rendered.one("Deployment")["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def test_example_has_the_values_of_the_first_playbooks(rendered: Mapping[str, Rendered]) -> None:
    boreas = rendered["boreas"]
    assert boreas.faults == []
    claim = boreas.one("PersistentVolumeClaim")
    assert (claim["metadata"]["namespace"], claim["metadata"]["name"]) == (
        "docker-registry",
        "docker-registry-pvc",
    )
    assert claim["spec"]["storageClassName"] == "longhorn"
    assert claim["spec"]["resources"]["requests"]["storage"] == "5Gi"
    service = boreas.one("Service")
    assert service["metadata"]["name"] == "docker-registry-service"
    assert service["spec"]["loadBalancerIP"] == "172.17.1.62"
    assert service["metadata"]["annotations"] == {
        "metallb.io/address-pool": "default-pool",
        "metallb.universe.tf/address-pool": "default-pool",
    }
    pod = boreas.one("Deployment")["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"node-type": "worker"}
    assert pod["containers"][0]["image"] == "docker.io/library/registry:3"
    certificate = boreas.one("Certificate")
    assert certificate["metadata"]["name"] == "docker-registry-certificate"
    assert certificate["spec"]["secretName"] == "docker-registry-secret"
    assert certificate["spec"]["issuerRef"] == {
        "name": "cert-manager-issuer",
        "kind": "ClusterIssuer",
        "group": "cert-manager.io",
    }


def test_address_is_an_ip_in_the_certificate_and_names_are_those_of_services(
    rendered: Mapping[str, Rendered],
) -> None:
    spec = rendered["boreas"].one("Certificate")["spec"]
    assert spec["ipAddresses"] == ["172.17.1.62"]
    assert spec["dnsNames"] == [
        "docker-registry-service.docker-registry.svc.cluster.local",
        "docker-registry-service.docker-registry.svc",
        "*.docker-registry.svc.cluster.local",
        "*.docker-registry.svc",
    ]
    assert spec["commonName"] == spec["dnsNames"][0]


def test_names_too_long_for_a_common_name_leave_it_out(rendered: Mapping[str, Rendered]) -> None:
    spec = rendered["ipv6_cluster_ip"].one("Certificate")["spec"]
    assert "commonName" not in spec
    assert spec["ipAddresses"] == ["fd00::5"]


def test_service_selects_the_pods_and_their_port(rendered: Mapping[str, Rendered]) -> None:
    for case in ("boreas", "node_port"):
        pod = rendered[case].one("Deployment")["spec"]["template"]
        service = rendered[case].one("Service")["spec"]
        assert service["selector"].items() <= pod["metadata"]["labels"].items()
        assert service["ports"][0]["targetPort"] in [
            port["name"] for port in _container(rendered[case])["ports"]
        ]


def test_pods_meet_the_restricted_standard(rendered: Mapping[str, Rendered]) -> None:
    boreas = rendered["boreas"]
    namespace = boreas.one("Namespace", "docker-registry")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pod = boreas.one("Deployment")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert _container(boreas)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_debug_port_is_open_to_nobody_but_those_named(rendered: Mapping[str, Rendered]) -> None:
    (rule,) = rendered["boreas"].one("NetworkPolicy")["spec"]["ingress"]
    assert rule == {"ports": [{"port": 5000, "protocol": "TCP"}]}
    rules = rendered["object_storage"].one("NetworkPolicy")["spec"]["ingress"]
    assert [rule["ports"][0]["port"] for rule in rules if "from" in rule] == [5001]
    assert len(rules) == 2


def test_probes_look_at_the_storage(rendered: Mapping[str, Rendered]) -> None:
    container = _container(rendered["boreas"])
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/debug/health", "port": "debug"}
    assert rendered["boreas"].registry_config()["health"]["storagedriver"]["enabled"] is True


def test_claim_of_one_node_stops_the_old_pod_first_and_object_storage_does_not(
    rendered: Mapping[str, Rendered],
) -> None:
    assert rendered["boreas"].one("Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    replicated = rendered["object_storage"]
    assert replicated.one("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert "PersistentVolumeClaim" not in replicated.kinds()
    config = replicated.registry_config()
    assert config["storage"]["s3"] == {"bucket": "images", "region": "eu"}
    assert "cache" not in config["storage"]
    assert "filesystem" not in config["storage"]


def test_extra_config_is_merged_over_the_roles_own(rendered: Mapping[str, Rendered]) -> None:
    config = rendered["object_storage"].registry_config()
    assert config["log"] == {"level": "debug", "formatter": "json"}
    assert config["storage"]["redirect"] == {"disable": True}
    assert config["storage"]["delete"] == {"enabled": True}


def _rollout_on(rendered: Rendered) -> set[str]:
    annotations = rendered.one("Deployment")["metadata"]["annotations"]
    return set(annotations["artifacts.clusterdepot.io/rollout-on"].split(","))


def test_all_that_is_read_at_start_rolls_out(rendered: Mapping[str, Rendered]) -> None:
    always = {
        "secret/docker-registry-secret",
        "configmap/docker-registry-config",
        "secret/docker-registry-http",
    }
    assert _rollout_on(rendered["boreas"]) == always
    assert _rollout_on(rendered["credentials"]) == always | {"secret/docker-registry-credentials"}
    assert _rollout_on(rendered["given_htpasswd"]) == always | {"secret/mine"}
    assert _rollout_on(rendered["object_storage"]) == always | {"secret/keys"}
    assert _rollout_on(rendered["proxy"]) == always | {"secret/upstream"}


def test_generated_credentials_belong_together(rendered: Mapping[str, Rendered]) -> None:
    secret = rendered["credentials"].one("Secret", "docker-registry-credentials")
    assert secret["metadata"]["annotations"]["artifacts.clusterdepot.io/create-only"] == "true"
    data = {key: b64decode(value).decode() for key, value in secret["data"].items()}
    assert data["username"] == "alice"
    assert len(data["password"]) == 32
    name, _, hashed = data["htpasswd"].strip().partition(":")
    assert name == "alice"
    assert bcrypt.checkpw(data["password"].encode(), hashed.replace("$2y$", "$2b$", 1).encode())
    login = json.loads(data[".dockerconfigjson"])["auths"]["10.1.2.3:5000"]
    assert b64decode(login["auth"]).decode() == f"alice:{data['password']}"
    mounted = [
        volume["secret"]
        for volume in rendered["credentials"].one("Deployment")["spec"]["template"]["spec"]["volumes"]
        if volume["name"] == "htpasswd"
    ]
    assert mounted == [
        {"secretName": "docker-registry-credentials", "items": [{"key": "htpasswd", "path": "htpasswd"}]}
    ]


def test_given_htpasswd_generates_no_credentials(rendered: Mapping[str, Rendered]) -> None:
    names = {item["metadata"]["name"] for item in rendered["given_htpasswd"].objects}
    assert "docker-registry-credentials" not in names


def test_given_certificate_secret_asks_for_none_and_nodes_may_be_left_alone(
    rendered: Mapping[str, Rendered],
) -> None:
    kinds = rendered["own_secret"].kinds()
    assert "Certificate" not in kinds
    assert "DaemonSet" not in kinds
    assert kinds.count("Namespace") == 1


@pytest.mark.parametrize(
    ("case", "url", "service"),
    [
        ("boreas", "https://172.17.1.62:5000", {"loadBalancerIP": "172.17.1.62", "type": "LoadBalancer"}),
        ("node_port", "https://10.0.0.7:30500", {"type": "NodePort"}),
        ("ipv6_cluster_ip", "https://[fd00::5]:5000", {"clusterIP": "fd00::5", "type": "ClusterIP"}),
        (
            "proxy",
            "https://registry.example.com:5000",
            {"loadBalancerIP": "10.1.2.3", "type": "LoadBalancer"},
        ),
    ],
)
def test_exposure_and_how_clients_reach_it(
    rendered: Mapping[str, Rendered], case: str, url: str, service: dict[str, str]
) -> None:
    assert rendered[case].health_url == url
    spec = rendered[case].one("Service")["spec"]
    assert {key: spec[key] for key in ("type", "loadBalancerIP", "clusterIP") if key in spec} == service
    assert spec["ports"][0].get("nodePort") == (30500 if case == "node_port" else None)
    assert rendered[case].trusted[0] == {"host": url.removeprefix("https://")}
    assert {entry["connect"] for entry in rendered[case].trusted[1:]} == {url.removeprefix("https://")}


def _writer(rendered: Rendered) -> dict[str, str]:
    (writer,) = rendered.one("DaemonSet")["spec"]["template"]["spec"]["initContainers"]
    assert writer["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert writer["securityContext"]["allowPrivilegeEscalation"] is False
    return {entry["name"]: entry["value"] for entry in writer["env"]}


def test_nodes_are_told_where_to_connect_to(rendered: Mapping[str, Rendered]) -> None:
    environment = _writer(rendered["boreas"])
    assert environment["HOSTS"] == (
        "172.17.1.62:5000 172.17.1.62:5000;"
        "docker-registry-service.docker-registry.svc.cluster.local:5000 172.17.1.62:5000;"
        "docker-registry-service.docker-registry.svc:5000 172.17.1.62:5000;"
    )
    assert _writer(rendered["node_port"])["FORMAT"] == "ca_only"
    ca = rendered["boreas"].one("ConfigMap", "node-trust-ca")
    assert ca["metadata"]["annotations"] == {
        "artifacts.clusterdepot.io/data-from": "ca.crt?=secret/docker-registry/docker-registry-secret#ca.crt"
    }
    script = rendered["boreas"].one("ConfigMap", "node-trust-script")["data"]["node_trust.sh"]
    assert script == (ROOT / "roles" / "node_trust" / "files" / "node_trust.sh").read_text(encoding="utf-8")


def test_container_that_stays_on_the_nodes_has_no_mount(rendered: Mapping[str, Rendered]) -> None:
    (stays,) = rendered["boreas"].one("DaemonSet")["spec"]["template"]["spec"]["containers"]
    assert "volumeMounts" not in stays
    assert stays["securityContext"]["runAsNonRoot"] is True


def test_removal_needs_no_host_and_no_ca(rendered: Mapping[str, Rendered]) -> None:
    removing = rendered["removal"]
    assert _writer(removing)["HOSTS"] == ""
    volumes = removing.one("DaemonSet")["spec"]["template"]["spec"]["volumes"]
    assert sorted(volume["name"] for volume in volumes) == ["certs", "script"]
    assert removing.one("DaemonSet")["metadata"]["annotations"] == {
        "artifacts.clusterdepot.io/rollout-on": "configmap/node-trust-script"
    }


def test_proxy_has_its_credentials_from_the_secret(rendered: Mapping[str, Rendered]) -> None:
    assert rendered["proxy"].registry_config()["proxy"] == {
        "remoteurl": "https://registry-1.docker.io",
        "ttl": "168h",
    }
    environment = {entry["name"]: entry for entry in _container(rendered["proxy"])["env"]}
    assert environment["REGISTRY_PROXY_PASSWORD"]["valueFrom"]["secretKeyRef"] == {
        "name": "upstream",
        "key": "password",
    }


def test_all_faults_are_told_at_once_each_once_and_without_secrets(rendered: Mapping[str, Rendered]) -> None:
    faults = rendered["bad"].faults
    assert [fault.split(";")[0] for fault in faults] == [
        "registry_service_ip is '172.17.1.620'",
        "registry_pvc_size is '5Gig'",
        "registry_replicas is 2",
        "registry_proxy_remote_url is 'https://…@docker.io'",
        "certificate_duration is '90 days'",
    ]


def test_namespace_that_the_removal_deletes_is_never_that_of_the_images(
    rendered: Mapping[str, Rendered],
) -> None:
    (fault,) = rendered["shared_namespace"].faults
    assert fault.startswith("node_trust_namespace is 'docker-registry'; allowed: a namespace of its own")
