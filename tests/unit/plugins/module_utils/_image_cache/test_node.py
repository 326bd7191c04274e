# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from a node's object."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Taint, read_node

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def raw_node() -> dict[str, Any]:
    return {
        "metadata": {"name": "n1", "labels": {"kubernetes.io/arch": "amd64", "pool": "a"}},
        "spec": {
            "unschedulable": True,
            "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}],
        },
        "status": {
            "allocatable": {"ephemeral-storage": "10Gi"},
            "conditions": [
                {"type": "MemoryPressure", "status": "False"},
                {"type": "Ready", "status": "True"},
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "kubeletVersion": "v1.36.1",
                "containerRuntimeVersion": "containerd://2.1.4",
            },
        },
    }


def test_a_node_as_the_api_server_gives_it() -> None:
    node = read_node(raw_node())
    assert (node.name, node.architecture, node.ready, node.unschedulable) == ("n1", "amd64", True, True)
    assert node.labels == {"kubernetes.io/arch": "amd64", "pool": "a"}
    assert node.taints == (Taint("node.kubernetes.io/unschedulable", "", "NoSchedule"),)
    assert node.allocatable_bytes == 10 * 1024**3
    assert (node.kubelet_version, node.runtime_version) == ("v1.36.1", "containerd://2.1.4")


def test_a_node_that_is_not_known_to_be_ready_is_not() -> None:
    raw = raw_node()
    raw["status"]["conditions"][1]["status"] = "Unknown"
    assert not read_node(raw).ready
    del raw["status"]["conditions"]
    assert not read_node(raw).ready


def test_plain_octets_and_storage_that_is_not_told() -> None:
    raw = raw_node()
    raw["status"]["allocatable"]["ephemeral-storage"] = "2543445568"
    assert read_node(raw).allocatable_bytes == 2543445568
    raw["status"]["allocatable"] = {}
    assert read_node(raw).allocatable_bytes == 0


def test_architecture_from_the_label_where_the_kubelet_has_not_told_it_yet() -> None:
    raw = raw_node()
    del raw["status"]["nodeInfo"]
    assert read_node(raw).architecture == "amd64"


def test_a_taint_is_written_as_kubectl_takes_it() -> None:
    assert str(Taint("gpu", "yes", "NoExecute")) == "gpu=yes:NoExecute"
    assert str(Taint("gpu", "", "NoSchedule")) == "gpu:NoSchedule"


@given(st.fixed_dictionaries({}, optional={"metadata": JSON, "spec": JSON, "status": JSON}))
def test_nothing_that_a_node_holds_raises(raw: dict[str, Any]) -> None:
    assert isinstance(read_node(raw).name, str)


@given(JSON, JSON, JSON, JSON, JSON)
def test_nothing_in_its_fields_raises(
    labels: Any, taints: Any, storage: Any, conditions: Any, info: Any
) -> None:
    node = read_node(
        {
            "metadata": {"name": "n", "labels": labels},
            "spec": {"taints": taints if isinstance(taints, list) else [taints, {"key": taints}]},
            "status": {
                "allocatable": {"ephemeral-storage": storage},
                "conditions": conditions,
                "nodeInfo": info,
            },
        }
    )
    assert node.name == "n"
    assert isinstance(node.allocatable_bytes, int)
