# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task kube_apply as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Run, outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.kube_apply import (
    ARGUMENT_SPEC,
    run,
)
from tests.faults.kube_apply.control_plane import ControlPlane


@dataclass(frozen=True)
class _Kept:
    """Progress that is kept."""

    lines: list[str]

    def __call__(self, line: str) -> None:
        """Keep a line."""
        self.lines.append(line)

    def update(self, line: str) -> None:
        """Keep it as well."""
        self.lines.append(line)


@dataclass
class Task:
    """Runs the task, or another one, against a control plane; ``lines`` collects what it printed."""

    control_plane: ControlPlane
    specification: Mapping[str, Any] = field(default_factory=lambda: ARGUMENT_SPEC)
    run: Run = run
    lines: list[str] = field(default_factory=list)

    def __call__(
        self, objects: Sequence[Mapping[str, Any]] = (), *, check_mode: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Run it and require success."""
        result = self.attempt(objects, check_mode=check_mode, **options)
        assert not result.get("failed"), result["msg"]
        return result

    def attempt(
        self, objects: Sequence[Mapping[str, Any]] = (), *, check_mode: bool = False, **options: Any
    ) -> dict[str, Any]:
        """Run it, whatever comes."""
        given = {"kubeconfig": str(self.control_plane.kubeconfig), "objects": list(objects), **options}
        validation = ArgumentSpecValidator(self.specification).validate(given)
        assert not validation.error_messages
        return outcome(
            self.run,
            validation.validated_parameters,
            check_mode=check_mode,
            diff_mode=True,
            progress=_Kept(self.lines),
        )

    def refuse(self, objects: Sequence[Mapping[str, Any]], **options: Any) -> str:
        """Run it, require that it refuses before anything is written, and give the message."""
        result = self.attempt(objects, **options)
        assert result.get("failed")
        assert result["changed"] is False
        assert "faults" in result, result["msg"]
        return str(result["msg"])


def actions(result: Mapping[str, Any]) -> dict[str, str]:
    """Give what was done, by kind and name."""
    return {f"{row['kind']}/{row['name']}": row["action"] for row in result["objects"]}
