# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.image_list import (
    read_images,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference
from tests.unit.plugins.module_utils._image_cache.json_like import JSON_LIKE

DIGEST = "sha256:" + "0a" * 32


def entries(*elements: object) -> list[ImageEntry]:
    found, faults = read_images(list(elements), Strategy.SLEEPER)
    assert faults == []
    return found


def faults(*elements: object) -> list[str]:
    return [str(fault) for fault in read_images(list(elements), Strategy.SLEEPER)[1]]


def test_both_forms_of_an_element() -> None:
    full = {
        "ref": "registry.test:5000/shop/web:1",
        "pull_secret": "shop",
        "nodes": {"selector": {"pool": "shop", "example.com/disk": ""}},
        "platforms": ["linux/amd64", "linux/aarch64", "linux/arm/v7"],
        "strategy": "volume",
    }
    assert entries("ubuntu:22.04", full) == [
        ImageEntry(
            0, parse_reference("docker.io/library/ubuntu:22.04"), frozenset(), "", (), Strategy.SLEEPER
        ),
        ImageEntry(
            1,
            parse_reference("registry.test:5000/shop/web:1"),
            frozenset({"amd64", "arm64", "arm"}),
            "shop",
            (("example.com/disk", ""), ("pool", "shop")),
            Strategy.VOLUME,
        ),
    ]


def test_options_that_are_null_are_not_given() -> None:
    bare = dict.fromkeys(("pull_secret", "nodes", "platforms", "strategy"))
    assert entries({"ref": "a", **bare}) == entries("a")
    assert entries({"ref": "a", "pull_secret": "", "nodes": {}, "platforms": []}) == entries("a")


@pytest.mark.parametrize(
    ("written", "canonical", "moving"),
    [
        ("alpine", "docker.io/library/alpine:latest", True),
        ("alpine:3", "docker.io/library/alpine:3", True),
        (f"alpine@{DIGEST}", f"docker.io/library/alpine@{DIGEST}", False),
        (f"alpine:3@{DIGEST}", f"docker.io/library/alpine:3@{DIGEST}", False),
    ],
)
def test_references_are_canonical(written: str, canonical: str, moving: bool) -> None:
    (entry,) = entries(written)
    assert (str(entry.reference), entry.moving) == (canonical, moving)


@pytest.mark.parametrize(
    ("element", "where", "parts"),
    [
        (7, "images[0]", ["7", "neither"]),
        ([], "images[0]", ["a list"]),
        ("UPPER", "images[0]", ["'UPPER'", "lower-case"]),
        ({}, "images[0]", ["'ref' is missing"]),
        ({"ref": 7}, "images[0].ref", ["7 is not a string"]),
        ({"ref": "a@md5:0"}, "images[0].ref", ["sha256, sha512"]),
        ({"ref": "a", "tag": "1"}, "images[0]", ["'tag'", "ref, pull_secret, nodes, platforms, strategy"]),
        ({"ref": "a", "pull_secret": "A_b"}, "images[0].pull_secret", ["'A_b'", "253"]),
        ({"ref": "a", "pull_secret": ["x"]}, "images[0].pull_secret", ["a list is not a string"]),
        ({"ref": "a", "nodes": "all"}, "images[0].nodes", ["'all'", "selector"]),
        ({"ref": "a", "nodes": {"labels": {}}}, "images[0].nodes", ["'labels'", "allowed: selector"]),
        ({"ref": "a", "nodes": {"selector": []}}, "images[0].nodes.selector", ["a list"]),
        ({"ref": "a", "nodes": {"selector": {"a/b/c": "x"}}}, "images[0].nodes.selector", ["'a/b/c'"]),
        ({"ref": "a", "nodes": {"selector": {"": "x"}}}, "images[0].nodes.selector", ["'' is not a label"]),
        ({"ref": "a", "nodes": {"selector": {1: "x"}}}, "images[0].nodes.selector", ["1 is not a label"]),
        ({"ref": "a", "nodes": {"selector": {"a": "-x"}}}, "images[0].nodes.selector", ["'-x'", "63"]),
        ({"ref": "a", "nodes": {"selector": {"a": "x" * 64}}}, "images[0].nodes.selector", ["63"]),
        ({"ref": "a", "nodes": {"selector": {"a": True}}}, "images[0].nodes.selector", ["true", "quotes"]),
        (
            {"ref": "a", "nodes": {"selector": {"kubernetes.io/os": "windows"}}},
            "images[0].nodes.selector",
            ["Linux nodes only"],
        ),
        ({"ref": "a", "platforms": "linux/amd64"}, "images[0].platforms", ["not a list"]),
        ({"ref": "a", "platforms": [None]}, "images[0].platforms[0]", ["nothing is not a string"]),
        ({"ref": "a", "platforms": ["amd64"]}, "images[0].platforms[0]", ["'amd64'", "linux/amd64"]),
        (
            {"ref": "a", "platforms": ["linux/arm64", "windows/amd64"]},
            "images[0].platforms[1]",
            ["'windows/amd64'", "runs on Linux nodes only"],
        ),
        ({"ref": "a", "platforms": ["linux/vax"]}, "images[0].platforms[0]", ["linux/s390x"]),
        ({"ref": "a", "platforms": ["linux/amd64/v3"]}, "images[0].platforms[0]", ["variant"]),
        ({"ref": "a", "platforms": ["linux/arm/v6"]}, "images[0].platforms[0]", ["variant"]),
        ({"ref": "a", "strategy": "pause"}, "images[0].strategy", ["'pause'", "sleeper, volume"]),
        ({"ref": "a", "strategy": {}}, "images[0].strategy", ["a mapping"]),
    ],
)
def test_a_fault_names_place_value_and_what_is_allowed(element: Any, where: str, parts: list[str]) -> None:
    (fault,) = faults(element)
    assert fault.startswith(f"{where}: ")
    assert all(part in fault for part in parts), fault


