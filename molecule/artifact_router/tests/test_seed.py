# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of an artifactserver: foretold, answered the same each time, by pods that may do nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.outside.artifact_router import ArtifactRouter
from tests.outside.kubectl import Kubectl
from tests.outside.load import reply
from tests.outside.playbook import ROOT, Run

BACKENDS = ROOT / "inventory/examples/artifactserver/group_vars/controllers" / "artifactserver-config.yaml"
DISTRIBUTION = "10.244.1.23"
KOPS = "https://kubeupv2.s3.amazonaws.com"
HUB = "https://registry-1.docker.io"
GCR = "https://k8s.gcr.io"
LABELS = {"cert-manager-tls": "sync"}
REPEATS = 1000


def provide(router: ArtifactRouter, *arguments: str) -> Run:
    """Run the role with the file as it is."""
    known = (f"--extra-vars=@{BACKENDS}", f"--extra-vars=humacs_pod_ip={DISTRIBUTION}")
    return router.run(*known, *arguments, backends="{{ backends }}")


@pytest.fixture(scope="module")
def router(place: ArtifactRouter, proxies: list[str]) -> ArtifactRouter:
    """Not there before these tests."""
    found = place.with_variables(trusted_proxies=proxies, namespace_labels=LABELS)
    gone = found.remove(purge_routes=True)
    assert gone.code == 0, gone.output
    return found


def test_check_mode_foretells_all_and_writes_nothing(kubectl: Kubectl, router: ArtifactRouter) -> None:
    assert provide(router, "--check").changed > 0
    assert kubectl("get", "namespace", router.namespace, "--ignore-not-found") == ""


def test_it_comes_up_once_and_then_stays_as_it_is(router: ArtifactRouter) -> None:
    first = provide(router)
    assert first.changed > 0
    # The old server let chance decide between these two.
    assert "backends.kops and backends.local-distribution can both match" in " ".join(first.output.split())
    before = router.versions()
    assert provide(router).changed == 0
    assert provide(router, "--check").changed == 0
    assert router.versions() == before


@pytest.mark.parametrize(
    ("target", "address", "location", "route"),
    [
        ("/kops/1.30/linux/amd64/kops", "", f"{KOPS}/kops/1.30/linux/amd64/kops", "kops"),
        ("/kops/x?a=1&b=%2F", DISTRIBUTION, f"{KOPS}/kops/x?a=1&b=%2F", "kops"),
        ("/v2/busybox/manifests/1", DISTRIBUTION, f"{HUB}/v2/busybox/manifests/1", "local-distribution"),
        ("/v2/busybox/manifests/1", "10.244.1.24", f"{GCR}/v2/busybox/manifests/1", "k8s.gcr.io"),
        ("/kopsy", "", f"{GCR}/kopsy", "k8s.gcr.io"),
        ("/", "", f"{GCR}/", "k8s.gcr.io"),
    ],
)  # fmt: skip
def test_each_of_the_three_backends_answers(
    router: ArtifactRouter, target: str, address: str, location: str, route: str
) -> None:
    headers = {"X-Real-Ip": address} if address else {}
    answer = router.server.ask(target, headers)
    assert (answer.code, answer.location, answer.headers["x-route"]) == (302, location, route)


