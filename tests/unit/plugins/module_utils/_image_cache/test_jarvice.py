# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.jarvice import (
    IntervalError,
    read_interval,
    read_jarvice,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference
from tests.unit.plugins.module_utils._image_cache.json_like import JSON_LIKE

# The example in JARVICE's documentation.
EXAMPLE = """
[
    {
        "ref": "ubuntu:xenial",
        "registry": "docker.io",
        "private": false,
        "config": "jarvice-docker",
        "arch": {
            "amd64": "docker.io/library/ubuntu:xenial",
            "ppc64le": "docker.io/ppc64le/ubuntu:xenial"
        }
    },
    {
        "ref": "fail-test",
        "registry": "docker.io",
        "private": true,
        "config": "jarvice-docker",
        "arch": {
            "amd64": "docker.io/kenhill/abc123:test"
        }
    }
]
"""


def entry(index: int, reference: str, architectures: str = "", pull_secret: str = "") -> ImageEntry:
    return ImageEntry(
        index,
        parse_reference(reference),
        frozenset(architectures.split()),
        pull_secret,
        (),
        Strategy.SLEEPER,
    )


def entries(*elements: object) -> list[ImageEntry]:
    found, faults = read_jarvice(list(elements), Strategy.SLEEPER)
    assert faults == []
    return found


def faults(raw: object) -> list[str]:
    return [str(fault) for fault in read_jarvice(raw, Strategy.SLEEPER)[1]]


@pytest.mark.parametrize("raw", [EXAMPLE, json.loads(EXAMPLE)])
def test_the_documented_example(raw: object) -> None:
    found, told = read_jarvice(raw, Strategy.SLEEPER)
    assert told == []
    assert found == [
        entry(0, "docker.io/library/ubuntu:xenial", "amd64"),
        entry(0, "docker.io/ppc64le/ubuntu:xenial", "ppc64le"),
        entry(1, "docker.io/kenhill/abc123:test", "amd64", "jarvice-docker"),
    ]


def test_the_default_strategy_is_taken() -> None:
    found, _faults = read_jarvice(EXAMPLE, Strategy.VOLUME)
    assert {one.strategy for one in found} == {Strategy.VOLUME}


def test_names_of_uname_are_architectures() -> None:
    arch = {"x86_64": "a.test/x:1", "aarch64": "a.test/y:1"}
    assert entries({"arch": arch}) == [entry(0, "a.test/x:1", "amd64"), entry(0, "a.test/y:1", "arm64")]


def test_architectures_of_one_reference_are_one_entry() -> None:
    arch = {"amd64": "a.test/x:1", "arm64": "a.test/y:1", "s390x": "a.test/x:1"}
    assert entries({"arch": arch}) == [entry(0, "a.test/x:1", "amd64 s390x"), entry(0, "a.test/y:1", "arm64")]


@pytest.mark.parametrize(
    ("element", "reference"),
    [
        ({"ref": "ubuntu:xenial", "registry": "docker.io"}, "docker.io/library/ubuntu:xenial"),
        ({"ref": "ubuntu"}, "docker.io/library/ubuntu:latest"),
        ({"ref": "a/b", "registry": "quay.io"}, "quay.io/a/b:latest"),
        ({"ref": "quay.io/a/b:1", "registry": "quay.io"}, "quay.io/a/b:1"),
        ({"ref": "a/b:1", "registry": "https://index.docker.io/v1/"}, "docker.io/a/b:1"),
        ({"ref": "b:1", "registry": "r.test:5000/team/", "arch": None}, "r.test:5000/team/b:1"),
    ],
)
def test_without_arch_the_reference_is_registry_and_ref(element: object, reference: str) -> None:
    assert entries(element) == [entry(0, reference)]


def test_the_secret_counts_for_private_images_alone() -> None:
    assert [
        one.pull_secret
        for one in entries(
            {"ref": "a", "private": True},
            {"ref": "b", "private": True, "config": "mine"},
            {"ref": "c", "private": False, "config": "Not a secret's name"},
            {"ref": "d", "config": "mine"},
        )
    ] == ["jarvice-docker", "mine", "", ""]


def test_the_same_image_twice_is_one_entry() -> None:
    assert entries(
        {"arch": {"amd64": "a.test/x:1"}},
        {"ref": "other"},
        {"arch": {"arm64": "a.test/x:1", "amd64": "a.test/x:1"}},
    ) == [entry(0, "a.test/x:1", "amd64 arm64"), entry(1, "docker.io/library/other:latest")]
    assert entries({"arch": {"amd64": "a.test/x:1"}}, {"ref": "x:1", "registry": "a.test"}) == [
        entry(0, "a.test/x:1")
    ]


def test_one_image_with_two_secrets_is_a_fault() -> None:
    (fault,) = faults([{"ref": "a", "private": True}, {"arch": {"amd64": "a"}}])
    assert fault == (
        "jarvice_images[1]: 'docker.io/library/a:latest' is in jarvice_images[0] already, "
        "with the secret jarvice-docker instead of no secret"
    )
    two = [{"arch": {"amd64": "a"}, "private": True}, {"arch": {"arm64": "a"}}]
    assert [one.pull_secret for one in entries(*two)] == ["jarvice-docker", ""]


