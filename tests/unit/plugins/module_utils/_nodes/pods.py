# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions, storages and settings for the tests of pods, and what their pods have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import Toleration
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    Configuration,
    action_configuration,
    server_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.daemonset import (
    action_daemonset,
    server_daemonset,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import Selection
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import PodSettings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import read_pod_files
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    Storage,
    read_storage,
)

FILES = read_pod_files()
SCRIPT = "#!/bin/bash\nset -e\nwget http://localhost:$PKG_SERVE_RUN_PORT/pkg/tool/v2\n"
VARIABLE = "a value of the user"
ACTION = Action(
    name="install-tool",
    script=SCRIPT,
    arguments=("install", "account1"),
    packages=("tool/v2",),
    variables=(("TOKEN", VARIABLE),),
)
PLAIN_ACTION = Action(name="plain", script="true\n", arguments=("plain", ""))
SETTINGS = PodSettings(
    namespace="package-server",
    port=23456,
    rclone_image="docker.io/rclone/rclone:1.75",
    haproxy_image="docker.io/library/haproxy:2.6",
    action_image="docker.io/library/busybox:1.36",
    selection=Selection((("pool", "work"),), (Toleration("dedicated", "Equal", "work", "NoSchedule"),)),
    image_pull_secrets=("pull",),
    priority_class="system-node-critical",
    service_account="packages",
    catalogue="[tool.v2]\npath = 'tool.deb'\n",
)
PLAIN_SETTINGS = PodSettings("package-server", 20000, "rclone", "haproxy", "busybox")
RAW_STORAGES: Mapping[str, Mapping[str, Any]] = {
    "azureblob": {
        "type": "azureblob",
        "account": "account1",
        "secret": "azure",
        "ca_secret": "certificates",
        "endpoint": "http://azurite.example.org:10000/account1",
    },
    "s3": {"type": "s3", "bucket": "bucket", "prefix": "packages", "secret": "s3", "region": "eu-west-1"},
    "gcs": {"type": "gcs", "bucket": "bucket", "secret": "gcs"},
    "http": {"type": "http", "url": "https://files.example.org/packages", "secret": "http"},
    "local": {"type": "local", "path": "/srv/packages"},
    "identity": {"type": "azureblob", "account": "account1", "identity": "workload"},
}


def storage_of(raw: Mapping[str, Any]) -> Storage:
    """A storage without faults."""
    storage, faults = read_storage(raw)
    assert not faults
    assert storage is not None
    return storage


STORAGES = {name: storage_of(raw) for name, raw in RAW_STORAGES.items()}


def configured(
    action: Action = ACTION, storage: Storage | None = None, settings: PodSettings = SETTINGS
) -> Configuration:
    """What the pods of an action are given."""
    return action_configuration(action, storage, settings, FILES)


def job_of(
    action: Action = ACTION, storage: Storage | None = None, settings: PodSettings = SETTINGS, **options: Any
) -> dict[str, Any]:
    """A Job on the node node-1."""
    configuration = configured(action, storage, settings)
    return make_job(action, storage, settings, configuration, "node-1", "uid-1", **options)


def daemonset_of(
    action: Action = ACTION, storage: Storage | None = None, settings: PodSettings = SETTINGS, **options: Any
) -> dict[str, Any]:
    """An action's DaemonSet."""
    return action_daemonset(action, storage, settings, configured(action, storage, settings), **options)


def server_of(storage: Storage, settings: PodSettings = SETTINGS) -> dict[str, Any]:
    """The DaemonSet of a package server."""
    configuration = server_configuration("packages", storage, settings, FILES)
    return server_daemonset("packages", storage, settings, configuration)


def pod_of(workload: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of a workload's pods."""
    found: dict[str, Any] = workload["spec"]["template"]["spec"]
    return found


def containers_of(workload: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """All containers by name, in the order in which they are started."""
    pod = pod_of(workload)
    return {one["name"]: one for one in [*pod.get("initContainers", []), *pod["containers"]]}


def workloads() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every workload with every storage."""
    yield "job", job_of()
    yield "daemonset", daemonset_of()
    yield "plain job", job_of(PLAIN_ACTION, None, PLAIN_SETTINGS)
    yield "plain daemonset", daemonset_of(PLAIN_ACTION, None, PLAIN_SETTINGS)
    for name, storage in STORAGES.items():
        yield f"job of {name}", job_of(ACTION, storage)
        yield f"daemonset of {name}", daemonset_of(ACTION, storage)
        yield f"server of {name}", server_of(storage)
        yield f"plain job of {name}", job_of(PLAIN_ACTION, storage, PLAIN_SETTINGS)


WORKLOADS = dict(workloads())
