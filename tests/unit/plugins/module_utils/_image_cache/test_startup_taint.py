# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The start-up taint: how it is written, which taints of a node are meant, what tolerates it."""

from __future__ import annotations

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.node import read_node
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.placement import (
    read_placement,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.startup_taint import (
    is_taint,
    matches,
    toleration,
)

COLD = {"key": "example.com/cold", "value": "yes", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    "text",
    [
        "cold",
        "example.com/cold",
        "cold:NoSchedule",
        "cold=yes:NoExecute",
        "cold=",
        "a.b-c/d_e.f=1:PreferNoSchedule",
    ],
)
def test_what_kubectl_writes_is_a_taint(text: str) -> None:
    assert is_taint(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cold:Sometimes",
        "co ld",
        "/cold",
        "cold=a b",
        "cold:",
        "-cold",
        "a/b/c",
        "cold\n",
        "cold=yes:NoSchedule\n",
    ],
)
def test_anything_else_is_not(text: str) -> None:
    assert not is_taint(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("example.com/cold", True),
        ("example.com/cold:NoSchedule", True),
        ("example.com/cold=yes:NoSchedule", True),
        ("example.com/cold=yes", True),
        ("example.com/cold=no", False),
        ("example.com/cold=", False),
        ("example.com/cold:NoExecute", False),
        ("cold", False),
    ],
)
def test_what_is_written_must_agree_and_the_rest_may_be_anything(text: str, meant: bool) -> None:
    assert matches(COLD, text) is meant


@pytest.mark.parametrize(
    "text", ["example.com/cold", "example.com/cold:NoSchedule", "example.com/cold=yes:NoSchedule"]
)
def test_the_toleration_covers_the_taint(text: str) -> None:
    node = read_node({"metadata": {"name": "n"}, "spec": {"taints": [COLD]}})
    pod = {"spec": {"template": {"spec": {"tolerations": [toleration(text)]}}}}
    (tolerated,) = read_placement(pod).tolerations
    assert tolerated.covers(node.taints[0])
