# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.ownership import with_header
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.tree import Tree, completed

KUSTOMIZATION: dict[str, Any] = {
    "kind": "Kustomization",
    "resources": ["../nginx"],
    "patches": [{"path": "patch-ours.yaml"}],
}
TREE = Tree({"base/x.yaml": "x\n", "overlays/a/kustomization.yaml": KUSTOMIZATION}, "overlays/a")


def _built(found: Mapping[str, str]) -> Any:
    changes = TREE.changes(found)
    assert changes.conflicts == ()
    return yaml.safe_load(changes.write["overlays/a/kustomization.yaml"])


@pytest.mark.parametrize(
    ("name", "resources", "patches"),
    [
        ("patch-mine.yaml", [], ["patch-mine.yaml"]),
        ("patch-mine.yml", [], ["patch-mine.yml"]),
        ("mine.patch.yaml", [], ["mine.patch.yaml"]),
        ("mine.yaml", ["mine.yaml"], []),
        ("dispatch-mine.yml", ["dispatch-mine.yml"], []),
        ("mine/kustomization.yaml", ["mine"], []),
        ("mine/Kustomization", ["mine"], []),
        ("mine/other.yaml", [], []),
        ("mine/deeper/kustomization.yaml", [], []),
        ("README.md", [], []),
        ("values.json", [], []),
    ],
)
def test_what_users_put_there_counts(name: str, resources: list[str], patches: list[str]) -> None:
    built = _built({f"overlays/a/{name}": "mine\n"})
    assert built["resources"] == ["../nginx", *resources]
    assert [patch["path"] for patch in built["patches"]] == ["patch-ours.yaml", *patches]


@pytest.mark.parametrize(
    ("text", "is_component"),
    [
        ("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n", True),
        ('kind:  "Component" # mine\n', True),
        ('{"apiVersion": "x", "kind": "Component"}', True),
        ("kind: Kustomization\n# kind: Component\n", False),
        ("kind: ComponentStatus\n", False),
        ("labels:\n- pairs:\n    kind: Component\n", False),
        ("", False),
    ],
)
def test_a_component_is_no_resource(text: str, *, is_component: bool) -> None:
    built = _built({"overlays/a/mine/kustomization.yaml": text})
    assert built.get("components", []) == ["mine"] * is_component
    assert built["resources"] == ["../nginx", *["mine"] * (not is_component)]


def test_what_is_elsewhere_does_not() -> None:
    own = ["base/mine.yaml", "overlays/ab/mine.yaml", "overlays/b/kustomization.yaml", "mine.yaml"]
    assert _built(dict.fromkeys(own, "mine\n")) == KUSTOMIZATION
    assert TREE.changes(dict.fromkeys(own, "mine\n")).own == tuple(sorted(own))


def test_the_order_is_that_of_the_names() -> None:
    files = [f"overlays/a/{name}.yaml" for name in ("c", "a", "b")]
    assert completed({}, "overlays/a", dict.fromkeys(files, "")) == {
        "resources": ["a.yaml", "b.yaml", "c.yaml"]
    }


def test_a_file_of_ours_that_is_wanted_no_more_is_no_resource() -> None:
    found = {"overlays/a/old.yaml": with_header("old\n")}
    assert _built(found) == KUSTOMIZATION
    assert TREE.changes(found).remove == ("overlays/a/old.yaml",)


@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
def test_a_second_kustomization_is_a_conflict(name: str) -> None:
    (conflict,) = TREE.changes({f"overlays/a/{name}": "mine\n"}).conflicts
    assert conflict.path == f"overlays/a/{name}"
    assert "delete it" in conflict.reason
