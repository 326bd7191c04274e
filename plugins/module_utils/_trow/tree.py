# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree's files as texts: what the user has put into the overlay of the cluster becomes a part of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.ownership import (
    FOREIGN,
    Changes,
    Conflict,
    compare,
    judge,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.yaml_writer import yaml_text

# A text, or a mapping that becomes YAML.
Content: TypeAlias = "str | Mapping[str, Any]"

KUSTOMIZATION = "kustomization.yaml"
# Under these, too, kustomize finds what it builds.
_OTHER_NAMES = ("kustomization.yml", "Kustomization")
_ENDINGS = (".yaml", ".yml")
_KIND_COMPONENT = re.compile(r"""^(?:\{.*)?["']?kind["']?:\s*["']?Component\b""", re.MULTILINE)


@dataclass(frozen=True)
class Tree:
    """What a tree shall be.

    :ivar files: path to content of the files that are ours
    :ivar overlay: the folder whose kustomization the user's own files are added to
    """

    files: Mapping[str, Content]
    overlay: str

    def changes(self, found: Mapping[str, str]) -> Changes:
        """What has to be written and removed.

        :param found: path to text of all files of the tree
        """
        own = {
            path: text for path, text in found.items() if path not in self.files and judge(text) == FOREIGN
        }
        wanted = {path: self._text(path, content, own) for path, content in self.files.items()}
        folders = {path.rpartition("/")[0] for path in self.files}
        changes = compare(found, wanted, folders)
        second = tuple(
            Conflict(path, f"kustomize takes one of {', '.join((KUSTOMIZATION, *_OTHER_NAMES))}; delete it")
            for path in changes.own
            if path.rpartition("/")[0] in folders and path.rpartition("/")[2] in _OTHER_NAMES
        )
        return Changes(changes.write, changes.remove, changes.own, (*changes.conflicts, *second))

    def _text(self, path: str, content: Content, own: Mapping[str, str]) -> str:
        if isinstance(content, str):
            return content
        if path == f"{self.overlay}/{KUSTOMIZATION}":
            return yaml_text(completed(content, self.overlay, own))
        return yaml_text(content)


def completed(kustomization: Mapping[str, Any], folder: str, own: Mapping[str, str]) -> dict[str, Any]:
    """The kustomization of a folder with the user's own files there, behind ours and by name.

    ``patch-*.yaml`` and ``*.patch.yaml`` are patches, other YAML files are resources, and so are folders
    with a kustomization of their own, unless that is a Component.

    :param own: path to text
    """
    resources = list(kustomization.get("resources") or ())
    patches = list(kustomization.get("patches") or ())
    components: list[str] = []
    for path in sorted(own):
        if not path.startswith(f"{folder}/"):
            continue
        name = path[len(folder) + 1 :]
        inside, slash, last = name.partition("/")
        if slash:
            if last in (KUSTOMIZATION, *_OTHER_NAMES):
                (components if _KIND_COMPONENT.search(own[path]) else resources).append(inside)
        elif is_patch(name):
            patches.append({"path": name})
        elif name.endswith(_ENDINGS) and not name.startswith("."):
            resources.append(name)
    result = {key: value for key, value in kustomization.items() if key not in ("resources", "patches")}
    if resources:
        result["resources"] = list(dict.fromkeys(resources))
    if components:
        result["components"] = components
    if patches:
        result["patches"] = patches
    return result


def is_patch(name: str) -> bool:
    """Whether a file of the user's, by its name, changes an object that is there."""
    stem, dot, ending = name.rpartition(".")
    return f"{dot}{ending}" in _ENDINGS and (stem.startswith("patch-") or stem.endswith(".patch"))
