# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who in the cluster: the certificates and kubeconfig files of its parts."""

from __future__ import annotations

from pathlib import Path

from devcluster.addresses import Addresses
from devcluster.certificates import Subject, authority, issue
from devcluster.components import API_PORT
from devcluster.folders import Folders
from devcluster.kubeconfig import kubeconfig
from devcluster.node_files import CLUSTER_DOMAIN, NODE_NAME

CLIENTS = {
    "admin": Subject("admin", "system:masters"),
    "kube-controller-manager": Subject("system:kube-controller-manager"),
    "kube-scheduler": Subject("system:kube-scheduler"),
    "kube-proxy": Subject("system:kube-proxy"),
    "front-proxy": Subject("front-proxy"),
    "service-account": Subject("service-accounts"),
    "loopback": Subject("loopback", dns_names=("localhost",), addresses=("127.0.0.1",)),
}
KUBECONFIGS = ("admin", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet")


def create(folders: Folders, addresses: Addresses) -> None:
    """Certificates that are not there yet, and all kubeconfig files, readable by their owner only."""
    pki = folders.pki
    pki.mkdir(parents=True, exist_ok=True)
    pki.chmod(0o700)
    root = authority(pki, "authority")
    authority(pki, "issuer")
    for file, subject in (CLIENTS | _servers(addresses)).items():
        issue(pki, file, subject, root)
    config = folders.state / "config"
    config.mkdir(exist_ok=True)
    server = f"https://{addresses.node}:{API_PORT}"
    for user in KUBECONFIGS:
        _write(config / f"{user}.kubeconfig", kubeconfig(pki, user, server))
    _write(folders.kubeconfig, kubeconfig(pki, "admin", server))


def _servers(addresses: Addresses) -> dict[str, Subject]:
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    return {
        "kube-apiserver": Subject(
            "kube-apiserver",
            dns_names=("localhost", *service, f"kubernetes.default.svc.{CLUSTER_DOMAIN}"),
            addresses=("127.0.0.1", str(addresses.node), str(addresses.api_service)),
        ),
        "kubelet": Subject(
            f"system:node:{NODE_NAME}",
            "system:nodes",
            dns_names=(NODE_NAME,),
            addresses=(str(addresses.node),),
        ),
    }


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
