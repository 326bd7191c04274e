# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin that runs its module's function inside the controller where that is the same thing."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import AnsibleValidationError, UnsupportedError
from ansible.plugins.action import ActionBase

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Run, outcome
from ansible_collections.clusterdepot.artifacts.plugins.plugin_utils._terminal_progress import (
    Terminal,
    TerminalProgress,
)


class InProcessAction(ActionBase):
    """Run a task's function in-process on a local connection, and as a module everywhere else.

    A subclass sets ``argument_spec``, ``run_task`` (by ``staticmethod``) and ``needed_libraries``. The
    result is the
    same either way; in-process saves the start of another interpreter and can print progress lines.
    """

    argument_spec: ClassVar[Mapping[str, Any]]
    run_task: ClassVar[Run]
    needed_libraries: ClassVar[tuple[str, ...]] = ()
    _terminal: ClassVar[Terminal]

    _supports_check_mode = True
    _supports_async = True

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        # A worker has no terminal of its own.
        cls._terminal = Terminal(sys.stdout.isatty(), shutil.get_terminal_size().columns)
        # The class is loaded by the process that forks a worker per task: what is imported here is imported
        # once a play.
        for library in cls.needed_libraries:
            if importlib.util.find_spec(library) is not None:
                importlib.import_module(library)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; see ActionBase.run."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        if result.get("skipped"):
            return result
        if not self._runs_here():
            return self._run_as_module(result, task_vars)
        validation = ArgumentSpecValidator(dict(self.argument_spec)).validate(self._task.args)
        if validation.errors.errors:
            raise AnsibleActionFail("; ".join(self._told(error) for error in validation.errors.errors))
        secrets = set(secret_values(self.argument_spec, validation.validated_parameters))
        progress = TerminalProgress(self._terminal, self._write)
        own = outcome(
            type(self).run_task,
            validation.validated_parameters,
            check_mode=self._task.check_mode,
            diff_mode=self._task.diff,
            progress=progress,
        )
        progress.close()
        result.update(remove_values(own, secrets))
        self.show_result(result, _host_of(task_vars))
        return result

    def show_result(self, result: Mapping[str, Any], host: str) -> None:
        """Print more of ``host``'s result than the callback does; for subclasses, by default nothing."""

    def _told(self, error: AnsibleValidationError) -> str:
        # Where the module runs, AnsibleModule says it.
        if isinstance(error, UnsupportedError):
            return (
                f"Unsupported parameters for {self._task.resolved_action or self._task.action}: {error.msg}"
            )
        return str(error.msg)

    def _run_as_module(self, result: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        own = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        if not isinstance(own, dict):
            raise AnsibleActionFail(f"the module {self._task.action} gave no result")
        result.update(own)
        self.show_result(result, _host_of(task_vars))
        return result

    def _runs_here(self) -> bool:
        """Whether the module would run on this machine, as the same user with the same variables."""
        return (
            self._connection.transport == "local"
            and not self._play_context.become
            and not self._task.async_val
            and not any(self._task.environment or ())
            and all(importlib.util.find_spec(library) is not None for library in self.needed_libraries)
        )

    def _show(self, line: str) -> None:
        self._write(f"  {line}", newline=True)

    def _write(self, text: str, *, newline: bool) -> None:
        if not self._task.no_log:
            self._display.display(text, newline=newline)


def _host_of(task_vars: Mapping[str, Any] | None) -> str:
    return str((task_vars or {}).get("inventory_hostname", "localhost"))


def secret_values(specification: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[str]:
    """Give the values of all parameters marked ``no_log``, those of suboptions included."""
    for name, option in specification.items():
        value = parameters.get(name)
        # An empty text is found everywhere.
        if value is None or value == "":
            continue
        if option.get("no_log"):
            yield str(value)
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, Mapping) and option.get("options"):
                yield from secret_values(option["options"], entry)
