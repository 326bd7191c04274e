# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A container that is root gives the folder away with all that is in it, so not every folder may be that."""

from __future__ import annotations

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.preparation import prepare
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.storage import storage_faults
from tests.unit.plugins.module_utils._trow.wishes import HOST, settings_of

_OF_THE_NODE = (
    "/etc /usr /bin /sbin /lib /lib64 /boot /dev /proc /sys /run /var /var/lib /var/lib/kubelet "
    "/var/lib/containerd /home /root /opt /tmp /etc/ //etc /etc//ssl /usr/local/trow /boot/efi /dev/shm "
    "/proc/1 /sys/fs /run/trow /var/run/trow /lib/modules /var//lib/ /var/lib/kubelet/pods /var/lib/etcd "
    "/var/lib/etcd/member /var/lib/containerd/trow"
)


@pytest.mark.parametrize("path", _OF_THE_NODE.split())
def test_folders_of_the_node_are_refused(path: str) -> None:
    (fault,) = prepare({"host": HOST, "hostpath_path": path}, "trow_")["faults"]
    assert fault.startswith("trow_hostpath_path: ")
    assert repr(path.rstrip("/")) in fault
    assert prepare({"host": HOST, "hostpath_path": path, "storage": "class"}, "trow_")["faults"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/data",
        "/data/",
        "/srv/trow",
        "/opt/trow",
        "/home/trow",
        "/mnt",
        "/var/lib/trow",
        "/etcetera",
        "/library",
        "/usr2",
    ],
)
def test_other_folders_are_taken(path: str) -> None:
    assert storage_faults(settings_of(hostpath_path=path).storage) == ()


def test_nodes_are_named_by_what_a_label_can_have() -> None:
    faults = storage_faults(settings_of(hostpath_nodes=["a" * 63, "a" * 64]).storage)
    assert [fault.where for fault in faults] == ["hostpath_nodes[1]"]
    assert "kubernetes.io/hostname" in faults[0].message
