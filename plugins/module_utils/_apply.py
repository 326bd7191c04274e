# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies a set of objects and deletes others: judge, delete, apply, fill late values in, wait."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_plan import (
    Plan,
    certificate_secrets,
    ingress_secrets,
    make_plan,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply_rollout import (
    Limits,
    Rollout,
    Step,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import (
    Wanted,
    read_wanted,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.difference import shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import KubeObject, ObjectKey
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight import (
    missing_namespaces,
    missing_sources,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight_ingress import (
    ingress_warnings,
)


@dataclass(frozen=True)
class Settings:
    """How to apply: under which field manager, with which limits, and whether only to predict."""

    field_manager: str
    limits: Limits
    check_mode: bool


def apply(
    client: KubeClient,
    objects: Iterable[object],
    absent: Iterable[object],
    settings: Settings,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Bring the cluster to what is wanted.

    :returns: ``changed``, ``objects``, ``warnings``, ``diff`` and ``waited_seconds`` as kube_apply
      documents them
    :raises ArtifactsError: its ``result`` has these keys too, as far as things went
    """
    wanted = read_wanted(objects, absent)
    plan = make_plan(client, wanted, field_manager=settings.field_manager, check_mode=settings.check_mode)
    if settings.check_mode:
        result = _result(client, wanted, plan, _predicted(wanted, plan), 0.0)
        result["warnings"] += [
            f'namespace "{name}" does not exist; its objects are predicted as if something before this '
            "created it"
            for name in missing_namespaces(wanted.objects, plan.facts)
        ]
        promised = certificate_secrets(wanted.objects).keys() | ingress_secrets(wanted.objects)
        result["warnings"] += [
            f"{source.full}, which {', '.join(key.full for key in keys)} needs, does not exist; "
            "the run would wait for it, and fail without it"
            for source, keys in missing_sources(wanted.objects, plan.facts, promised).items()
        ]
        return result
    rollout = Rollout(
        client,
        wanted.objects,
        wanted.absent,
        plan,
        field_manager=settings.field_manager,
        limits=settings.limits,
        progress=progress,
    )
    try:
        rollout.run()
    except ArtifactsError as error:
        error.result = {**_result(client, wanted, plan, rollout.steps, rollout.elapsed), **error.result}
        raise
    return _result(client, wanted, plan, rollout.steps, rollout.elapsed)


def _predicted(wanted: Wanted, plan: Plan) -> dict[ObjectKey, Step]:
    steps: dict[ObjectKey, Step] = {}
    for key, prediction in plan.predictions.items():
        before = plan.facts.objects.get(key) if prediction.action != "created" else None
        steps[key] = Step(prediction.action, before, prediction.after)
    for key in wanted.absent:
        live = plan.facts.objects.get(key)
        if live is not None:
            steps[key] = Step("deleted", live, None)
    return steps


def _result(
    client: KubeClient, wanted: Wanted, plan: Plan, steps: Mapping[ObjectKey, Step], waited: float
) -> dict[str, Any]:
    present = [_row(one.key, steps[one.key].action) for one in wanted.objects if one.key in steps]
    gone = [_row(key, steps[key].action if key in steps else "absent") for key in wanted.absent]
    changes = [(one.key, one.late.secret_fields, one.body) for one in wanted.objects]
    sides = [
        shown(step.before, body if step.before is None else step.after, fields)
        for key, fields, body in changes
        if (step := steps.get(key)) is not None and step.action != "unchanged"
    ]
    sides += [shown(steps[key].before, None) for key in wanted.absent if key in steps]
    return {
        "changed": any(step.action != "unchanged" for step in steps.values()),
        "objects": present + gone,
        "warnings": [*client.warnings, *ingress_warnings(wanted.objects, plan.facts)],
        "diff": {
            "before": _yaml([left for left, _right in sides]),
            "after": _yaml([right for _left, right in sides]),
        },
        "waited_seconds": round(waited, 1),
    }


def _row(key: ObjectKey, action: str) -> dict[str, str]:
    return {
        "api_version": key.api_version,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "action": action,
    }


def _yaml(documents: Sequence[KubeObject | None]) -> str:
    present = [document for document in documents if document is not None]
    if not present:
        return ""
    text: str = importlib.import_module("yaml").safe_dump_all(
        present, sort_keys=True, default_flow_style=False
    )
    return text
