# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.image_list_faults import (
    FilterModule,
    image_list_faults,
)

JARVICE = [
    {"ref": "ubuntu:xenial", "private": False, "arch": {"amd64": "docker.io/library/ubuntu:xenial"}},
    {"ref": "fail-test", "private": "yes", "arch": {"amd64": "docker.io/kenhill/abc123:test"}},
]


def test_good_and_empty_lists_have_no_fault() -> None:
    assert image_list_faults(["docker.io/library/ubuntu:22.04", {"ref": "busybox"}], "v") == []
    assert image_list_faults(JARVICE[:1], "v", form="jarvice") == []
    assert image_list_faults(json.dumps(JARVICE[:1]), "v", form="jarvice", strategy="volume") == []
    assert image_list_faults([], "v") == image_list_faults("", "v", form="jarvice") == []


def test_every_fault_names_the_variable_and_the_place() -> None:
    faults = image_list_faults(
        ["UPPER", "ubuntu", {"ref": "busybox", "platforms": ["linux/amd64", "windows/amd64"]}], "cache_images"
    )
    assert [fault.partition(": ")[0] for fault in faults] == [
        "cache_images[0]",
        "cache_images[2].platforms[1]",
    ]
    assert "UPPER" in faults[0]


@pytest.mark.parametrize("written", [JARVICE, json.dumps(JARVICE)], ids=["list", "text"])
def test_jarvices_form_is_read_as_list_and_as_text(written: object) -> None:
    (fault,) = image_list_faults(written, "cache_jarvice", form="jarvice")
    assert fault.startswith("cache_jarvice[1].private: ")


@pytest.mark.parametrize(("images", "form"), [("[{", "jarvice"), ({"a": 1}, "short"), (7, "jarvice")])
def test_what_is_no_list_is_a_fault_of_the_whole_variable(images: object, form: str) -> None:
    (fault,) = image_list_faults(images, "v", form=form)
    assert fault.startswith("v: ")


@pytest.mark.parametrize(
    ("options", "told"),
    [({"form": "long"}, "short, jarvice"), ({"strategy": "mount"}, "sleeper, volume")],
)
def test_unknown_forms_and_strategies_are_mistakes_of_the_caller(options: dict[str, str], told: str) -> None:
    with pytest.raises(AnsibleFilterError, match=told):
        image_list_faults(["ubuntu"], "v", **options)


def test_the_readers_are_loaded_only_where_there_is_a_list() -> None:
    """Every use of any filter of the collection loads this file."""
    program = (
        f"import sys; from {image_list_faults.__module__} import image_list_faults; "
        "image_list_faults([], 'v'); "
        "print([name for name in sys.modules if '_image_cache' in name])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path)}
    shown = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert shown.stdout == b"[]\n"


def test_filter_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"image_list_faults": image_list_faults}
