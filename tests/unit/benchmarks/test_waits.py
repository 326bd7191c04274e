# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the peer of provision_until_healthy waits for."""

from __future__ import annotations

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.provision_until_healthy import WAIT, waits_for

PLANE = [
    {"kind": kind, "metadata": {"name": "one", "namespace": "space"}}
    for kind in ("Namespace", "Secret", "Certificate", "Service", "Deployment", "DaemonSet")
]


def test_certificate_deployment_daemon_set_and_address_are_waited_for() -> None:
    assert {arguments[-3]: arguments[:-3] for arguments in waits_for(PLANE)} == {
        "certificate/one": ("wait", "--for=condition=Ready"),
        "service/one": ("wait", "--for=jsonpath={.status.loadBalancer.ingress}"),
        "deployment/one": ("wait", "--for=condition=Available"),
        "daemonset/one": ("rollout", "status"),
    }


def test_every_wait_has_its_namespace_and_a_limit() -> None:
    assert {arguments[-2:] for arguments in waits_for(PLANE)} == {("--namespace=space", WAIT)}


def test_a_plane_with_less_to_wait_for_is_no_plane_to_compare_with() -> None:
    with pytest.raises(BenchmarkError, match="no DaemonSet"):
        list(waits_for(PLANE[:-1]))
