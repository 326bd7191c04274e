# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's processes: their command lines, what each waits for, and how it shows it is ready. Pure."""

from __future__ import annotations

import sys
from pathlib import Path

from devcluster.addresses import Addresses
from devcluster.folders import Folders
from devcluster.node_files import (
    CONTAINERD_SOCKET,
    EGRESS_PORT,
    HELPER_IMAGE,
    NODE_NAME,
)
from devcluster.plan import Component, Probe

ETCD = "http://127.0.0.1:2379"
API_PORT = 6443
STORAGE_NAMESPACE = "local-path-storage"
LOAD_BALANCER_NAMESPACE = "metallb-system"
INGRESS_CLASS = "contour"
INGRESS_NAMESPACE = "projectcontour"
ENVOY_BOOTSTRAP = "envoy.json"
XDS_PORT = 18001
CONTOUR_PORT = 18000
ENVOY_PORT = 18002


def components(folders: Folders, addresses: Addresses) -> tuple[Component, ...]:
    """All components in an order in which each comes after what it needs."""
    return (
        *_control_plane(folders, addresses),
        *_node(folders, addresses),
        *_add_ons(folders),
        *_ingress(folders, addresses),
    )


def _control_plane(folders: Folders, addresses: Addresses) -> tuple[Component, ...]:
    return (
        _etcd(folders),
        _api_server(folders, addresses),
        _controller_manager(folders, addresses),
        Component(
            "kube-scheduler",
            (
                _binary(folders, "kube-scheduler"),
                *_flags(
                    kubeconfig=_kubeconfig(folders, "kube-scheduler"),
                    bind_address="127.0.0.1",
                    leader_elect="false",
                    **_serving(folders),
                ),
            ),
            Probe("http", "https://127.0.0.1:10259/healthz"),
            ("kube-apiserver",),
        ),
    )


def _etcd(folders: Folders) -> Component:
    return Component(
        "etcd",
        (
            _binary(folders, "etcd"),
            f"--data-dir={folders.data}/etcd",
            f"--listen-client-urls={ETCD}",
            f"--advertise-client-urls={ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--log-level=warn",
            # A development cluster outlives a killed process, not a machine without power.
            "--unsafe-no-fsync",
        ),
        Probe("http", f"{ETCD}/health"),
    )


def _api_server(folders: Folders, addresses: Addresses) -> Component:
    pki = folders.pki
    return Component(
        "kube-apiserver",
        (
            _binary(folders, "kube-apiserver"),
            *_flags(
                etcd_servers=ETCD,
                advertise_address=addresses.node,
                secure_port=API_PORT,
                allow_privileged="true",
                authorization_mode="Node,RBAC",
                enable_admission_plugins="NodeRestriction",
                client_ca_file=f"{pki}/authority.crt",
                tls_cert_file=f"{pki}/kube-apiserver.crt",
                tls_private_key_file=f"{pki}/kube-apiserver.key",
                kubelet_certificate_authority=f"{pki}/authority.crt",
                kubelet_client_certificate=f"{pki}/admin.crt",
                kubelet_client_key=f"{pki}/admin.key",
                kubelet_preferred_address_types="InternalIP",
                service_account_issuer="https://kubernetes.default.svc",
                service_account_key_file=f"{pki}/service-account.crt",
                service_account_signing_key_file=f"{pki}/service-account.key",
                service_cluster_ip_range=addresses.services,
                requestheader_client_ca_file=f"{pki}/authority.crt",
                requestheader_allowed_names="front-proxy",
                requestheader_username_headers="X-Remote-User",
                requestheader_group_headers="X-Remote-Group",
                requestheader_extra_headers_prefix="X-Remote-Extra-",
                proxy_client_cert_file=f"{pki}/front-proxy.crt",
                proxy_client_key_file=f"{pki}/front-proxy.key",
            ),
        ),
        Probe("http", f"https://127.0.0.1:{API_PORT}/readyz"),
        ("etcd",),
    )


