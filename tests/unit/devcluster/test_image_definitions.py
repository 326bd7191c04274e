# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How images.toml is read: variants, labels, and the files that stand for programs that are not to be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devcluster import cluster, images
from devcluster.addresses import Addresses, blocks
from devcluster.errors import ClusterError
from devcluster.folders import Folders
from devcluster.image_layer import Image
from devcluster.settings import Settings

TWO = """
upstreams = ["example.test"]

[[image]]
reference = "example.test/alone:1"
files = { "/a" = "text:a" }

[[image]]
labels = { "who" = "a stand-in" }
environment = ["A=1"]
files = { "/run" = "stand-in:program", "/b" = "text:b" }
variants = [
  { reference = "example.test/many:1" },
  { reference = "example.test/many:2", also = ["example.test/many:latest"], environment = ["A=2"] },
]
"""


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """Definitions and a stand-in of the test's own."""
    (tmp_path / "images.toml").write_text(TWO)
    (tmp_path / "stand_ins").mkdir()
    (tmp_path / "stand_ins/program").write_text("#!/bin/sh\n")
    monkeypatch.setattr(images, "DEFINITIONS", tmp_path / "images.toml")
    monkeypatch.setattr(images, "STAND_INS", tmp_path / "stand_ins")
    return Folders(tmp_path / "cache", tmp_path / "state")


def blobs(image: Image) -> tuple[dict[str, object], list[str]]:
    manifest = json.loads(image.manifest)
    config = json.loads(image.blobs[manifest["config"]["digest"]])["config"]
    return config, [layer["digest"] for layer in manifest["layers"]]


def test_a_variant_is_the_image_with_other_words(folders: Folders) -> None:
    alone, first, second = images.definitions()
    assert alone.references == ("example.test/alone:1",)
    assert first.references == ("example.test/many:1",)
    assert second.references == ("example.test/many:2", "example.test/many:latest")
    (one, layers), (other, same_layers) = (
        blobs(images.assemble(folders, definition)) for definition in (first, second)
    )
    assert layers == same_layers
    assert one == {"Env": ["A=1"], "Labels": {"who": "a stand-in"}}
    assert other == {"Env": ["A=2"], "Labels": {"who": "a stand-in"}}


def test_a_changed_stand_in_makes_another_image_and_another_cluster(folders: Folders) -> None:
    _, definition, _ = images.definitions()
    settings = Settings(folders, Addresses(next(blocks())))
    before = (images.fingerprint(folders, definition), cluster.plan(settings).code)
    (images.STAND_INS / "program").write_text("#!/bin/sh\nexit 1\n")
    after = (images.fingerprint(folders, definition), cluster.plan(settings).code)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_source_of_an_unknown_kind_is_named(folders: Folders) -> None:
    images.DEFINITIONS.write_text(TWO.replace("stand-in:", "stand-out:"))
    _, definition, _ = images.definitions()
    with pytest.raises(ClusterError, match="unknown kind of source stand-out:program"):
        images.assemble(folders, definition)
