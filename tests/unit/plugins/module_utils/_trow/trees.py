# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole trees, and how each is kept in a file of the folder golden, to be read in a review.

``python -m tests.unit.plugins.module_utils._trow.trees`` writes these files anew.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.preparation import prepare
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.tree import Tree
from tests.unit.plugins.module_utils._trow.wishes import ALL, CA, HOST, NOTES, VALIDATION

GOLDEN = Path(__file__).parent / "golden"
KUBECTL = Path(sys.executable).parent / "kubectl"
# All that kustomize has no better word for.
FIELDS = {"apiVersion", "kind", "labels", "resources", "patches", "transformers"}

_REGISTRY = {"host": "docker.io", "alias": "docker"}
_BOTH = {
    "image_validation": VALIDATION,
    "admission": True,
    "admission_ca_bundle": CA,
    "hostpath_nodes": ["node-1"],
}
WISHES: dict[str, dict[str, Any]] = {
    "notes": NOTES,
    "everything": ALL,
    "0.6": {"host": HOST, "version": "0.6", **_BOTH, "registry_proxies": {"registries": [_REGISTRY]}},
    "0.7": {"host": HOST, "version": "0.7", **_BOTH, "registry_proxies": {"registries": [_REGISTRY]}},
    "0.8": {"host": HOST, "version": "0.8", **_BOTH, "registry_proxies": {"registries": [_REGISTRY]}},
    "0.9": {"host": HOST, "version": "0.9", **_BOTH, "registry_proxies": {"max_size": "50GiB"}},
    "0.10": {"host": HOST, "version": "0.10", **_BOTH, "registry_proxies": {"max_size": "50GiB"}},
}
_LICENCE = "\n".join(Path(__file__).read_text("utf-8").splitlines()[:3]) + "\n"


def prepared(name: str, **changes: Any) -> dict[str, Any]:
    """What the filter gives for one of WISHES."""
    result = prepare({**WISHES[name], **changes}, "trow_")
    assert result["faults"] == []
    return result


def tree_of(result: Mapping[str, Any], found: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tree, path to text, beside what is there."""
    changes = Tree(result["files"], result["overlay"]).changes(found or {})
    assert changes.conflicts == ()
    return {**(found or {}), **changes.write}


def write_tree(tree: Mapping[str, str], folder: Path) -> None:
    """Write a tree."""
    for path, text in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


def built(folder: Path) -> list[dict[str, Any]]:
    """What kubectl builds of a folder, without a warning."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


def built_of(
    folder: Path, result: Mapping[str, Any], found: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """What kubectl builds of the tree beside what is there."""
    write_tree(tree_of(result, found), folder)
    return built(folder / result["overlay"])


def kept(tree: Mapping[str, str]) -> str:
    """The tree as one text."""
    parts = (f"=== {path}\n{text}" for path, text in sorted(tree.items()))
    return f"{_LICENCE}{''.join(parts)}"


def main() -> None:
    """Write all files of the folder golden anew."""
    for name in WISHES:
        (GOLDEN / f"{name}.txt").write_text(kept(tree_of(prepared(name))), "utf-8")


if __name__ == "__main__":
    main()
