# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out on which nodes an image can be mounted as a volume, by mounting one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.canary import (
    canary_pod,
    keeps_image_volume,
    verdict,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    PodSettings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import Node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError

FIELD_MANAGER = "clusterdepot.artifacts"
_PAUSE = 0.5
_CANARY_SECONDS = 60.0

Versions = tuple[str, str]


def versions_of(node: Node) -> Versions:
    """The pair of versions that decides: the kubelet's, and the container runtime's."""
    return node.kubelet_version, node.runtime_version


def usable_strategies(
    client: KubeClient,
    settings: PodSettings,
    entries: Sequence[ImageEntry],
    nodes: Sequence[Node],
    *,
    check_mode: bool,
    progress: Callable[[str], None],
) -> tuple[tuple[ImageEntry, ...], list[str]]:
    """Put the sleeper in the place of volumes where a node that shall have the image cannot mount it.

    :returns: the entries, and a warning for each that is held otherwise than wanted
    :raises KubeError: the API server cannot be asked
    """
    if not any(entry.strategy is Strategy.VOLUME for entry in entries):
        return tuple(entries), []
    unsupported = find_unsupported(
        client, settings, nodes, check_mode=check_mode, timeout=_CANARY_SECONDS, progress=progress
    )
    usable: list[ImageEntry] = []
    warnings: list[str] = []
    for entry in entries:
        reason = _obstacle(entry, settings, nodes, unsupported)
        if entry.strategy is Strategy.VOLUME and reason:
            warnings.append(f"{entry.reference} is held by the sleeper, not as a volume: {reason}")
            usable.append(replace(entry, strategy=Strategy.SLEEPER))
        else:
            usable.append(entry)
    return tuple(usable), warnings


def _obstacle(
    entry: ImageEntry, settings: PodSettings, nodes: Iterable[Node], unsupported: Mapping[Versions, str]
) -> str:
    wanted = {**settings.node_selector, **dict(entry.node_selector)}
    for node in nodes:
        if versions_of(node) not in unsupported:
            continue
        if entry.architectures and node.architecture not in entry.architectures:
            continue
        if all(node.labels.get(label) == value for label, value in wanted.items()):
            return f"on {node.name}, {unsupported[versions_of(node)]}"
    return ""


def find_unsupported(
    client: KubeClient,
    settings: PodSettings,
    nodes: Iterable[Node],
    *,
    check_mode: bool,
    timeout: float,
    progress: Callable[[str], None],
) -> Mapping[Versions, str]:
    """Give the pairs of versions whose nodes cannot mount images, each with the reason.

    One ready node of each pair is tried. In check mode only the API server is asked, by a dry run. What does
    not answer within ``timeout`` seconds counts as unable.

    :raises KubeError: the API server cannot be asked
    """
    samples = {versions_of(node): node.name for node in nodes if node.ready}
    if not samples:
        return {}
    canaries = {versions: _canary_name(settings, node) for versions, node in samples.items()}
    first = next(iter(samples))
    refused = _api_refusal(client, canary_pod(canaries[first], samples[first], settings))
    if refused:
        return dict.fromkeys(samples, refused)
    if check_mode:
        return {}
    progress(f"trying on {len(samples)} nodes whether images can be mounted as volumes")
    try:
        for versions, name in canaries.items():
            client.delete("v1", "Pod", settings.namespace, name)
            _apply_anew(client, canary_pod(name, samples[versions], settings), timeout)
        found = _await_verdicts(client, settings.namespace, canaries, timeout)
    finally:
        for name in canaries.values():
            client.delete("v1", "Pod", settings.namespace, name)
    return {versions: reason for versions, reason in found.items() if reason}


def _canary_name(settings: PodSettings, node: str) -> str:
    digest = hashlib.sha256(f"{settings.instance}/{node}".encode()).hexdigest()
    return f"{settings.instance[:40]}-canary-{digest[:8]}"


def _api_refusal(client: KubeClient, pod: Mapping[str, object]) -> str:
    try:
        stored = client.apply(pod, field_manager=FIELD_MANAGER, dry_run=True)
    except KubeError as error:
        # Without its namespace, or with the field unknown, the answer is a refusal, and not for this purpose.
        if error.status in (400, 422):
            return f"the API server refuses image volumes: {error.message}"
        if error.status == 404:
            return ""
        raise
    return "" if keeps_image_volume(stored) else "the API server drops image volumes: its feature is off"


def _apply_anew(client: KubeClient, pod: Mapping[str, object], timeout: float) -> None:
    """Apply a pod whose forerunner of the same name may still be on its way out."""
    end = time.monotonic() + timeout
    while True:
        try:
            stored = client.apply(pod, field_manager=FIELD_MANAGER)
        except KubeError as error:
            if error.status not in (409, 422) or time.monotonic() > end:
                raise
        else:
            if not stored["metadata"].get("deletionTimestamp") or time.monotonic() > end:
                return
        time.sleep(_PAUSE)


def _await_verdicts(
    client: KubeClient, namespace: str, canaries: Mapping[Versions, str], timeout: float
) -> dict[Versions, str]:
    end = time.monotonic() + timeout
    found: dict[Versions, str] = {}
    while len(found) < len(canaries):
        for versions in canaries.keys() - found.keys():
            pod = client.get("v1", "Pod", namespace, canaries[versions])
            told = verdict(pod) if pod is not None else "the canary was deleted by somebody else"
            if told is None and time.monotonic() > end:
                told = f"the canary gave no answer within {timeout:g} s"
            if told is not None:
                found[versions] = told
        time.sleep(_PAUSE)
    return found