@pytest.mark.parametrize(
    ("element", "where", "parts"),
    [
        (
            "alpine",
            "jarvice_images[0]",
            ["'alpine' is not a mapping", "ref, registry, private, config, arch"],
        ),
        ({}, "jarvice_images[0]", ["neither 'ref' nor 'arch'"]),
        ({"ref": "a", "image": 1}, "jarvice_images[0]", ["'image'", "allowed: ref, registry"]),
        ({"ref": ["a"]}, "jarvice_images[0].ref", ["a list is not a string"]),
        ({"ref": "A"}, "jarvice_images[0].ref", ["'docker.io/A'"]),
        ({"ref": "a", "registry": 1}, "jarvice_images[0].registry", ["1 is not a string"]),
        ({"ref": "a", "private": "true"}, "jarvice_images[0].private", ["'true'", "true, false"]),
        ({"ref": "a", "config": 1}, "jarvice_images[0].config", ["1 is not a string"]),
        ({"ref": "a", "private": True, "config": "A"}, "jarvice_images[0].config", ["'A'", "secret"]),
        ({"arch": []}, "jarvice_images[0].arch", ["a list"]),
        ({"arch": {}}, "jarvice_images[0].arch", ["empty"]),
        ({"arch": {"vax": "a"}}, "jarvice_images[0].arch", ["'vax'", "amd64, arm64"]),
        ({"arch": {"linux/amd64": "a"}}, "jarvice_images[0].arch", ["'linux/amd64'"]),
        ({"arch": {1: "a"}}, "jarvice_images[0].arch", ["1 is not a string"]),
        ({"arch": {"amd64": None}}, "jarvice_images[0].arch.amd64", ["nothing is not a string"]),
        ({"arch": {"aarch64": "a b"}}, "jarvice_images[0].arch.arm64", ["'a b'"]),
        ({"arch": {"amd64": "a", "x86_64": "b"}}, "jarvice_images[0].arch.amd64", ["'b'", "library/a"]),
    ],
)
def test_a_fault_names_place_value_and_what_is_allowed(element: Any, where: str, parts: list[str]) -> None:
    (fault,) = faults([element])
    assert fault.startswith(f"{where}: ")
    assert all(part in fault for part in parts), fault


def test_all_faults_at_once_and_the_good_entries_beside_them() -> None:
    bad = {"ref": 1, "registry": 2, "private": 3, "config": 4, "arch": {"z80": "a", "amd64": 5}, "x": 6}
    found, told = read_jarvice([{"ref": "a"}, bad, {"ref": "b"}], Strategy.SLEEPER)
    assert [one.index for one in found] == [0, 2]
    assert sorted(fault.where.removeprefix("jarvice_images[1]") for fault in told) == [
        "",
        ".arch",
        ".arch.amd64",
        ".config",
        ".private",
        ".ref",
        ".registry",
    ]


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("", "not JSON"),
        ('[{"ref": "a",}]', "line 1, column 14"),
        ("[" * 100_000, "not JSON"),
        ("[" + "9" * 5000 + "]", "not JSON"),
        ("{}", "a mapping is not a list"),
        (None, "nothing is not a list"),
        (5, "5 is not a list"),
    ],
)
def test_what_is_no_list_is_one_fault(raw: object, part: str) -> None:
    (fault,) = faults(raw)
    assert fault.startswith("jarvice_images: ")
    assert part in fault


@given(JSON_LIKE | st.lists(JSON_LIKE) | st.text())
def test_whatever_comes_is_entries_or_faults(raw: object) -> None:
    found, told = read_jarvice(raw, Strategy.SLEEPER)
    for fault in told:
        assert fault.where.startswith("jarvice_images")
        assert str(fault).isprintable()
    told_of = {entry.index for entry in found}
    for index in range(len(raw)) if isinstance(raw, list) and not found else ():
        assert any(fault.where.startswith(f"jarvice_images[{index}]") for fault in told)
    assert len({(str(one.reference), one.pull_secret) for one in found}) == len(found)
    assert told_of or told or raw in ([], "[]")


@given(st.lists(JSON_LIKE, max_size=3))
def test_text_and_what_it_says_are_read_alike(raw: list[object]) -> None:
    try:
        text = json.dumps(raw)
        parsed = json.loads(text)
    except (TypeError, ValueError):
        return
    assert read_jarvice(text, Strategy.SLEEPER) == read_jarvice(parsed, Strategy.SLEEPER)


@pytest.mark.parametrize(("raw", "seconds"), [(0, 0), (60, 60), (300, 300), ("300", 300), (" 3600\n", 3600)])
def test_interval(raw: object, seconds: int) -> None:
    assert read_interval(raw) == seconds


@pytest.mark.parametrize(
    "raw", [None, True, 1, 59, -300, 31536001, 10**30, 300.0, "5m", "", "-300", "٣٠٠", "9" * 6000, [], {}]
)
def test_interval_that_cannot_be_used(raw: object) -> None:
    with pytest.raises(
        IntervalError, match=r"^interval: .+; allowed: 0 \(never\), or whole seconds from 60 to"
    ):
        read_interval(raw)


def test_interval_that_is_too_long_to_be_shown() -> None:
    with pytest.raises(IntervalError, match="a huge number"):
        read_interval(10**5000)


@given(JSON_LIKE)
def test_interval_is_a_number_or_refused(raw: object) -> None:
    with suppress(IntervalError):
        seconds = read_interval(raw)
        assert seconds == 0 or 60 <= seconds <= 31536000
