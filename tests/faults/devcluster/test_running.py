# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that is up: what it gives, what it keeps from the machine, and what it repairs by itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import tomllib
from pathlib import Path

import pytest

from devcluster.egress import CONNECT_SECONDS
from devcluster.node_files import CERTS_DIRECTORY, DEPOT_PORT, EGRESS_PORT
from devcluster.settings import Settings
from tests.faults.devcluster.embedded import KUBECTL, Cluster, wait_until

PLACES = ("/etc", "/usr", "/root", "/tmp", "/home", "/var/tmp")
MARKER = "written-by-a-pod"


def test_the_kubeconfig_and_the_facts_lead_to_the_cluster(running: Cluster) -> None:
    facts = json.loads(running.must("facts"))
    assert facts["kubeconfig"] == str(running.folders.kubeconfig)
    (node,) = json.loads(running.kubectl("get", "nodes", "-o", "json"))["items"]
    assert node["metadata"]["name"] == facts["node_name"]
    assert KUBECTL.is_file()
    ready = {entry["type"]: entry["status"] for entry in node["status"]["conditions"]}
    assert ready["Ready"] == "True"
    classes = json.loads(running.kubectl("get", "storageclasses", "-o", "json"))["items"]
    assert [entry["metadata"]["name"] for entry in classes] == [facts["storage_class"]]


def test_status_names_every_component_as_ready(running: Cluster) -> None:
    *lines, last = running.must("status").splitlines()
    assert len(lines) > 10
    assert {line.split()[1] for line in lines} == {"ready"}
    assert last == f"kubeconfig: {running.folders.kubeconfig}"


def test_what_a_privileged_pod_writes_on_the_node_never_reaches_the_machine(running: Cluster) -> None:
    script = "; ".join(f"echo x > {place}/{MARKER} && cat {place}/{MARKER}" for place in PLACES)
    output = running.run_pod("writer", "nsenter", "-t", "1", "-m", "--", "sh", "-c", script, privileged=True)
    assert output.split() == ["x"] * len(PLACES)
    assert running.inside(f"ls {' '.join(f'{place}/{MARKER}' for place in PLACES)}").split()
    assert [place for place in PLACES if Path(place, MARKER).exists()] == []


def test_settings_of_the_whole_machine_are_set_on_the_node_only(running: Cluster) -> None:
    setting = Path("/proc/sys/kernel/panic")
    before = setting.read_text()
    other = "7" if before.strip() != "7" else "8"
    try:
        assert running.inside(f"echo {other} > {setting}; cat {setting}") == other
        assert setting.read_text() == before
    finally:
        setting.write_text(before)


def test_the_node_has_its_own_name_and_no_way_out(running: Cluster) -> None:
    assert running.inside("hostname") == "embedded" != socket.gethostname()
    assert "unreachable default" in running.inside("ip route show type unreachable")


def test_a_component_that_was_killed_comes_back_and_works(running: Cluster) -> None:
    before = running.process_of("kube-scheduler")
    os.kill(before, signal.SIGKILL)
    wait_until("a new scheduler", lambda: running.process_of("kube-scheduler") not in {0, before})
    wait_until("all is ready", lambda: running.run("status").returncode == 0)
    assert running.run_pod("scheduled-anew", "echo", "here").strip() == "here"
    log = (running.folders.logs / "kube-scheduler.log").read_text()
    assert "devcluster: kube-scheduler ended, exit code -9" in log


def test_pods_find_services_by_name_and_the_machine_by_address(running: Cluster) -> None:
    answer = running.run_pod("resolver", "nslookup", "kubernetes.default.svc.cluster.local")
    facts = json.loads(running.must("facts"))
    service = running.kubectl("get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}")
    assert service in answer
    assert facts["dns_service"] in answer
    with socket.create_connection((service, 443), timeout=10):
        pass


def test_containerd_asks_the_depot_and_then_upstream_by_the_proxy(running: Cluster) -> None:
    settings = Settings.read(running.folders.state)
    assert settings is not None
    node, own = settings.addresses.node, settings.addresses.machine
    mirror = tomllib.loads(running.inside(f"cat {CERTS_DIRECTORY}/docker.io/hosts.toml"))
    assert mirror["server"] == "https://registry-1.docker.io"
    assert list(mirror["host"]) == [f"http://{node}:{DEPOT_PORT}/v2/docker.io"]
    environment = Path(f"/proc/{running.process_of('containerd')}/environ").read_text().split("\0")
    assert f"HTTPS_PROXY=http://{own}:{EGRESS_PORT}" in environment


def ask_egress(running: Cluster, target: str) -> str:
    """The status line that a process of the node gets for a CONNECT request."""
    settings = Settings.read(running.folders.state)
    assert settings is not None
    request = f"printf 'CONNECT {target} HTTP/1.1\\r\\n\\r\\n'"
    to_proxy = f"busybox nc -w {CONNECT_SECONDS:.0f} {settings.addresses.machine} {EGRESS_PORT}"
    return running.inside(f"{request} | {to_proxy}").splitlines()[0]


def test_no_process_of_the_node_reaches_the_machines_loopback(running: Cluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as private:
        port = private.getsockname()[1]
        assert ask_egress(running, f"127.0.0.1:{port}") == "HTTP/1.1 403 Forbidden"
        assert ask_egress(running, f"localhost:{port}") == "HTTP/1.1 403 Forbidden"


def test_up_restores_the_proxy_and_nothing_else(running: Cluster) -> None:
    first, before = running.first_process(), running.egress()
    os.kill(before, signal.SIGKILL)
    wait_until("the proxy is gone", lambda: running.egress() == 0)
    running.must("up")
    assert running.first_process() == first
    wait_until("the proxy is back", lambda: running.egress() not in {0, before})


def test_a_command_inside_the_node_gives_its_own_exit_code(running: Cluster) -> None:
    assert running.run("exec", "sh", "-c", "exit 7").returncode == 7
    assert running.run("exec", "--", "false").returncode == 1


@pytest.mark.parametrize("namespace", ["cert-manager", "metallb-system", "local-path-storage"])
def test_the_namespaces_of_the_add_ons_are_there(running: Cluster, namespace: str) -> None:
    assert running.kubectl("get", "namespace", namespace, "-o", "jsonpath={.status.phase}") == "Active"


def test_a_warm_cache_needs_no_go(running: Cluster) -> None:
    asked = running.folders.state.parent / "bin/asked"
    # Which servers it downloads from is asked, to keep their addresses free.
    assert set(asked.read_text().splitlines() if asked.exists() else []) <= {"env GOPROXY"}


def test_a_killed_node_is_seen_and_started_again(running: Cluster) -> None:
    """The last of this file: it is another cluster afterwards, with the same data."""
    first = running.first_process()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until("the node is gone", lambda: running.first_process() is None)
    assert running.run("status").returncode == 3
    assert "is up: export" in running.must("up")
    assert running.first_process() not in {None, first}
