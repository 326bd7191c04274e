# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all pods of node actions and package servers are told, and how their objects are found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import (
    ANNOTATION_PREFIX,
    Selection,
)

# Values of the label NAME_LABEL.
NODE_ACTION = "node-action"
PACKAGE_SERVER = "package-server"
NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
COMPONENT_LABEL = "app.kubernetes.io/component"
# Values of the label COMPONENT_LABEL.
RUN, CONFIGURATION = "run", "configuration"
# Of Jobs and pods: the node's name, which may be longer than a label; and what is run there.
NODE_ANNOTATION = f"{ANNOTATION_PREFIX}/node"
HASH_ANNOTATION = f"{ANNOTATION_PREFIX}/content-hash"
# Of Jobs: a hash of the pod. A Job with the right name and another one of these was made by other settings.
POD_ANNOTATION = f"{ANNOTATION_PREFIX}/pod-hash"

# Key of the ConfigMap that attempt_name names.
ATTEMPT_KEY = "attempt"

# Below what nodes hand out by themselves: NodePorts from 30000 on, and ephemeral ports from 32768 on.
_FIRST_PORT = 20000
_PORTS = 10000


@dataclass(frozen=True)
class PodSettings:
    """How the pods are run; times in seconds.

    :ivar port: of the node's loopback, where the package server listens
    :ivar rclone_image: has a POSIX shell, awk and the like, as that of Alpine Linux
    :ivar haproxy_image: has a POSIX shell and HAProxy 2.6 or later
    :ivar action_image: has a POSIX shell and what ``run_action.sh`` asks for
    :ivar image_pull_secrets: names of Secrets
    :ivar priority_class: empty: none
    :ivar service_account: empty: the namespace's own; its token is not mounted
    :ivar catalogue: the text of ``packages.toml``; empty: it is in the storage
    :ivar refresh: between two readings of the catalogue; 0: it is read once
    :ivar catalogue_limit: for the catalogue and the packages that are fetched first
    :ivar server_limit: until the package server answers
    :ivar lock_limit: until another run of the action has ended
    :ivar grace: between asking the script to end and killing it
    :ivar start_timeout: until the pod's containers are started
    :ivar nsenter: the command, or its path in the action's image
    """

    namespace: str
    port: int
    rclone_image: str
    haproxy_image: str
    action_image: str
    selection: Selection = field(default_factory=Selection)
    image_pull_secrets: tuple[str, ...] = ()
    priority_class: str = ""
    service_account: str = ""
    catalogue: str = ""
    refresh: int = 60
    catalogue_limit: int = 120
    server_limit: int = 60
    lock_limit: int = 300
    grace: int = 30
    start_timeout: int = 300
    nsenter: str = "nsenter"


def attempt_name(action: str) -> str:
    """The ConfigMap that tells pods which stay what the action's newest run calls itself."""
    return f"{action}-attempt"


def default_port(name: str) -> int:
    """The port of an action or a package server of this name: from 20000 to 29999."""
    return _FIRST_PORT + int(hashlib.sha256(name.encode()).hexdigest(), 16) % _PORTS


def selector_labels(kind: str, instance: str) -> dict[str, str]:
    """Labels that select the objects of one action or package server.

    :param kind: NODE_ACTION or PACKAGE_SERVER
    :param instance: name of the action or of the package server
    """
    return {NAME_LABEL: kind, INSTANCE_LABEL: instance}


def labels(kind: str, instance: str, component: str) -> dict[str, str]:
    """All labels of such an object; the component is RUN or CONFIGURATION."""
    return {
        **selector_labels(kind, instance),
        COMPONENT_LABEL: component,
        "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
        "app.kubernetes.io/part-of": "clusterdepot",
    }
