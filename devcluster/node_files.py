# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration files inside the node, as texts. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from devcluster.addresses import Addresses
from devcluster.folders import Folders

NODE_NAME = "embedded"
CLUSTER_DOMAIN = "cluster.local"
DEPOT_PORT = 5001
EGRESS_PORT = 3128
CERTS_DIRECTORY = "/etc/containerd/certs.d"
VOLUMES_DIRECTORY = "/opt/local-path-provisioner"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
HELPER_IMAGE = "docker.io/library/busybox:1.36"
# Docker Hub's API answers under another name than its references carry.
UPSTREAM_SERVERS = {"docker.io": "registry-1.docker.io"}


@dataclass(frozen=True)
class Kernel:
    """What the machine gives the node: may a process lower its OOM score (CAP_SYS_RESOURCE)?"""

    may_lower_oom_score: bool


def files(
    folders: Folders, addresses: Addresses, kernel: Kernel, upstreams: Iterable[str], resolver: str
) -> dict[str, str]:
    """Path in the node -> content."""
    config = folders.state / "config"
    texts = {
        "/etc/resolv.conf": f"nameserver {resolver}\nsearch {CLUSTER_DOMAIN}\n",
        "/etc/cni/net.d/10-bridge.conflist": json.dumps(_cni(addresses), indent=1),
        f"{config}/containerd.toml": _containerd(folders, kernel),
        f"{config}/kubelet.json": json.dumps(_kubelet(folders, addresses, kernel), indent=1),
        f"{config}/kube-proxy.json": json.dumps(_kube_proxy(config, addresses), indent=1),
        f"{config}/depot.yml": _depot(folders, addresses),
        f"{config}/Corefile": _corefile(config, resolver),
        f"{config}/local-path.json": json.dumps(_local_path(), indent=1),
        f"{config}/helper-pod.json": json.dumps(_helper_pod(), indent=1),
    }
    for upstream in upstreams:
        texts[f"{CERTS_DIRECTORY}/{upstream}/hosts.toml"] = _mirror(upstream, addresses)
    return texts


def _cni(addresses: Addresses) -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni",
            "ranges": [[{"subnet": str(addresses.pods)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "1.0.0", "name": "bridge", "plugins": [bridge, portmap]}


def _containerd(folders: Folders, kernel: Kernel) -> str:
    # Without CAP_SYS_RESOURCE no process may lower its OOM score, and every sandbox would fail.
    restrict = "false" if kernel.may_lower_oom_score else "true"
    return f"""version = 3
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = {restrict}

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{folders.binaries}/cni"]
conf_dir = "/etc/cni/net.d"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE_IMAGE}"

[plugins."io.containerd.cri.v1.images".registry]
config_path = "{CERTS_DIRECTORY}"
"""


def _kubelet(folders: Folders, addresses: Addresses, kernel: Kernel) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{folders.pki}/authority.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{folders.pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{folders.pki}/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup_name(folders)}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": -999 if kernel.may_lower_oom_score else 0,
        "clusterDNS": [str(addresses.dns_service)],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": "/etc/resolv.conf",
        "registerWithTaints": [],
        # The node's disk is the machine's: a developer's full disk must not evict the cluster at once.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 98,
        "imageGCLowThresholdPercent": 97,
        "maxPods": 200,
    }


def cgroup_name(folders: Folders) -> str:
    """The cgroup under which all of this cluster's pods are."""
    return f"clusterdepot-{folders.identity}"


def _kube_proxy(config: Path, addresses: Addresses) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{config}/kube-proxy.kubeconfig"},
        "hostnameOverride": NODE_NAME,
        "clusterCIDR": str(addresses.pods),
        # These sysctls belong to the machine, not to the node's network namespace.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
        "nftables": {"syncPeriod": "30s", "minSyncPeriod": "100ms"},
    }


def _depot(folders: Folders, addresses: Addresses) -> str:
    configuration = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": f"{folders.data}/depot"}},
        "http": {"addr": f"{addresses.node}:{DEPOT_PORT}"},
    }
    return json.dumps(configuration, indent=1)


def _corefile(config: Path, resolver: str) -> str:
    # Two zones: in one, the template would answer before the cluster is asked.
    return f"""{CLUSTER_DOMAIN}:53 in-addr.arpa:53 ip6.arpa:53 {{
    bind {resolver}
    errors
    ready 127.0.0.1:8181
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        kubeconfig {config}/admin.kubeconfig
    }}
    loadbalance
}}

.:53 {{
    bind {resolver}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def _local_path() -> dict[str, object]:
    # The provisioner accepts paths by node name; the default entry serves the only node.
    return {"nodePathMap": [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [VOLUMES_DIRECTORY]}]}


def _helper_pod() -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "helper-pod"},
        "spec": {
            "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "helper-pod", "image": HELPER_IMAGE}],
        },
    }


def _mirror(upstream: str, addresses: Addresses) -> str:
    """The depot first, under the upstream's name; then the upstream itself, where it can be reached."""
    return f"""server = "https://{UPSTREAM_SERVERS.get(upstream, upstream)}"

[host."http://{addresses.node}:{DEPOT_PORT}/v2/{upstream}"]
capabilities = ["pull", "resolve"]
override_path = true
"""
