# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.image_cache_faults import (
    FilterModule,
    image_cache_faults,
)

JARVICE = [
    {"ref": "ubuntu:xenial", "private": False, "arch": {"amd64": "docker.io/library/ubuntu:xenial"}},
    {"ref": "fail-test", "private": "yes", "arch": {"amd64": "docker.io/kenhill/abc123:test"}},
]
SECRET = {"namespace": "a", "name": "b"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"images": ["docker.io/library/ubuntu:22.04", {"ref": "busybox"}], "interval": "300"},
        {"jarvice_images": JARVICE[:1], "strategy": "volume"},
        {"jarvice_images": json.dumps(JARVICE[:1]), "kubeconfig": "", "startup_taint": ""},
        {"node_selector": {"pool": "shop"}, "tolerations": [{"operator": "Exists"}], "wait_timeout": "90"},
    ],
)
def test_what_the_module_takes_has_no_fault(options: dict[str, Any]) -> None:
    assert image_cache_faults(options) == []


def test_all_faults_are_told_and_each_begins_with_the_variable() -> None:
    faults = image_cache_faults(
        {
            "name": "a" * 21,
            "images": ["UPPER", "ubuntu", {"ref": "busybox", "platforms": ["linux/amd64", "windows/amd64"]}],
            "interval": 5,
            "allowed_failures": ["not ok"],
            "startup_taint": "cold:Sometimes",
            "wait_timeout": 0,
            "disk_factor": 0.5,
            "sleeper_image": "not ok",
            "node_selector": {"gpu": True},
            "tolerations": [{"operator": "Perhaps"}],
            "registries": [{"registry": "a.b", "endpoint": "ftp://x"}],
        },
        prefix="cache_",
    )
    assert [fault.partition(": ")[0] for fault in faults] == [
        "cache_images[0]",
        "cache_images[2].platforms[1]",
        "cache_allowed_failures[0]",
        "cache_sleeper_image",
        "cache_node_selector",
        "cache_tolerations[0]",
        "cache_interval",
        "cache_name",
        "cache_wait_timeout",
        "cache_disk_factor",
        "cache_startup_taint",
        "cache_registries[0].endpoint",
    ]


@pytest.mark.parametrize("written", [JARVICE, json.dumps(JARVICE)], ids=["list", "text"])
def test_jarvices_form_is_read_as_list_and_as_text(written: object) -> None:
    (fault,) = image_cache_faults({"jarvice_images": written}, prefix="cache_")
    assert fault.startswith("cache_jarvice_images[1].private: ")


@pytest.mark.parametrize(
    ("options", "begin", "other"),
    [
        ({"images": ["a", "b", "a"]}, "cache_images[2]: ", " is in cache_images[0] already"),
        (
            {"images": ["docker.io/library/ubuntu:xenial"], "jarvice_images": JARVICE[:1]},
            "cache_jarvice_images[0]: ",
            " is in cache_images[0] already",
        ),
    ],
    ids=["one list", "both lists"],
)
def test_the_other_place_of_an_image_is_named_as_the_variable_too(
    options: dict[str, Any], begin: str, other: str
) -> None:
    (fault,) = image_cache_faults(options, prefix="cache_")
    assert fault.startswith(begin)
    assert other in fault


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"wait": "perhaps"}, "argument 'cache_wait' is of type str"),
        ({"strategy": "mount"}, "value of cache_strategy must be one of: sleeper, volume"),
        ({"tolerations": [1]}, "option 'cache_tolerations'"),
        ({"registries": [{}]}, "registry found in cache_registries"),
        ({"registries": [{"registry": "a.b", "port": 1}]}, "cache_registries.port. Supported"),
    ],
)
def test_a_value_of_another_type_is_told_with_the_variable(options: dict[str, Any], told: str) -> None:
    (fault,) = image_cache_faults(options, prefix="cache_")
    assert told in fault


def test_without_a_prefix_the_options_have_their_own_names() -> None:
    (fault,) = image_cache_faults({"wait": "perhaps"})
    assert fault.startswith("argument 'wait' ")
    (fault,) = image_cache_faults({"images": ["a", "a"]})
    assert "is in images[0] already" in fault


def test_files_are_left_to_the_machine_that_the_module_runs_on() -> None:
    assert image_cache_faults({"registries": [{"registry": "a.b", "ca_path": "/nonexistent"}]}) == []
    (fault,) = image_cache_faults({"registries": [{"registry": "a.b", "ca_path": "/n", "ca_secret": SECRET}]})
    assert fault == "registries[0]: ca_path and ca_secret: give one of them"


def test_no_mapping_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(AnsibleFilterError, match="list, no mapping"):
        image_cache_faults(["ubuntu"])


def test_the_readers_are_loaded_only_where_the_filter_is_used() -> None:
    """Every use of any filter of the collection loads this file."""
    program = (
        f"import sys; from {image_cache_faults.__module__} import FilterModule; FilterModule().filters(); "
        "print([name for name in sys.modules if '_image_cache' in name or '_tasks' in name])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    shown = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert shown.stdout == b"[]\n"


def test_filter_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"image_cache_faults": image_cache_faults}
