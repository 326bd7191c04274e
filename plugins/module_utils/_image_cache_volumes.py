# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out on which nodes an image can be mounted as a volume, by mounting one."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    SHARD_LABEL,
    read_group,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.canary import (
    ABLE,
    Mounting,
    Verdict,
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
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
    Resolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.volume_choice import (
    Versions,
    choose,
    nodes_of,
    versions_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import (
    KubeClient,
    KubeError,
    KubeUnavailableError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    condition,
    dig,
    text,
)

FIELD_MANAGER = "clusterdepot.artifacts"
_PAUSE = 0.5
_CANARY_SECONDS = 60.0
# Pods that are read in search of one that proves mounts; what they do not prove, a canary finds out.
_PROVING_PAGES = 3
_PAGE_SIZE = 100


def usable_strategies(
    client: KubeClient,
    settings: PodSettings,
    entries: Sequence[ImageEntry],
    nodes: Sequence[Node],
    *,
    daemonsets: Sequence[KubeObject] = (),
    resolutions: Mapping[tuple[str, str], Resolution] | None = None,
    check_mode: bool,
    progress: Callable[[str], None],
    timeout: float = _CANARY_SECONDS,
) -> tuple[tuple[ImageEntry, ...], list[str]]:
    """Put the sleeper in the place of volumes where a node that shall have the image cannot mount it.

    Where that cannot be found out, an image stays as it lives; see ``choose``.

    :param daemonsets: the live ones of the cache
    :param resolutions: by reference and pull secret, for the architectures that images are made for
    :param timeout: seconds that a canary may take
    :returns: the entries, and a warning for each that is held otherwise than wanted, or may have to be
    :raises KubeError: the API server cannot be asked
    """
    by_entry = {
        position: nodes_of(entry, _architectures(entry, resolutions or {}), settings, nodes)
        for position, entry in enumerate(entries)
        if entry.strategy is Strategy.VOLUME
    }
    samples: dict[Versions, str] = {}
    for node in itertools.chain.from_iterable(by_entry.values()):
        if node.ready:
            samples.setdefault(versions_of(node), node.name)
    verdicts = _refusal_by_api(client, settings, samples, check_mode) if samples else {}
    if samples and not verdicts:
        verdicts = dict.fromkeys(_proven(client, settings.namespace, nodes, daemonsets, samples), ABLE)
    if not check_mode:
        open_ones = {versions: name for versions, name in samples.items() if versions not in verdicts}
        verdicts.update(_try_out(client, settings, open_ones, timeout, progress))
    usable: list[ImageEntry] = []
    warnings: list[str] = []
    for position, entry in enumerate(entries):
        if entry.strategy is not Strategy.VOLUME:
            usable.append(entry)
            continue
        chosen = choose(entry, by_entry[position], verdicts, daemonsets)
        usable.append(replace(entry, strategy=chosen.strategy))
        warnings += filter(None, [chosen.warning])
    return tuple(usable), warnings


def _architectures(entry: ImageEntry, resolutions: Mapping[tuple[str, str], Resolution]) -> frozenset[str]:
    found = resolutions.get((str(entry.reference), entry.pull_secret))
    return found.architectures() if isinstance(found, Resolved) else frozenset()


def _refusal_by_api(
    client: KubeClient, settings: PodSettings, samples: Mapping[Versions, str], check_mode: bool
) -> dict[Versions, Verdict]:
    """What a dry run of a canary says of all versions; empty where the API server takes image volumes."""
    name = next(iter(samples.values()))
    try:
        stored = client.apply(
            canary_pod(_canary_name(settings, name), name, settings),
            field_manager=FIELD_MANAGER,
            dry_run=True,
        )
    except KubeUnavailableError:
        raise
    except KubeError as error:
        if check_mode and error.status == 404:
            # The namespace is made before the run that is being foretold.
            return {}
        of_volumes = error.status in (400, 422) and "volumes" in error.message
        mounting = Mounting.UNABLE if of_volumes else Mounting.UNKNOWN
        return dict.fromkeys(samples, Verdict(mounting, _refused(error)))
    if keeps_image_volume(stored):
        return {}
    reason = "the API server drops image volumes: its feature is off"
    return dict.fromkeys(samples, Verdict(Mounting.UNABLE, reason))


def _proven(
    client: KubeClient,
    namespace: str,
    nodes: Sequence[Node],
    daemonsets: Iterable[KubeObject],
    samples: Mapping[Versions, str],
) -> frozenset[Versions]:
    """The versions with a node on which a pod with image volumes is ready."""
    holding = [obj["metadata"]["name"] for obj in daemonsets if _holds_volumes(obj)]
    if not holding:
        return frozenset()
    versions = {node.name: versions_of(node) for node in nodes}
    pages = client.pages(
        "v1",
        "Pod",
        namespace,
        label_selector=f"{SHARD_LABEL} in ({','.join(holding)})",
        field_selector="status.phase=Running",
        page_size=_PAGE_SIZE,
    )
    found: set[Versions] = set()
    for page in itertools.islice(pages, _PROVING_PAGES):
        ready = (pod for pod in page if condition(pod, "Ready").get("status") == "True")
        found.update(versions[name] for pod in ready if (name := text(pod, "spec", "nodeName")) in versions)
        if found.issuperset(samples):
            break
    return frozenset(found)


def _holds_volumes(daemonset: KubeObject) -> bool:
    group = read_group(daemonset)
    return group is not None and group.strategy is Strategy.VOLUME


def _try_out(
    client: KubeClient,
    settings: PodSettings,
    samples: Mapping[Versions, str],
    timeout: float,
    progress: Callable[[str], None],
) -> dict[Versions, Verdict]:
    """Run a canary on one node of each pair of versions."""
    if not samples:
        return {}
    progress(f"trying on {len(samples)} nodes whether images can be mounted as volumes")
    canaries = {versions: _canary_name(settings, node) for versions, node in samples.items()}
    verdicts: dict[Versions, Verdict] = {}
    try:
        for versions, name in canaries.items():
            try:
                client.delete("v1", "Pod", settings.namespace, name)
                _apply_anew(client, canary_pod(name, samples[versions], settings), timeout)
            except KubeUnavailableError:
                raise
            except KubeError as error:
                verdicts[versions] = _unknown(_refused(error))
        running = {versions: name for versions, name in canaries.items() if versions not in verdicts}
        return {**verdicts, **_await_verdicts(client, settings.namespace, running, timeout)}
    finally:
        for versions in canaries.keys() - verdicts.keys():
            client.delete("v1", "Pod", settings.namespace, canaries[versions])


def _canary_name(settings: PodSettings, node: str) -> str:
    digest = hashlib.sha256(f"{settings.instance}/{node}".encode()).hexdigest()
    return f"{settings.instance[:40]}-canary-{digest[:8]}"


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
) -> dict[Versions, Verdict]:
    end = time.monotonic() + timeout
    found: dict[Versions, Verdict] = {}
    while True:
        for versions in canaries.keys() - found.keys():
            pod = client.get("v1", "Pod", namespace, canaries[versions])
            told = verdict(pod) if pod is not None else _unknown("somebody else deleted the canary")
            if told is None and time.monotonic() > end:
                told = _unknown(f"the canary gave no answer within {timeout:g} s{_last_word(pod)}")
            if told is not None:
                found[versions] = told
        if len(found) == len(canaries):
            return found
        time.sleep(_PAUSE)


def _unknown(reason: str) -> Verdict:
    return Verdict(Mounting.UNKNOWN, reason)


def _refused(error: KubeError) -> str:
    return f"the API server refuses the canary: {error.message}"


def _last_word(pod: KubeObject | None) -> str:
    for container in dig(pod, "status", "containerStatuses") or ():
        message = text(container, "state", "waiting", "message")
        if message:
            return f": {message}"
    return ""
