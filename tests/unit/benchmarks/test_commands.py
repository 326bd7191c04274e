# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that must succeed, and what is read from a playbook."""

from __future__ import annotations

import sys

import pytest

from benchmarks import commands
from benchmarks.embedded import changed_tasks
from benchmarks.errors import BenchmarkError

RECAP = """
PLAY RECAP ****
one                        : ok=10   changed=1    unreachable=0    failed=0    skipped=8
two                        : ok=3    changed=2    unreachable=0    failed=0    skipped=0
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_standard_output_is_given_and_standard_input_is_read() -> None:
    assert commands.run(python("print(input())"), standard_input="text") == "text\n"


def test_a_failure_tells_the_code_and_the_end_of_what_was_said() -> None:
    code = "import sys; print('first'); print('why' * 3, file=sys.stderr); sys.exit(7)"
    with pytest.raises(BenchmarkError, match=r"ended with 7:\nfirst\nwhywhywhy"):
        commands.run(python(code))


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(BenchmarkError, match="there-is-no-such-tool"):
        commands.run([commands.tool("there-is-no-such-tool")])


def test_settings_of_the_users_do_not_reach_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANSIBLE_FORKS", "KUBECONFIG", "K8S_AUTH_CONTEXT"):
        monkeypatch.setenv(name, "users")
    code = "import os; print(*sorted(k for k, v in os.environ.items() if v in ('users', 'ours')))"
    assert commands.run(python(code), K8S_AUTH_KUBECONFIG="ours") == "K8S_AUTH_KUBECONFIG\n"


def test_changed_tasks_of_all_hosts_are_summed() -> None:
    assert changed_tasks(RECAP) == 3


def test_a_playbook_without_a_recap_is_no_run() -> None:
    with pytest.raises(BenchmarkError, match="without a recap"):
        changed_tasks("ERROR!")
