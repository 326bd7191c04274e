# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts of the pods, as text: they go to the cluster in a ConfigMap.

A module that runs as a file of its own has no files beside it; so its action plugin reads them and gives
them to it as an option.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown

# What runs a script on a node.
RUN_FILES = ("action_message.sh", "run_action.sh", "run_on_node.sh")
# In a DaemonSet, beside those.
RECORD_FILES = ("record_action.sh",)
# What serves packages.
SERVER_FILES = ("catalogue.awk", "fetch_packages.sh", "serve_packages.sh", "serve_storage.sh")
POD_FILES = (*RUN_FILES, *RECORD_FILES, *SERVER_FILES)

_FOLDER = Path(__file__).parent / "files"


class PodFilesError(ArtifactsError):
    """The scripts of the pods are not where they should be."""


def read_pod_files() -> dict[str, str]:
    """The scripts by their names, POD_FILES.

    :raises PodFilesError: one cannot be read
    """
    try:
        return {name: (_FOLDER / name).read_text(encoding="utf-8") for name in POD_FILES}
    except (OSError, UnicodeDecodeError) as error:
        raise PodFilesError(f"the scripts of the pods cannot be read beside the module: {error}") from error


def check_pod_files(raw: object, where: str = "pod_files") -> tuple[dict[str, str], list[Fault]]:
    """Read scripts that were given as an option: a mapping of all POD_FILES to their texts. Never raises."""
    if not isinstance(raw, Mapping):
        return {}, [Fault(where, f"{shown(raw)} is not a mapping of the pods' scripts to their texts")]
    faults = [
        Fault(where, f"the script {name} is missing")
        for name in POD_FILES
        if not isinstance(raw.get(name), str)
    ]
    return ({}, faults) if faults else ({name: raw[name] for name in POD_FILES}, [])
