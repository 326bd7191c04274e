# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failing rollout says why while it waits, ends long before the time-out, and the next run repairs it."""

from __future__ import annotations

import re

import pytest

from tests.outside.kubectl import Kubectl, eventually
from tests.outside.playbook import kill, run, start

NAMESPACE = "docker-registry"
IMAGE = "docker.io/library/no-such-registry:9"
WAIT_TIMEOUT = 300
LINE = re.compile(r"^ +(\d+) s: ", re.MULTILINE)
SHOWN = re.compile(
    r"^ +(\d+) s: deployment/docker-registry .*(?:ErrImagePull|ImagePullBackOff).*$", re.MULTILINE
)


def test_the_pods_own_reason_is_shown_and_ends_the_wait(kubectl: Kubectl) -> None:
    failed = run("provision", variables={"registry_image": IMAGE, "plane_wait_timeout": WAIT_TIMEOUT})
    assert failed.code != 0
    shown = SHOWN.search(failed.output)
    assert shown, failed.output
    assert "no-such-registry" in shown[0]
    last = max(int(seconds) for seconds in LINE.findall(failed.output))
    assert last < WAIT_TIMEOUT / 4
    pod = kubectl.get("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=registry")["items"][0]
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0


def test_the_next_run_repairs_it(kubectl: Kubectl) -> None:
    assert run("provision").changed == 1
    available = kubectl.get("deployment", "-n", NAMESPACE, "docker-registry")["status"]
    assert available["readyReplicas"] == 1


@pytest.mark.parametrize("seen", ["certificate", "deployment"])
def test_a_playbook_killed_half_way_is_repaired_by_the_next_run(kubectl: Kubectl, seen: str) -> None:
    run("unprovision", variables={"unprovision_purge_data": True})
    killed = start("provision")
    eventually(lambda: bool(kubectl("get", seen, "-n", NAMESPACE, "-o", "name", check=False)), 60, seen)
    kill(killed)
    assert run("provision").code == 0
    assert run("provision").changed == 0
