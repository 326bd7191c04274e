# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory has to know of the embedded cluster."""

from __future__ import annotations

from itertools import islice

from devcluster.components import INGRESS_CLASS, INGRESS_NAMESPACE
from devcluster.node_files import CERTS_DIRECTORY, CLUSTER_DOMAIN, NODE_NAME
from devcluster.settings import Settings
from devcluster.steps.ingress import INGRESS_SERVICE
from devcluster.steps.objects import ISSUER_NAME, POOL_NAME, STORAGE_CLASS

POOL_ADDRESSES = 20


def facts(settings: Settings) -> dict[str, object]:
    """Plain data for JSON: paths, names, and the first addresses of the load balancer's pool."""
    addresses = settings.addresses
    return {
        "kubeconfig": str(settings.folders.kubeconfig),
        "node_name": NODE_NAME,
        "node_address": str(addresses.node),
        "cluster_domain": CLUSTER_DOMAIN,
        "service_network": str(addresses.services),
        "pod_network": str(addresses.pods),
        "dns_service": str(addresses.dns_service),
        "pool_name": POOL_NAME,
        "pool_addresses": [str(address) for address in islice(addresses.pool.hosts(), POOL_ADDRESSES)],
        "issuer_name": ISSUER_NAME,
        "storage_class": STORAGE_CLASS,
        "ingress_class": INGRESS_CLASS,
        "ingress_service": f"{INGRESS_NAMESPACE}/{INGRESS_SERVICE}",
        "containerd_certs_directory": CERTS_DIRECTORY,
        "logs": str(settings.folders.logs),
    }