def _controller_manager(folders: Folders, addresses: Addresses) -> Component:
    pki = folders.pki
    return Component(
        "kube-controller-manager",
        (
            _binary(folders, "kube-controller-manager"),
            *_flags(
                kubeconfig=_kubeconfig(folders, "kube-controller-manager"),
                bind_address="127.0.0.1",
                leader_elect="false",
                use_service_account_credentials="true",
                service_account_private_key_file=f"{pki}/service-account.key",
                root_ca_file=f"{pki}/authority.crt",
                cluster_signing_cert_file=f"{pki}/authority.crt",
                cluster_signing_key_file=f"{pki}/authority.key",
                allocate_node_cidrs="true",
                cluster_cidr=addresses.pods,
                node_cidr_mask_size=addresses.pods.prefixlen,
                service_cluster_ip_range=addresses.services,
                kube_api_qps=200,
                kube_api_burst=400,
                **_serving(folders),
            ),
        ),
        Probe("http", "https://127.0.0.1:10257/healthz"),
        ("kube-apiserver",),
    )


def _node(folders: Folders, addresses: Addresses) -> tuple[Component, ...]:
    config = folders.state / "config"
    return (
        Component(
            "containerd",
            (_binary(folders, "containerd"), "--config", f"{config}/containerd.toml", "--log-level", "warn"),
            Probe("socket", CONTAINERD_SOCKET),
            environment=_egress(folders, addresses),
        ),
        Component(
            "depot",
            (_binary(folders, "registry"), "serve", f"{config}/depot.yml"),
            Probe("http", f"http://{addresses.node}:5001/v2/"),
            environment={"OTEL_TRACES_EXPORTER": "none"},
        ),
        _step(folders, "images", "depot"),
        Component(
            "kubelet",
            (
                _binary(folders, "kubelet"),
                *_flags(
                    config=f"{config}/kubelet.json",
                    kubeconfig=_kubeconfig(folders, "kubelet"),
                    hostname_override=NODE_NAME,
                    node_ip=addresses.node,
                    root_dir="/var/lib/kubelet",
                    node_labels="node-type=worker",
                ),
            ),
            Probe("http", "http://127.0.0.1:10248/healthz"),
            ("kube-apiserver", "containerd"),
        ),
        Component(
            "kube-proxy",
            (_binary(folders, "kube-proxy"), f"--config={config}/kube-proxy.json"),
            Probe("http", "http://127.0.0.1:10256/livez"),
            ("kube-apiserver",),
        ),
        _step(folders, "node-ready", "kubelet", "kube-proxy", "images"),
    )


def _add_ons(folders: Folders) -> tuple[Component, ...]:
    config = folders.state / "config"
    admin = _kubeconfig(folders, "admin")
    return (
        _step(folders, "objects", "kube-apiserver"),
        Component(
            "coredns",
            (_binary(folders, "coredns"), "-conf", f"{config}/Corefile"),
            Probe("http", "http://127.0.0.1:8181/ready"),
            ("objects",),
        ),
        Component(
            "cert-manager",
            (
                _binary(folders, "cert-manager-controller"),
                *_flags(
                    kubeconfig=admin,
                    leader_elect="false",
                    cluster_resource_namespace="cert-manager",
                    metrics_listen_address="127.0.0.1:9402",
                    kube_api_qps=100,
                    kube_api_burst=200,
                ),
            ),
            Probe("http", "http://127.0.0.1:9402/metrics"),
            ("objects",),
        ),
        Component(
            "metallb",
            (
                _binary(folders, "metallb-controller"),
                *_flags(
                    kubeconfig=admin,
                    namespace=LOAD_BALANCER_NAMESPACE,
                    webhook_mode="disabled",
                    log_level="warn",
                ),
            ),
            Probe("http", "http://127.0.0.1:7472/metrics"),
            ("objects",),
        ),
        Component(
            "local-path-provisioner",
            (
                _binary(folders, "local-path-provisioner"),
                "start",
                *_flags(
                    kubeconfig=admin,
                    config=f"{config}/local-path.json",
                    provisioner_name="rancher.io/local-path",
                    namespace=STORAGE_NAMESPACE,
                    service_account_name="default",
                    helper_image=HELPER_IMAGE,
                    helper_pod_file=f"{config}/helper-pod.json",
                ),
            ),
            Probe("running"),
            ("objects",),
        ),
    )


