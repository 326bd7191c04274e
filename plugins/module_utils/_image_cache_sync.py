# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the image cache of a cluster to what is wanted: resolve, plan, apply, wait, tell."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply import Settings, apply
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_plan import PreflightError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_rollout import Limits
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache import report
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    daemonset,
    read_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.findings import outdated
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.forecast import (
    Forecast,
    forecast,
    forecast_lines,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.list_warnings import (
    allowance_warnings,
    lookup_warnings,
    secret_warnings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import (
    Matrix,
    watched_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import (
    Plan,
    Shard,
    make_plan,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.report_lines import (
    empty_images,
    failure_lines,
    freed_lines,
    table_lines,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import Unresolved
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.sizes import disk_warnings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.warmth import freeable
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_access import (
    missing_secrets,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_cluster import (
    Cache,
    ending_daemonsets,
    is_observed,
    read_daemonsets,
    read_nodes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_taint import (
    remove_startup_taint,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_volumes import (
    FIELD_MANAGER,
    usable_strategies,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_wait import (
    await_images,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_wish import (
    Situation,
    Wish,
    recognize,
    renewal_hash,
    survey,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress

_NO_WAIT = Limits(wait=False, timeout=60.0, failure_grace=0.0)


class ImagesMissingError(ArtifactsError):
    """Fewer images are cached than wanted; the result holds the whole matrix."""


class NamespaceMissingError(ArtifactsError):
    """The namespace of the cache does not exist; nothing was changed."""

    def __init__(self, namespace: str) -> None:
        message = (
            f'namespace "{namespace}" does not exist; create it, or use the role image_cache, which makes it'
        )
        super().__init__(message, {"changed": False, "faults": [message]})


@dataclass(frozen=True)
class _Applying:
    """How to apply a part of the DaemonSets."""

    client: KubeClient
    namespace: str
    check_mode: bool
    progress: Progress

    def __call__(
        self, manifests: Sequence[Mapping[str, Any]], absent: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        settings = Settings(FIELD_MANAGER, _NO_WAIT, self.check_mode)
        try:
            return apply(self.client, manifests, absent, settings, self.progress)
        except PreflightError as error:
            if self._lacks_namespace():
                raise NamespaceMissingError(self.namespace) from error
            raise

    def _lacks_namespace(self) -> bool:
        try:
            return self.client.get("v1", "Namespace", None, self.namespace) is None
        except KubeError:
            # What was refused before is what the user has to know.
            return False


def sync(client: KubeClient, wish: Wish, *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Do it, or in check mode foretell it.

    :returns: the result as image_cache_sync documents it
    :raises ImagesMissingError: what is cached in the end is below the threshold
    :raises ArtifactsError: the API server cannot be used, or refuses; nothing was changed if it refuses
    """
    nodes, daemonsets = read_nodes(client), read_daemonsets(client, wish.cache)
    resolutions = wish.resolve((entry.reference, entry.pull_secret) for entry in wish.entries)
    entries, warnings = usable_strategies(
        client,
        wish.settings,
        wish.entries,
        nodes,
        daemonsets=daemonsets,
        resolutions=resolutions,
        check_mode=check_mode,
        progress=progress,
    )
    wish = replace(wish, entries=entries)
    situation = survey(client, wish, nodes, daemonsets, resolutions)
    plan = make_plan(
        wish.cache.name,
        entries,
        resolutions,
        [read_shard(obj) for obj in situation.daemonsets],
        wish.images_per_pod,
        architectures=situation.architectures,
        taken=ending_daemonsets(client, wish.cache),
    )
    manifests = _manifests(plan.shards, wish, situation)
    planned = Matrix(nodes, (watched_shard(obj) for obj in manifests), situation.judging)
    coming = forecast(nodes, situation.matrix, planned, situation.known, situation.held)
    warnings += _warnings(client, wish, situation, check_mode)
    warnings += empty_images(planned, wish.secrets)
    warnings += disk_warnings(nodes, coming.bytes_to_hold, wish.disk_factor)
    absent = [_daemonset_key(wish.cache, name) for name in plan.removed]
    applying = _Applying(client, wish.cache.namespace, check_mode, progress)
    if check_mode:
        return _foretold(wish, situation, coming, _result(applying(manifests, absent), coming, warnings))
    late = _late_shards(plan, situation) if wish.patience.wait else frozenset()
    prompt = [obj for obj in manifests if obj["metadata"]["name"] not in late]
    applied = applying(prompt, absent)
    if late:
        wish = _await_prompt_ones(client, wish, situation, progress, late)
        behind = [obj for obj in manifests if obj["metadata"]["name"] in late]
        applied = _joined(applied, applying(behind, []))
    return _awaited(client, wish, situation, plan, _result(applied, coming, warnings), applying)


def _foretold(wish: Wish, situation: Situation, coming: Forecast, result: dict[str, Any]) -> dict[str, Any]:
    matrix = situation.matrix or Matrix(situation.nodes, (), {})
    told = _told(matrix, wish)
    now = ["now:", *told["table"]] if situation.matrix else []
    told["table"] = [*forecast_lines(coming), *now]
    result = {**result, **told, "bytes_to_pull": dict(coming.bytes_to_pull)}
    freed = _freed(matrix, wish) if wish.startup_taint else []
    return _with_freed(result, freed, wish, foretold=True)


def _with_freed(result: dict[str, Any], freed: list[str], wish: Wish, *, foretold: bool) -> dict[str, Any]:
    """The result, with the nodes whose start-up taint goes; the same where there is no such taint."""
    if not wish.startup_taint:
        return result
    return {
        **result,
        "changed": result["changed"] or bool(freed),
        "untainted": freed,
        "table": [*result["table"], *freed_lines(freed, wish.startup_taint, foretold=foretold)],
    }


def _awaited(
    client: KubeClient,
    wish: Wish,
    situation: Situation,
    plan: Plan,
    result: dict[str, Any],
    applying: _Applying,
) -> dict[str, Any]:
    progress = applying.progress
    matrix, seconds = await_images(client, wish.cache, situation.judging, wish.patience, progress)
    daemonsets = read_daemonsets(client, wish.cache)
    now = recognize(replace(situation, matrix=matrix, daemonsets=daemonsets), wish)
    if now.resolved != situation.resolved:
        # What was recognized only now is kept for the next run.
        result = _joined(result, applying(_manifests(plan.shards, wish, now, keep=True), []))
    result = {**result, **_told(matrix, wish), "waited_seconds": round(seconds, 1)}
    if wish.startup_taint:
        freed = remove_startup_taint(client, _freed(matrix, wish), wish.startup_taint)
        result = _with_freed(result, freed, wish, foretold=False)
    if wish.patience.wait and result["percent_cached"] < wish.threshold:
        lines = "; ".join(failure_lines(matrix, wish.patience.allowed))
        raise ImagesMissingError(
            f"{result['percent_cached']:.4g} % are cached after {seconds:.0f} s, wanted are "
            f"{wish.threshold:g} %: {lines}",
            result,
        )
    return result


def _freed(matrix: Matrix, wish: Wish) -> list[str]:
    if wish.entries and not matrix.has_daemonsets:
        # Not there yet, or deleted by somebody: that is not a list without images.
        return []
    return freeable(matrix.nodes.values(), matrix, wish.startup_taint, wish.patience.allowed)


def _late_shards(plan: Plan, situation: Situation) -> frozenset[str]:
    """New shards of registries that gave no answer, where there are others.

    A kubelet pulls one image after another, so a registry that hangs would hold up all that come behind it.
    """
    live = {obj["metadata"]["name"] for obj in situation.daemonsets}
    silent = {
        name for (name, _secret), found in situation.resolutions.items() if isinstance(found, Unresolved)
    }
    late = frozenset(
        shard.name for shard in plan.shards if shard.name not in live and silent.issuperset(shard.references)
    )
    return late if len(late) < len(plan.shards) else frozenset()


def _await_prompt_ones(
    client: KubeClient, wish: Wish, situation: Situation, progress: Progress, late: frozenset[str]
) -> Wish:
    """Wait for the others; returns the wish with what is left of its patience."""
    progress(f"what could not be looked up in its registry comes after the rest: {', '.join(sorted(late))}")
    began = time.monotonic()
    patience = replace(wish.patience, failure_grace=0.0, every_pod=False)
    await_images(client, wish.cache, situation.judging, patience, progress)
    left = max(wish.patience.timeout - (time.monotonic() - began), 0.001)
    return replace(wish, patience=replace(wish.patience, timeout=left))


def _warnings(client: KubeClient, wish: Wish, situation: Situation, check_mode: bool) -> list[str]:
    named = [*wish.settings.image_pull_secrets, *(entry.pull_secret for entry in wish.entries)]
    namespace = wish.cache.namespace
    missing = missing_secrets(client, namespace, filter(None, named))
    return [
        *secret_warnings(namespace, missing, foretold=check_mode),
        *lookup_warnings(wish.entries, situation.resolutions),
        *allowance_warnings(wish.entries, wish.patience.allowed),
    ]


def _manifests(
    shards: Sequence[Shard], wish: Wish, situation: Situation, *, keep: bool = False
) -> list[dict[str, Any]]:
    """The DaemonSets; ``keep`` starts no pod anew, whatever nodes hold."""
    stale = outdated(situation.matrix) if situation.matrix is not None and not keep else {}
    live = {obj["metadata"]["name"]: obj for obj in situation.daemonsets}
    return [
        daemonset(
            shard,
            wish.settings,
            situation.known,
            _next_hash(shard, live.get(shard.name), situation)
            if shard.name in stale
            else _hash_of(live.get(shard.name)),
        )
        for shard in shards
    ]


def _hash_of(live: KubeObject | None) -> str:
    return read_shard(live).digests_hash if live is not None else ""


def _next_hash(shard: Shard, live: KubeObject | None, situation: Situation) -> str:
    """The hash in the pods' template; a new one starts them anew, and they pull what the registries have."""
    if live is None or not is_observed(live):
        return _hash_of(live)
    return renewal_hash(shard.name, shard.references, situation)


def _daemonset_key(cache: Cache, name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": cache.namespace}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata}


def _result(applied: Mapping[str, Any], coming: Forecast, warnings: Sequence[str]) -> dict[str, Any]:
    result = {key: value for key, value in applied.items() if key != "waited_seconds"}
    return {
        **result,
        "warnings": [*warnings, *applied["warnings"]],
        "additions": [{"reference": name, "nodes": count} for name, count in coming.additions.items()],
        "removals": list(coming.removals),
    }


def _joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The result of two applies, one after the other."""
    done = [entry for entry in second["objects"] if entry["action"] != "unchanged"]
    known = {entry["name"] for entry in first["objects"]}
    return {
        **first,
        "changed": first["changed"] or second["changed"],
        "objects": [*first["objects"], *(entry for entry in done if entry["name"] not in known)],
        "warnings": list(dict.fromkeys([*first["warnings"], *second["warnings"]])),
        "diff": {side: first["diff"][side] + second["diff"][side] for side in ("before", "after")},
    }


def _told(matrix: Matrix, wish: Wish) -> dict[str, Any]:
    return {
        **report.result(matrix),
        "percent_cached": matrix.percent_cached(wish.patience.allowed),
        "table": table_lines(matrix),
    }
