# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a task's function is run, and the one place where an error becomes a failed task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError


class Progress(Protocol):
    """Where a task tells how far it is."""

    def __call__(self, line: str) -> None:
        """Tell something that is to be kept."""

    def update(self, line: str) -> None:
        """Tell the present state, which takes the place of the one told before."""


class Run(Protocol):
    """A task's function: validated parameters in, the task's result out.

    It raises ArtifactsError, and nothing else, for what a user can cause.
    """

    def __call__(
        self, parameters: dict[str, Any], *, check_mode: bool, progress: Progress
    ) -> dict[str, Any]: ...


def outcome(
    run: Run,
    parameters: Mapping[str, Any],
    *,
    check_mode: bool,
    diff_mode: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Run a task's function; its result has ``failed`` and ``msg`` where it raised ArtifactsError.

    ``diff`` is left out where the user did not ask for it.
    """
    try:
        result = run(dict(parameters), check_mode=check_mode, progress=progress)
    except ArtifactsError as error:
        result = {**error.result, "failed": True, "msg": error.message}
    if not diff_mode:
        result.pop("diff", None)
    return result


def run_module(module: AnsibleModule, run: Run) -> None:
    """Run a task's function as a module; ends the process by exit_json or fail_json."""
    result = outcome(
        run, module.params, check_mode=module.check_mode, diff_mode=module._diff, progress=_Silence()
    )
    # Ansible adds the parameters to the result of every module; those given as objects may hold Secrets.
    result["invocation"] = {"module_args": without_secrets(module.params)}
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def without_secrets(value: Any) -> Any:
    """Give a copy in which the values of Kubernetes Secrets, at any depth, are replaced."""
    if isinstance(value, Mapping):
        hidden = ("data", "stringData") if value.get("kind") == "Secret" else ()
        return {key: "(hidden)" if key in hidden else without_secrets(entry) for key, entry in value.items()}
    return [without_secrets(entry) for entry in value] if isinstance(value, list) else value


class _Silence:
    """No progress: a module's standard output belongs to its result."""

    def __call__(self, line: str) -> None:
        """Drop the line."""

    def update(self, line: str) -> None:
        """Drop the line."""
