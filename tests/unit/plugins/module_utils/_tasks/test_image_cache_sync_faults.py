# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad parameters of image_cache_sync: all of them at once, before anybody is asked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import outcome
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync import run
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_faults import (
    read_wishes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_spec import (
    ARGUMENT_SPEC,
)


class Lines:
    """Takes progress and keeps it."""

    def __call__(self, line: str) -> None:
        """Nothing is done with it."""

    def update(self, line: str) -> None:
        """Nothing is done with it."""


def parameters(**given: Any) -> dict[str, Any]:
    """The parameters as Ansible hands them over."""
    validated = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
    assert not validated.error_messages
    return dict(validated.validated_parameters)


def test_both_lists_are_read_and_the_interval_of_either_form() -> None:
    wishes = read_wishes(
        parameters(
            images=["ubuntu:22.04"],
            jarvice_images='[{"ref": "a", "registry": "docker.io", "arch": {"amd64": "docker.io/b/a:1"}}]',
            interval="300",
            allowed_failures=["b/a:1"],
        )
    )
    assert wishes.faults == ()
    assert [str(entry.reference) for entry in wishes.entries] == [
        "docker.io/library/ubuntu:22.04",
        "docker.io/b/a:1",
    ]
    assert wishes.interval == 300
    assert wishes.allowed_failures == {"docker.io/b/a:1"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"namespace": "Bad_Name"}, "namespace: 'Bad_Name'"),
        ({"name": "a" * 21}, "at most 20 characters"),
        ({"images_per_pod": 0}, "images_per_pod: 0 is not between 1 and 100"),
        ({"images_per_pod": 100, "interval": 60}, "gives 1200 containers a pod; allowed are 600"),
        ({"success_threshold": "nan"}, "success_threshold: nan"),
        ({"wait_timeout": 0}, "wait_timeout: 0.0"),
        ({"disk_factor": 0.5}, "disk_factor: 0.5"),
        ({"interval": 5}, "interval: 5"),
        ({"interval": "soon"}, "interval: 'soon'"),
        ({"sleeper_image": "not a reference"}, "sleeper_image: "),
        ({"image_pull_secrets": ["A"]}, "image_pull_secrets[0]: 'A'"),
        ({"priority_class": "A"}, "priority_class: 'A'"),
        ({"startup_taint": "cold:Sometimes"}, "startup_taint: 'cold:Sometimes'"),
        ({"allowed_failures": ["ok", "not ok"]}, "allowed_failures[1]: 'not ok'"),
        ({"registries": [{"registry": "host:99999"}]}, "registries[0].registry"),
        ({"registries": [{"registry": "a.b", "endpoint": "ftp://x"}]}, "registries[0].endpoint"),
        ({"registries": [{"registry": "a.b", "ca": "no PEM"}]}, "registries[0].ca"),
        ({"registries": [{"registry": "a.b", "ca_path": "/nonexistent"}]}, "registries[0].ca_path"),
        (
            {"registries": [{"registry": "a.b", "ca": "x", "ca_path": "/y"}]},
            "ca and ca_path: give one of them",
        ),
        ({"jarvice_images": "{"}, "jarvice_images"),
        ({"images": [{"ref": "ubuntu", "pull_secrets": "x"}]}, "images[0]"),
        ({"node_selector": {"gpu": True}}, "node_selector: the label gpu has the value true, which is not a"),
        ({"node_selector": {"gpu": 1}}, "node_selector: the label gpu has the value 1, which is not a"),
        ({"node_selector": {"no label": "x"}}, "node_selector: 'no label' is not a label"),
        ({"node_selector": {"kubernetes.io/os": "windows"}}, "Linux nodes only"),
        (
            {"tolerations": [{"operator": "Exists"}, {"keys": "a"}]},
            "tolerations[1]: the key 'keys' is not known",
        ),
        ({"tolerations": [{"key": "a", "value": True}]}, "tolerations[0].value: true is not a string"),
        ({"tolerations": [{"key": "a", "operator": "Is"}]}, "tolerations[0]: 'Is' is not an operator"),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
            "tolerations[0]: the value 'b'",
        ),
        ({"tolerations": [{"value": "b"}]}, "tolerations[0]: without a key"),
        ({"tolerations": [{}]}, "tolerations[0]: without a key"),
        ({"tolerations": [{"key": "a", "effect": "NoRun"}]}, "tolerations[0]: 'NoRun' is not an effect"),
        ({"tolerations": [{"key": "a=b"}]}, "tolerations[0]: 'a=b' is not the key"),
        ({"tolerations": [{"key": "not ok"}]}, "tolerations[0]: 'not ok' is not the key"),
        ({"tolerations": [{"key": "a", "value": "b:NoExecute"}]}, "'b:NoExecute' is not the value"),
        (
            {"tolerations": [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "5"}]},
            "tolerations[0].tolerationSeconds: '5' is not a whole number",
        ),
        (
            {"tolerations": [{"operator": "Exists", "tolerationSeconds": 5}]},
            "tolerations[0].tolerationSeconds: allowed with the effect NoExecute only",
        ),
    ],
)
def test_a_fault_names_the_parameter_and_its_value(given: dict[str, Any], told: str) -> None:
    faults = read_wishes(parameters(**given)).faults
    assert any(told in fault for fault in faults), faults


@pytest.mark.parametrize(
    "toleration",
    [
        {"operator": "Exists"},
        {"operator": "Exists", "key": None, "effect": None},
        {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "kubernetes.io/os", "operator": "Equal", "value": "windows"},
        {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 5},
        {"key": "a"},
    ],
)
def test_a_toleration_as_kubernetes_takes_it_has_no_fault(toleration: dict[str, Any]) -> None:
    given = parameters(tolerations=[toleration], node_selector={"example.com/pool": "shop", "gpu": ""})
    assert read_wishes(given).faults == ()


def test_files_are_not_looked_at_where_others_will_read_them() -> None:
    given = parameters(registries=[{"registry": "a.b", "ca_path": "/nonexistent"}])
    assert read_wishes(given, look_at_files=False).faults == ()


def test_all_faults_are_told_at_once_and_nobody_is_asked() -> None:
    given = parameters(images=["UPPER", 7], interval=5, name="no name", kubeconfig="/nonexistent")
    with pytest.raises(ArtifactsError) as raised:
        run(given, check_mode=False, progress=Lines())
    faults = raised.value.result["faults"]
    assert isinstance(faults, list)
    assert [fault.partition(":")[0] for fault in faults] == ["images[0]", "images[1]", "interval", "name"]
    assert all(fault in raised.value.message for fault in faults)


def test_the_task_fails_with_one_message() -> None:
    told = outcome(run, parameters(interval=1), check_mode=True, diff_mode=False, progress=Lines())
    assert told["failed"]
    assert told["changed"] is False
    assert told["msg"].startswith("interval: 1")
