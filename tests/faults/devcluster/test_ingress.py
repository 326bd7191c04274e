# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded cluster's ingress controller: an Ingress with TLS is reached from the machine."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from devcluster.certificates import Subject, authority, issue
from tests.faults.devcluster.embedded import BUSYBOX, Cluster, wait_until

HOST = "registry.test"
NAME = "behind-ingress"
WORDS = "answered by the pod"
LABELS = {"app": NAME}


def backend() -> list[dict[str, Any]]:
    """A pod that answers one path with WORDS, and its service."""
    script = f"mkdir /tmp/www && echo '{WORDS}' > /tmp/www/words && exec httpd -f -p 8080 -h /tmp/www"
    container = {"name": "main", "image": BUSYBOX, "command": ["sh", "-c", script]}
    metadata = {"name": NAME, "labels": LABELS}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}
    spec = {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8080}]}
    return [pod, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}]


def ingress(name: str, host: str, class_name: str) -> dict[str, Any]:
    service = {"service": {"name": NAME, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": service}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name},
        "spec": {
            "ingressClassName": class_name,
            "rules": [{"host": host, "http": {"paths": [path]}}],
            "tls": [{"hosts": [host], "secretName": NAME}],
        },
    }


def secret(folder: Path) -> dict[str, Any]:
    """A certificate for two names, by an authority that lies in the folder."""
    issue(folder, "server", Subject(HOST, dns_names=(HOST, f"no.{HOST}")), authority(folder, "ca"))
    data = {
        f"tls.{end}": base64.b64encode((folder / f"server.{end}").read_bytes()).decode()
        for end in ("crt", "key")
    }
    metadata = {"name": NAME}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": metadata,
        "data": data,
    }


@pytest.fixture(scope="module")
def trust(running: Cluster, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What trusts the ingress of HOST, which is there, as is one of a class that nobody serves."""
    folder = tmp_path_factory.mktemp("pki")
    items = [*backend(), secret(folder), ingress(NAME, HOST, "contour"), ingress("no", f"no.{HOST}", "nginx")]
    running.kubectl(
        "apply", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    )
    running.kubectl("wait", f"pod/{NAME}", "--for=condition=Ready", "--timeout=60s")
    return ssl.create_default_context(cafile=str(folder / "ca.crt"))


def ask(address: str, host: str, trust: ssl.SSLContext) -> tuple[int, str]:
    """Status and body of the answer to a client that looks for the host at this address."""
    with socket.create_connection((address, 443), timeout=5) as plain:
        connection = http.client.HTTPSConnection(host)
        connection.sock = trust.wrap_socket(plain, server_hostname=host)
        connection.request("GET", "/words")
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()


def answers(address: str, trust: ssl.SSLContext) -> bool:
    try:
        return ask(address, HOST, trust) == (200, WORDS)
    except OSError:
        return False


def test_an_ingress_is_reached_at_the_node_by_its_certificate(
    running: Cluster, trust: ssl.SSLContext
) -> None:
    node = json.loads(running.must("facts"))["node_address"]
    wait_until("the ingress answers", lambda: answers(node, trust))
    shown = running.kubectl("get", "ingress", NAME, "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}")
    assert shown == node
    with pytest.raises(OSError, match=r"reset|EOF|certificate|closed"):
        ask(node, f"no.{HOST}", trust)


def test_the_service_of_the_ingress_controller_leads_there_too(
    running: Cluster, trust: ssl.SSLContext
) -> None:
    facts = json.loads(running.must("facts"))
    namespace, _, name = facts["ingress_service"].partition("/")
    where = ("--namespace", namespace, "service", name)
    address = running.kubectl("get", *where, "-o", "jsonpath={.spec.clusterIP}")
    wait_until("the service answers", lambda: answers(address, trust))
    # As an installer of a registry may want it; what starts the cluster anew does not take it back.
    running.kubectl("patch", *where, "--patch", json.dumps({"spec": {"type": "LoadBalancer"}}))
    path = "jsonpath={.status.loadBalancer.ingress[0].ip}"
    wait_until("an address", lambda: bool(running.kubectl("get", *where, "-o", path)))
    balanced = running.kubectl("get", *where, "-o", path)
    assert balanced in facts["pool_addresses"]
    wait_until("that address answers", lambda: answers(balanced, trust))


def test_the_controller_comes_back_when_it_was_killed(running: Cluster, trust: ssl.SSLContext) -> None:
    node = json.loads(running.must("facts"))["node_address"]
    running.inside("kill -9 $(busybox pidof envoy contour)")
    wait_until("all is ready", lambda: running.run("status").returncode == 0)
    wait_until("the ingress answers again", lambda: answers(node, trust))
    kept = running.kubectl("get", "-n", "projectcontour", "service", "envoy", "-o", "jsonpath={.spec.type}")
    assert kept == "LoadBalancer"
