# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node actions in a fake fleet: how their pods end, and the Jobs that the collection itself renders. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    HASH_ANNOTATION,
    INSTANCE_LABEL,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_faults import (
    read_options,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_spec import (
    ARGUMENT_SPEC,
)
from benchmarks.errors import BenchmarkError
from benchmarks.fake_stages import Ending

NAMESPACE = "package-server"
SCRIPT_MILLISECONDS = 1000
FAILED_CODE = 3
# As long as the end of what a package manager prints.
_OUTPUT = "".join(f"Setting up package-{number} (1.0.{number}-1) ...\n" for number in range(10))
_LINE = r"""{"hash":"%s","code":%d,"changed":true,"seconds":1,"reason":"","output":"OUTPUT"}"""
_ENDED = """
{{ $now := Now }}
{{ $name := index .metadata.labels "LABEL" }}
{{ $hash := index .metadata.annotations "HASH" }}
{{ $code := 0 }}
{{ if and (has $name (list ACTIONS)) (has .spec.nodeName (list NODES)) }}{{ $code = FAILED_CODE }}{{ end }}
phase: {{ if $code }}Failed{{ else }}Succeeded{{ end }}
containerStatuses:
{{ range .status.containerStatuses }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: {{ .imageID | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: {{ $code }}
      reason: {{ if $code }}Error{{ else }}Completed{{ end }}
      startedAt: {{ .state.running.startedAt | Quote }}
      finishedAt: {{ $now | Quote }}
      message: {{ printf `LINE` $hash $code | Quote }}
{{ end }}
"""


def ending(failing_actions: Collection[str], failing_nodes: Collection[str]) -> Ending:
    """Pods end after a second, with what the runner writes (action_message.sh) as termination message.

    The code in it is 0, and FAILED_CODE for pods of one of these actions that are on one of these nodes.
    """
    output = _OUTPUT.rstrip("\n").replace("\n", r"\n")
    filled = {
        "LABEL": INSTANCE_LABEL,
        "HASH": HASH_ANNOTATION,
        "ACTIONS": _strings(failing_actions),
        "NODES": _strings(failing_nodes),
        "FAILED_CODE": str(FAILED_CODE),
        "LINE": _LINE.replace("OUTPUT", output),
    }
    template = _ENDED
    for word, text in filled.items():
        template = template.replace(word, text)
    return Ending(template, SCRIPT_MILLISECONDS)


def parameters(name: str, parallel: int, failures: int, **more: object) -> dict[str, Any]:
    """Those of a task node_action without canaries; what is not in `more` is as the module has it."""
    defaults = {option: spec.get("default") for option, spec in ARGUMENT_SPEC.items()}
    chosen = {"canary": 0, "max_parallel": parallel, "max_fail": failures, "namespace": NAMESPACE}
    return {**defaults, "name": name, "script": "#!/bin/sh\ntrue\n", **chosen, **more}


def jobs(given: Mapping[str, Any], nodes: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The Jobs that a task with these parameters creates, by node; `nodes` are UIDs by name.

    Raises BenchmarkError where the parameters are at fault.
    """
    wish, faults = read_options(given)
    if wish is None:
        raise BenchmarkError("; ".join(faults))
    configuration = action_configuration(wish.action, wish.storage, wish.settings, wish.pod_files)
    return {
        name: make_job(wish.action, wish.storage, wish.settings, configuration, name, uid)
        for name, uid in nodes.items()
    }


def _strings(texts: Collection[str]) -> str:
    return " ".join(f'"{text}"' for text in sorted(texts))
