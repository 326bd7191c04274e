# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs an action on the nodes of a cluster: plan, dispatch, collect, tell."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply import Settings, apply
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_rollout import Limits
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import (
    ArtifactsError,
    FaultsError,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import Verdict
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_cluster import (
    FIELD_MANAGER,
    ActionCluster,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_errand import Errand
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_fleet import Fleet, Sources
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_lease import Lease
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_leftovers import (
    Leftovers,
    find_leftovers,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_pod_errand import PodErrand
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_preflight import prepare
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes import report
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.batches import (
    Dispatch,
    Rollout,
    canary_faults,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    Configuration,
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.daemonset import (
    action_daemonset,
    attempt_object,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import Record
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import Outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.plan import (
    Plan,
    SeenNode,
    make_plan,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress

_NO_WAIT = Limits(wait=False, timeout=60.0, failure_grace=0.0)
_MOST_REFUSALS = 5


class NodeActionError(ArtifactsError):
    """The action is not done on all nodes; the result holds each of them."""


@dataclass
class _Run:
    """One run, and what is known of it so far.

    :ivar daemonset: whether there is a DaemonSet of the action that is to go
    :ivar before: what the nodes told when the run began
    """

    cluster: ActionCluster
    wish: Wish
    nodes: dict[str, SeenNode]
    plan: Plan
    left: Leftovers
    daemonset: bool
    check_mode: bool
    progress: Progress
    before: Mapping[str, Record | None]
    warnings: list[str] = field(default_factory=list)
    applied: dict[str, Any] = field(default_factory=dict)
    # Nodes that were uncordoned, and what was deleted.
    released: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)
    fleet: Fleet | None = None
    changed: bool = False


def run_action(client: KubeClient, wish: Wish, *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """Do it, or in check mode foretell it.

    :returns: the result as node_action documents it
    :raises FaultsError: something that is needed is missing; nothing was changed
    :raises NodeActionError: it failed on a node, or was not started on one; its ``result`` has all
    :raises ArtifactsError: the API server cannot be used, or refuses; another run of it goes on
    """
    namespace, name = wish.settings.namespace, wish.action.name
    if check_mode:
        cluster = ActionCluster(client, namespace, name, lambda: None)
        return _run_alone(cluster, wish, check_mode=True, progress=progress)
    lease = Lease(client, namespace, name)
    lease.take(wish.settings.lock_limit, progress)
    try:
        cluster = ActionCluster(client, namespace, name, lease.keep)
        return _run_alone(cluster, wish, check_mode=False, progress=progress)
    finally:
        lease.release()


def _run_alone(cluster: ActionCluster, wish: Wish, *, check_mode: bool, progress: Progress) -> dict[str, Any]:
    """The same, while no other run of the action writes anything."""
    client = cluster.client
    selection = wish.selection.of_daemonset() if wish.rolls_out else wish.selection
    nodes = {node.name: node for node in cluster.read_nodes(selection)}
    _judge_canaries(wish, nodes)
    # Where a DaemonSet stays, its pods are none of what is to be taken back.
    look = cluster.look(every_pod=not wish.rolls_out)
    warnings: list[str] = []
    if look.jobs:
        wish, warnings = prepare(client, wish, check_mode=check_mode)
    left = find_leftovers(wish, nodes, look)
    daemonset = not wish.rolls_out and cluster.has_daemonset()
    plan = make_plan(nodes.values(), wish.action, left.under_way.keys(), left.reached)
    before = {name: node.record for name, node in nodes.items()}
    run = _Run(cluster, wish, nodes, plan, left, daemonset, check_mode, progress, before)
    run.warnings = [*warnings, *_refusals(run)]
    if not plan.run and not plan.settled and not wish.action.removes:
        raise NodeActionError(_nobody(plan), _result(run))
    if not look.jobs and (plan.run or wish.rolls_out):
        run.wish, more = prepare(client, wish, check_mode=check_mode)
        run.warnings += more
    try:
        stopped = _carry_out(run)
    except ArtifactsError as error:
        error.result = {**_result(run), **error.result}
        raise
    result = _result(run)
    _require_success(run, stopped, result)
    return result


def _carry_out(run: _Run) -> str:
    """Do what is planned, or in check mode nothing; gives why it was stopped, or nothing."""
    run.released = list(run.left.cordoned)
    run.changed |= run.daemonset
    if run.check_mode and not run.wish.rolls_out:
        return ""
    if not run.check_mode:
        _clear_away(run)
    stopped = _dispatch(run) if run.plan.run or run.wish.rolls_out else ""
    if not run.check_mode:
        run.pruned = run.cluster.prune()
    return stopped


def _clear_away(run: _Run) -> None:
    """Delete what earlier runs left and nobody wants; what that may have done is written down before."""
    reached = run.left.reached
    untold = {name: content for name, content in reached.items() if _content(run.nodes[name]) != content}
    _mark(run, untold)
    if run.daemonset:
        run.cluster.delete_daemonset()
    run.cluster.each(run.cluster.delete_job, run.left.spent)
    run.cluster.each(lambda name: run.cluster.release(run.nodes[name]), run.left.cordoned)


def _content(node: SeenNode) -> str:
    return "" if node.record is None else node.record.content_hash


def _mark(run: _Run, contents: Mapping[str, str]) -> None:
    """Write to nodes that something was begun there, by the hashes of their contents."""

    def mark(name: str) -> Record:
        return run.cluster.mark_begun(run.nodes[name], contents[name])

    for name, record in run.cluster.each(mark, contents).items():
        run.nodes[name] = replace(run.nodes[name], record=record)
        run.changed = True


def _dispatch(run: _Run) -> str:
    wish, settings = run.wish, run.wish.settings
    configuration = action_configuration(wish.action, wish.storage, settings, wish.pod_files)
    if wish.rolls_out:
        return _roll_out(run, configuration)
    run.cluster.apply(configuration.objects)

    def make(name: str) -> Errand:
        node = run.nodes[name]
        manifest = make_job(
            wish.action, wish.storage, settings, configuration, name, node.uid, cordons=wish.cordons
        )
        found, awaits = run.left.under_way.get(name), name in run.left.awaited
        return Errand(run.cluster, wish, node, manifest, found, awaits=awaits)

    begun = {name: make(name) for name in run.plan.run if name in run.left.under_way}
    run.fleet = Fleet(
        Sources(
            run.cluster.client,
            make,
            run.cluster.look,
            run.cluster.keep,
            lambda names: run.cluster.refusals("Job", names),
        ),
        Dispatch(run.plan.run, wish.rollout, begun),
        begun,
        silence=settings.start_timeout,
        progress=run.progress,
    )
    return run.fleet.run()


def _roll_out(run: _Run, configuration: Configuration) -> str:
    """The same by a DaemonSet, whose controller starts the pods."""
    wish, parallel = run.wish, run.wish.rollout.max_parallel
    manifest = action_daemonset(
        wish.action,
        wish.storage,
        wish.settings,
        configuration,
        refused=[node.name for node in run.nodes.values() if node.unable],
        max_unavailable=str(parallel) if parallel.percent else parallel.value,
    )
    settings = Settings(FIELD_MANAGER, _NO_WAIT, run.check_mode)
    objects = [*configuration.objects, manifest]
    if not run.check_mode:
        done = [name for name in run.plan.run if _tells_success(run.nodes[name])]
        _mark(run, dict.fromkeys(done, wish.action.content_hash))
        if run.plan.run:
            # Before there is any pod to read it.
            run.cluster.apply([attempt_object(wish.action, wish.settings, str(uuid.uuid4()))])
    run.applied = apply(run.cluster.client, objects, [], settings, run.progress)
    run.changed |= run.applied["changed"]
    if run.check_mode:
        return ""

    def make(name: str) -> Errand:
        return PodErrand(run.cluster, wish, run.nodes[name], manifest, retries=_is_retried(run, name))

    # The controller starts the others; a pod whose script failed is started again only as the rollout allows.
    begun = {name: make(name) for name in run.plan.run if not _is_retried(run, name)}
    no_canary = replace(wish.rollout, canary=0)
    run.fleet = Fleet(
        Sources(
            run.cluster.client,
            make,
            run.cluster.look_at_nodes,
            run.cluster.keep,
            lambda names: run.cluster.refusals("DaemonSet", names),
            halt=run.cluster.halt_daemonset,
            most_unready=_most_unready(run),
        ),
        Dispatch(run.plan.run, no_canary, begun),
        begun,
        silence=wish.settings.start_timeout,
        progress=run.progress,
    )
    return run.fleet.run()


def _most_unready(run: _Run) -> int:
    """As the DaemonSet controller counts it, which takes part of a node for a whole one."""
    parallel = run.wish.rollout.max_parallel
    wanted = [
        node for node in run.nodes.values() if node.verdict is not Verdict.NOT_WANTED and not node.unable
    ]
    return -(-len(wanted) * parallel.value // 100) if parallel.percent else parallel.value


def _tells_success(node: SeenNode) -> bool:
    return node.record is not None and node.record.code == 0


def _is_retried(run: _Run, name: str) -> bool:
    """Whether the same content failed on the node before, in a pod that may still be there."""
    record = run.before[name]
    content = run.wish.action.content_hash
    return record is not None and record.content_hash == content and record.code != 0 and record.run != ""


def _judge_canaries(wish: Wish, nodes: Mapping[str, SeenNode]) -> None:
    rollout: Rollout = wish.rollout
    known = [node.name for node in nodes.values() if node.verdict is not Verdict.NOT_WANTED]
    refused = {node.name: node.refusal for node in nodes.values() if node.verdict is Verdict.EXCLUDED}
    faults = canary_faults(rollout, frozenset(known), refused)
    if faults:
        raise FaultsError([str(fault) for fault in faults])


def _refusals(run: _Run) -> list[str]:
    names, refused = list(run.plan.refused), run.plan.refused
    told = [f"the action cannot run on {name}: {refused[name]}" for name in names[:_MOST_REFUSALS]]
    later = [name for name in names if not run.nodes[name].unable]
    if run.wish.rolls_out and later:
        told.append("where that passes, the DaemonSet runs it by itself, and the next run writes it down")
    more = len(names) - _MOST_REFUSALS
    return [*told, f"nor on {more} more nodes"] if more > 0 else told


def _nobody(plan: Plan) -> str:
    if not plan.refused:
        return "no node is selected"
    name, reason = next(iter(plan.refused.items()))
    return f"the action cannot run on any of {len(plan.refused)} nodes that are selected; {name}: {reason}"


def _result(run: _Run) -> dict[str, Any]:
    foretold = run.check_mode
    outcomes: tuple[Outcome, ...] = run.fleet.report() if run.fleet is not None else ()
    errands = run.fleet.errands if run.fleet is not None else {}
    rows = report.rows(run.plan, outcomes, foretold=foretold)
    before = {name: run.before[name] for name in run.plan.run}
    after: dict[str, Record | None] = {name: errand.record for name, errand in errands.items()}
    if foretold:
        action = run.wish.action
        coming = None if action.removes else Record(action.content_hash, 0, "")
        after = dict.fromkeys(run.plan.run, coming)
    diff = report.difference(before, after)
    for side in diff:
        diff[side] += run.applied.get("diff", {}).get(side, "")
    told = [warning for errand in errands.values() for warning in errand.warnings]
    changed = run.changed or bool(run.released) or any(errand.changed for errand in errands.values())
    return {
        "changed": changed or (foretold and bool(run.plan.run)),
        "content_hash": run.wish.action.content_hash,
        "nodes": rows,
        "counts": report.counts(rows),
        "table": report.table_lines(rows),
        "uncordoned": run.released,
        "pruned": run.pruned,
        "warnings": list(dict.fromkeys([*run.warnings, *told, *run.cluster.client.warnings])),
        "diff": diff,
    }


def _require_success(run: _Run, stopped: str, result: dict[str, Any]) -> None:
    outcomes = run.fleet.report() if run.fleet is not None else ()
    failed = [outcome for outcome in outcomes if outcome.failed]
    left = [outcome for outcome in outcomes if not outcome.over]
    # What is not taken back in spite of a removal is as bad as what failed; check mode warns of it.
    kept = run.plan.refused if run.wish.action.removes and not run.check_mode else {}
    told = []
    if failed:
        first = failed[0]
        reason = first.reason or f"code {first.code}"
        where = f"{len(failed)} of {len(outcomes)} nodes; {first.node}: {reason}"
        told.append(f"the action {run.wish.action.name} failed on {where}")
    if left:
        told.append(f"it was not started on {len(left)} nodes: {stopped or left[0].reason}")
    if kept:
        name, reason = next(iter(kept.items()))
        told.append(f"the action cannot be taken back on {len(kept)} nodes; {name}: {reason}")
    if told:
        raise NodeActionError("; ".join(told), result)
