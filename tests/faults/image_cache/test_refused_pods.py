# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that the API server does not let the DaemonSet controller make."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_sync import (
    ImagesMissingError,
    sync,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_wait import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference
from tests.faults.image_cache.kubelet import SILENT, Kubelets

TIMEOUT = 120.0
ENTRY = ImageEntry(0, parse_reference("docker.io/library/x:1"), frozenset(), "", (), Strategy.SLEEPER)


def nothing(wanted: object) -> dict[Any, Any]:
    """What registries say that are not asked."""
    del wanted
    return {}


class Quiet:
    """Progress that nobody reads."""

    def __call__(self, line: str) -> None:
        """Drop a line."""

    def update(self, line: str) -> None:
        """Drop a line."""


def wish(namespace: str) -> Wish:
    return Wish(
        entries=(ENTRY,),
        settings=PodSettings(namespace, "main", 300, "docker.io/library/busybox:1.36", (), (), {}, ""),
        images_per_pod=10,
        resolve=nothing,
        disk_factor=3.0,
        patience=Patience(True, TIMEOUT, 1.0, frozenset(), True),
        threshold=100.0,
        startup_taint="",
    )


def limited(kind: str, namespace: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": "limit", "namespace": namespace},
        "spec": spec,
    }


def refused(client: KubeClient, namespace: str) -> tuple[str, dict[str, Any], float]:
    began = time.monotonic()
    with pytest.raises(ImagesMissingError) as raised:
        sync(client, wish(namespace), check_mode=False, progress=Quiet())
    return raised.value.message, dict(raised.value.result), time.monotonic() - began


def test_a_quota_that_refuses_pods_is_told_long_before_the_timeout(
    client: KubeClient, kubelets: Kubelets, namespace: str
) -> None:
    client.apply(limited("ResourceQuota", namespace, hard={"pods": "0"}), field_manager="tests")
    time.sleep(1)
    with kubelets.running(namespace, SILENT):
        message, result, seconds = refused(client, namespace)
    assert "FailedCreate: exceeded quota: limit" in message
    assert result["totals"]["unscheduled"] == 2
    assert seconds < TIMEOUT / 2


def test_a_limit_that_is_lifted_lets_the_images_come(
    client: KubeClient, kubelets: Kubelets, namespace: str
) -> None:
    limit = limited("LimitRange", namespace, limits=[{"type": "Container", "min": {"memory": "64Mi"}}])
    client.apply(limit, field_manager="tests")
    time.sleep(1)
    with kubelets.running(namespace, SILENT):
        message, _result, seconds = refused(client, namespace)
        assert "minimum memory usage per Container is 64Mi" in message
        assert seconds < TIMEOUT / 2
        client.delete("v1", "LimitRange", namespace, "limit")
        kubelets.await_ready(namespace, 2)
        result = sync(client, wish(namespace), check_mode=False, progress=Quiet())
    assert result["percent_cached"] == 100.0
