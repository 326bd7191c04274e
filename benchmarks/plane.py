# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plane that benchmarks provision: in namespaces of its own, beside whatever the user has provisioned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.embedded import Embedded

REGISTRY_NAMESPACE = "benchmark-registry"
NODE_TRUST_NAMESPACE = "benchmark-node-trust"


@dataclass(frozen=True)
class Plane:
    """The collection's own playbooks with nothing set but what keeps this plane apart from others."""

    cluster: Embedded

    @property
    def variables(self) -> Mapping[str, object]:
        """Extra variables; the address is the last that the cluster's facts offer."""
        return {
            "registry_namespace": REGISTRY_NAMESPACE,
            "registry_service_ip": self.cluster.facts["pool_addresses"][-1],
            "node_trust_namespace": NODE_TRUST_NAMESPACE,
        }

    def provision(self) -> int:
        """Run provision as a user does, health check included; gives the number of changed tasks."""
        return self.cluster.playbook("clusterdepot.artifacts.provision", self.variables)

    def purge(self) -> None:
        """Take it all away, data included, also what kubectl applied under the same names."""
        purging = {**self.variables, "unprovision_purge_data": True}
        self.cluster.playbook("clusterdepot.artifacts.unprovision", purging)
        self.cluster.await_volumes_gone(REGISTRY_NAMESPACE)