def test_a_thousand_same_requests_get_one_location(router: ArtifactRouter) -> None:
    # All three backends could have answered this one.
    headers = {"X-Real-Ip": DISTRIBUTION}
    server = router.server
    connection = server.connect()
    told = {reply(connection, "/kops/", headers).location for _ in range(REPEATS // 2)}
    told |= {server.ask("/kops/", headers).location for _ in range(REPEATS // 2)}
    connection.close()
    assert told == {f"{KOPS}/kops/"}


def test_the_module_that_only_tells_says_what_the_router_does(
    router: ArtifactRouter, facts: dict[str, Any]
) -> None:
    requests: list[dict[str, Any]] = [
        {"path": "/kops/1.30/kops?x=1"},
        {"path": "/kops"},
        {"path": "/kopsy"},
        {"path": "/kops/", "headers": {"X-Real-Ip": DISTRIBUTION}},
        {"path": "/v2/", "headers": {"X-Real-Ip": DISTRIBUTION}},
        {"path": "/v2/", "headers": {"x-real-ip": f"{DISTRIBUTION}0"}},
        {"path": "/a//b/%2f?", "method": "HEAD"},
        {"path": "/kops/../secret"},
        {"path": "/kops/%2E%2e/secret"},
        {"path": "/kops/%00"},
        {"path": "/kops/", "method": "POST"},
        {"path": "/_/healthz"},
        {"path": "/_/metrics"},
    ]
    # The node's proxy stands between this machine and the pods.
    for request in requests:
        request["client"] = facts["node_address"]
    server = router.server
    answers = router.info(requests=requests)["answers"]
    for request, told in zip(requests, answers, strict=True):
        asked = request["path"], request.get("headers", {}), request.get("method", "GET")
        real = server.ask(*asked)
        shown = (real.code, real.location, real.headers.get("x-route", ""))
        assert shown == (told["code"], told["location"], told["route"]), request


def test_pods_may_nothing(kubectl: Kubectl, router: ArtifactRouter) -> None:
    labels = kubectl.get("namespace", router.namespace)["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {
        "restricted"
    }
    assert labels["cert-manager-tls"] == "sync"
    pods = router.pods()
    assert len(pods) == 1
    for pod in pods.values():
        name = pod["metadata"]["name"]
        # What is there, beside what is said.
        ids = kubectl("exec", "-n", router.namespace, name, "--", "id", "-u").strip()
        assert ids == str(pod["spec"]["securityContext"]["runAsUser"]) != "0"
        for path in ("/written", "/tmp/written", "/usr/local/etc/haproxy/written"):
            wrote = kubectl("exec", "-n", router.namespace, name, "--", "touch", path, check=False)
            left = kubectl("exec", "-n", router.namespace, name, "--", "ls", path, check=False)
            assert (wrote, left) == ("", "")
        token = kubectl("exec", "-n", router.namespace, name, "--", "ls", "/var/run/secrets", check=False)
        assert token == ""
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert [volume["name"] for volume in pod["spec"]["volumes"]] == ["configuration"]
        for container in (*pod["spec"]["containers"], *pod["spec"]["initContainers"]):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_metrics_have_a_port_of_their_own_and_nothing_else(kubectl: Kubectl, router: ArtifactRouter) -> None:
    ports = router.get("service", router.name)["spec"]["ports"]
    assert [(port["port"], port["targetPort"]) for port in ports] == [(8080, "http")]
    pod = next(iter(router.pods().values()))["metadata"]["name"]
    asked = ("exec", "-n", router.namespace, pod, "--", "wget", "-q", "-S", "-O", "-")
    metrics = kubectl(*asked, "http://127.0.0.1:8404/metrics")
    assert "haproxy_frontend_http_requests_total" in metrics
    for path in ("/", "/kops/", "/metrics/", "/_/healthz"):
        assert kubectl(*asked, f"http://127.0.0.1:8404{path}", check=False) == ""
    # The port for requests has no metrics: the default route answers there.
    assert router.server.ask("/metrics").location == f"{GCR}/metrics"


def test_a_request_is_logged_without_its_query(kubectl: Kubectl, router: ArtifactRouter) -> None:
    router.server.ask("/kops/logged?signature=of-the-query", {"User-Agent": 'a "quoted" one'})
    logs = "".join(
        kubectl("logs", "-n", router.namespace, pod["metadata"]["name"]) for pod in router.pods().values()
    )
    assert "of-the-query" not in logs
    # What HAProxy says of itself when it starts is no JSON.
    requests = [json.loads(line) for line in logs.splitlines() if line.startswith("{")]
    lines = [request for request in requests if request["path"] == "/kops/logged"]
    assert [(line["code"], line["route"], line["user_agent"]) for line in lines] == [
        (302, "kops", 'a "quoted" one')
    ]
