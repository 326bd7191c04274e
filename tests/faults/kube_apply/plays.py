# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs plays of a test's own on this machine, with the collection as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils import _errors

# Where the collection is imported from, above ansible_collections.
COLLECTIONS = Path(_errors.__file__).parents[5]
# Keywords of a task, by the way in which it is run.
HOW: Mapping[str, Mapping[str, Any]] = {
    "in the controller": {},
    "as a module": {"environment": {"AS_MODULE": "1"}},
}
_SECONDS = 600


def run_play(
    folder: Path,
    tasks: Sequence[Mapping[str, Any]],
    *options: str,
    hosts: Sequence[str] = ("localhost",),
    variables: Mapping[str, Any] | None = None,
    module_defaults: Mapping[str, Any] | None = None,
) -> tuple[int, str]:
    """Run the tasks; gives the exit code and everything that was printed.

    :param folder: where the play is written to and run in
    :param options: of ansible-playbook
    :param hosts: names of the inventory's hosts, each of which is this machine
    """
    play = {
        "name": "Test",
        "hosts": "all",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable, **(variables or {})},
        "module_defaults": module_defaults or {},
        "tasks": tasks,
    }
    (folder / "book.yml").write_text(json.dumps([play]))
    program = Path(sys.executable).with_name("ansible-playbook")
    inventory = "".join(f"{host}," for host in hosts)
    paths = filter(None, (str(COLLECTIONS), os.environ.get("ANSIBLE_COLLECTIONS_PATH")))
    environment = {"ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths), "ANSIBLE_FORCE_COLOR": "0"}
    done = subprocess.run(
        [program, "-i", inventory, "-c", "local", *options, "book.yml"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def run_task(
    folder: Path,
    module: str,
    parameters: Mapping[str, Any],
    *options: str,
    keywords: Mapping[str, Any] | None = None,
    hosts: Sequence[str] = ("localhost",),
    module_defaults: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], str]:
    """Run one task of the collection; gives the first host's result and everything that was printed.

    The task may fail; AssertionError where the play does all the same.

    :param module: its name without that of the collection
    :param keywords: further ones of the task, such as those of HOW
    """
    task = {
        "name": "Test",
        f"clusterdepot.artifacts.{module}": parameters,
        "register": "tested",
        "ignore_errors": True,
        **(keywords or {}),
    }
    copied = {"dest": str(folder / "result-{{ inventory_hostname }}"), "content": "{{ tested | to_json }}"}
    # What is printed is of the task itself.
    keep = {
        "name": "Keep",
        "ansible.builtin.copy": copied,
        "check_mode": False,
        "diff": False,
        "no_log": True,
    }
    code, printed = run_play(folder, [task, keep], *options, hosts=hosts, module_defaults=module_defaults)
    assert code == 0, printed
    result: dict[str, Any] = json.loads((folder / f"result-{hosts[0]}").read_text())
    return result, printed