def _ingress(folders: Folders, addresses: Addresses) -> tuple[Component, ...]:
    """Contour and Envoy; nothing else waits for them. Envoy listens for clients once an Ingress is there."""
    node = addresses.node
    return (
        _step(folders, "ingress", "kube-apiserver"),
        Component(
            "contour",
            (
                _binary(folders, "contour"),
                "serve",
                "--insecure",
                "--disable-leader-election",
                *_flags(
                    kubeconfig=_kubeconfig(folders, "admin"),
                    ingress_class_name=INGRESS_CLASS,
                    ingress_status_address=node,
                    disable_feature="extensionservices",
                    envoy_service_http_address=node,
                    envoy_service_http_port=80,
                    envoy_service_https_address=node,
                    envoy_service_https_port=443,
                    xds_address="127.0.0.1",
                    xds_port=XDS_PORT,
                    stats_address="127.0.0.1",
                    stats_port=ENVOY_PORT,
                    http_address="127.0.0.1",
                    http_port=CONTOUR_PORT,
                    health_address="127.0.0.1",
                    health_port=CONTOUR_PORT,
                    debug_http_address="127.0.0.1",
                    debug_http_port=CONTOUR_PORT + 3,
                ),
            ),
            Probe("http", f"http://127.0.0.1:{CONTOUR_PORT}/healthz"),
            ("ingress",),
        ),
        Component(
            "envoy",
            (
                str(Path(sys.executable).with_name("envoy")),
                "--config-path",
                f"{folders.state}/config/{ENVOY_BOOTSTRAP}",
                "--service-cluster",
                INGRESS_NAMESPACE,
                "--service-node",
                NODE_NAME,
                "--log-level",
                "warn",
                "--concurrency",
                "1",
                "--disable-hot-restart",
            ),
            # This listener is one that Contour tells of: Envoy has reached it.
            Probe("http", f"http://127.0.0.1:{ENVOY_PORT}/ready"),
            ("ingress",),
        ),
    )


def _step(folders: Folders, name: str, *needs: str) -> Component:
    """A piece of set-up that is done by this package inside the node, once in a start."""
    command = (sys.executable, "-m", f"devcluster.steps.{name.replace('-', '_')}", str(folders.state))
    return Component(name, command, Probe("exit"), needs)


def _binary(folders: Folders, name: str) -> str:
    return str(folders.binaries / name)


def _kubeconfig(folders: Folders, user: str) -> str:
    return str(folders.state / "config" / f"{user}.kubeconfig")


def _serving(folders: Folders) -> dict[str, object]:
    return {
        "tls_cert_file": f"{folders.pki}/loopback.crt",
        "tls_private_key_file": f"{folders.pki}/loopback.key",
    }


def _egress(folders: Folders, addresses: Addresses) -> dict[str, str]:
    """Containerd alone may leave the node, by a proxy on the machine: for what the depot has not."""
    proxy = f"http://{addresses.machine}:{EGRESS_PORT}"
    # Names below .test are nobody's (RFC 6761); tests give them to what is in the cluster.
    inside = f"127.0.0.1,localhost,{addresses.block},.svc,.cluster.local,.test"
    path = f"{folders.binaries}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"HTTPS_PROXY": proxy, "NO_PROXY": inside, "PATH": path}


def _flags(**values: object) -> tuple[str, ...]:
    """etcd_servers="x" -> --etcd-servers=x."""
    return tuple(f"--{name.replace('_', '-')}={value}" for name, value in values.items())
