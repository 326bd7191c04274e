# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the user's own are kept and applied; a file of the role's that was changed stops the run."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.outside.trow import NAMESPACE, Trow

PATCH = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "trow-set", "annotations": {"example.org/team": "paas"}},
    "spec": {"template": {"metadata": {"annotations": {"example.org/team": "paas"}}}},
}
RESOURCE = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "of-the-user"},
    "data": {"key": "value"},
}
ELSEWHERE = {**RESOURCE, "metadata": {"name": "elsewhere", "namespace": "default"}}
CLUSTER_WIDE = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "ClusterIssuer",
    "metadata": {"name": "of-the-user"},
    "spec": {"selfSigned": {}},
}


def test_a_patch_and_a_resource_of_ones_own_are_applied_and_stay(registry: Trow) -> None:
    patch, resource = registry.overlay / "patch-team.yaml", registry.overlay / "own.yaml"
    texts = {patch: yaml.safe_dump(PATCH), resource: f"# by hand\n{yaml.safe_dump(RESOURCE)}"}
    for path, text in texts.items():
        path.write_text(text)
    foretold = registry.run("--check", "-v")
    assert foretold.actions()[f"ConfigMap {NAMESPACE}/of-the-user"] == "created"
    done = registry.run()
    assert done.changed > 0
    assert registry.pod()["metadata"]["annotations"]["example.org/team"] == "paas"
    assert registry.get("configmap", "of-the-user")["data"] == {"key": "value"}
    assert {path: path.read_text() for path in texts} == texts
    assert registry.run().changed == 0


def test_own_objects_stay_in_the_namespace_they_name(registry: Trow) -> None:
    own = registry.overlay / "elsewhere.yaml"
    own.write_text(yaml.safe_dump_all([ELSEWHERE, CLUSTER_WIDE]))
    try:
        done = registry.run()
        assert done.code == 0, done.output
        found = registry.kubectl.get("configmap", "elsewhere", "-n", "default")
        assert found["data"] == {"key": "value"}
        assert registry.kubectl.get("clusterissuer", "of-the-user")["spec"] == {"selfSigned": {}}
        assert registry.run().changed == 0
    finally:
        own.unlink()
        registry.kubectl("delete", "configmap", "elsewhere", "-n", "default", "--ignore-not-found")
        registry.kubectl("delete", "clusterissuer", "of-the-user", "--ignore-not-found")


def test_octets_of_ones_own_reach_the_cluster(registry: Trow) -> None:
    content = b"a\r\nb\rc\n\xff\0"
    folder = registry.overlay / "octets"
    folder.mkdir()
    generator = {
        "name": "octets-of-the-user",
        "files": ["data.bin"],
        "options": {"disableNameSuffixHash": True},
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"configMapGenerator": [generator]}))
    (folder / "data.bin").write_bytes(content)
    try:
        done = registry.run()
        assert done.code == 0, done.output
        found = registry.get("configmap", "octets-of-the-user")["binaryData"]["data.bin"]
        assert base64.b64decode(found) == content
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        registry.kubectl("delete", "configmap", "octets-of-the-user", "-n", NAMESPACE, "--ignore-not-found")
    # The tree names the folder no more.
    assert registry.run().changed > 0


def test_an_edited_file_is_a_conflict_and_changes_nothing(registry: Trow) -> None:
    edited, taken = registry.overlay / "patch-trow-arg.yaml", registry.tree / "base" / "service.yaml"
    kept = {path: path.read_text() for path in (edited, taken)}
    edited.write_text(kept[edited].replace("2000", "2001"))
    taken.write_text(yaml.safe_dump({"kind": "Service"}))
    before = registry.state()
    try:
        refused = registry.run(log_level="debug")
        assert refused.code != 0
        assert "overlays/paas-sandbox/patch-trow-arg.yaml" in refused.output
        assert "base/service.yaml" in refused.output
        assert registry.state() == before
        assert registry.run("--check", log_level="debug").code != 0
        assert registry.state() == before
    finally:
        for path, text in kept.items():
            path.write_text(text)
    assert registry.run().changed == 0


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param(
            "patch-nobody.yaml", {**PATCH, "metadata": {"name": "nobody"}}, "nobody", id="cannot be built"
        ),
        pytest.param(
            "broken.yaml", {**RESOURCE, "metadata": {"name": "Not A Name"}}, "Not A Name", id="is refused"
        ),
    ],
)
def test_what_cannot_be_built_or_applied_is_told_and_leaves_the_tree_as_it_was(
    registry: Trow, name: str, content: Mapping[str, Any], told: str
) -> None:
    own = registry.overlay / name
    own.write_text(yaml.safe_dump(content))
    before = registry.state()
    try:
        refused = registry.run(log_level="debug")
        assert refused.code != 0
        assert told in refused.output
        assert registry.state() == before
    finally:
        own.unlink()


def test_the_password_is_replaced_by_that_of_a_file(registry: Trow, tmp_path: Path) -> None:
    secret = "of a file, with $ and '"
    (tmp_path / "password").write_text(f"{secret}\n")
    pod = registry.pod()["metadata"]["uid"]
    changed = registry.run("--diff", "-v", password_file=str(tmp_path / "password"))
    assert changed.changed > 0
    assert registry.password() == secret
    assert secret not in changed.output
    assert registry.pod()["metadata"]["uid"] != pod