def test_all_faults_at_once_and_the_good_entries_beside_them() -> None:
    bad = {"ref": "A", "pull_secret": "_", "platforms": ["x", "plan9/386"], "strategy": 1, "more": 1}
    found, told = read_images(["alpine", bad, "busybox", 3], Strategy.VOLUME)
    assert [entry.index for entry in found] == [0, 2]
    assert [fault.where for fault in told] == [
        "images[1]",
        "images[1].ref",
        "images[1].pull_secret",
        "images[1].platforms[0]",
        "images[1].platforms[1]",
        "images[1].strategy",
        "images[3]",
    ]


@pytest.mark.parametrize("raw", [None, "alpine", {"ref": "alpine"}, 1])
def test_what_is_no_list_is_one_fault(raw: object) -> None:
    found, told = read_images(raw, Strategy.SLEEPER)
    assert (found, [fault.where for fault in told]) == ([], ["images"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine", {"ref": "alpine", "platforms": ["linux/amd64"]}),
        ("alpine", {"ref": "alpine", "pull_secret": "x", "strategy": "volume"}),
        (
            {"ref": "alpine", "platforms": ["linux/amd64", "linux/arm64"]},
            {"ref": "alpine", "platforms": ["linux/s390x", "linux/x86_64"]},
        ),
        (
            {"ref": "alpine", "nodes": {"selector": {"a": "1", "b": "2"}}},
            {"ref": "alpine", "nodes": {"selector": {"b": "2", "a": "1"}}},
        ),
    ],
)
def test_the_same_image_for_the_same_nodes_is_a_fault(one: object, other: object) -> None:
    (fault,) = faults("busybox", one, other)
    assert fault.startswith("images[2]: 'docker.io/library/alpine:latest' is in images[1] already")


def test_the_same_image_for_other_nodes_is_none() -> None:
    several = [
        {"ref": "alpine", "platforms": ["linux/amd64"]},
        {"ref": "alpine", "platforms": ["linux/arm64"]},
        {"ref": "alpine", "nodes": {"selector": {"a": "1"}}},
        {"ref": "alpine", "nodes": {"selector": {"a": "2"}}},
        {"ref": "alpine:3"},
    ]
    assert len(entries(*several)) == len(several)


@given(JSON_LIKE | st.lists(JSON_LIKE))
def test_whatever_comes_is_entries_or_faults(raw: object) -> None:
    found, told = read_images(raw, Strategy.SLEEPER)
    indices = [entry.index for entry in found]
    assert indices == sorted(set(indices))
    for fault in told:
        assert fault.where.startswith("images")
        assert str(fault).isprintable()
    length = len(raw) if isinstance(raw, list) else 1
    faulty = {fault.where.partition("]")[0] for fault in told}
    assert len(found) + len(faulty) == length
    for entry in found:
        assert parse_reference(str(entry.reference)) == entry.reference
        assert entry.reference.tag is not None or entry.reference.digest is not None
