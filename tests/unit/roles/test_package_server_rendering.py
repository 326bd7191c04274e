# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What nodes are given of packages and actions, as provision renders it."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_spec import (
    ARGUMENT_SPEC,
)
from tests.unit.roles.rendering import FIXED, ROOT, SERVER_CASES, Rendered, run

NAME = "package-server"
MODULE = "clusterdepot.artifacts.node_action"
EXAMPLE = ROOT / "inventory" / "examples" / "pkg-serve" / "group_vars" / "controllers"
GOOD = sorted(SERVER_CASES.keys() - {"server_bad"})


def _of_the_role(path: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / "package_server" / path).read_text(encoding="utf-8"))


def _absent(rendered: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["kind"], item["metadata"]["name"]) for item in rendered]


def test_without_packages_and_actions_nodes_are_given_nothing(rendered: Mapping[str, Rendered]) -> None:
    for case in ("boreas", "credentials", "cache", "router"):
        assert rendered[case].server_enabled is False
        assert NAME not in {item["metadata"]["name"] for item in rendered[case].objects}


@pytest.mark.parametrize("case", GOOD)
def test_only_this_namespace_may_have_privileged_pods(rendered: Mapping[str, Rendered], case: str) -> None:
    assert rendered[case].faults == []
    assert rendered[case].server_enabled is True
    labels = {
        item["metadata"]["name"]: item["metadata"]["labels"].get("pod-security.kubernetes.io/enforce")
        for item in rendered[case].objects
        if item["kind"] == "Namespace"
    }
    assert labels.pop(NAME) == "privileged"
    labels.pop("docker-registry-nodes")
    assert "privileged" not in labels.values()


def test_packages_without_actions_are_served_all_the_time(rendered: Mapping[str, Rendered]) -> None:
    server = rendered["server"]
    template = server.one("DaemonSet", NAME)["spec"]["template"]["spec"]
    (ports,) = [container["ports"] for container in template["containers"] if "ports" in container]
    assert (ports[0]["hostPort"], ports[0]["hostIP"]) == (8290, "127.0.0.1")
    assert template["tolerations"] == [{"operator": "Exists"}]
    assert template["automountServiceAccountToken"] is False
    (scripts,) = [volume["configMap"]["name"] for volume in template["volumes"] if "configMap" in volume]
    configuration = server.one("ConfigMap", scripts)
    assert configuration["immutable"] is True
    assert "127.0.0.1:8290" in configuration["data"]["haproxy.cfg"]
    assert "mypackage-123456.deb" in configuration["data"]["packages.toml"]
    assert server.server_runs == {}
    assert "ServiceAccount" not in [item["kind"] for item in server.objects]


def test_credentials_are_in_a_secret_that_rolls_the_server_out(rendered: Mapping[str, Rendered]) -> None:
    server = rendered["server"]
    secret = server.one("Secret", f"{NAME}-storage")
    assert b64decode(secret["data"]["account_key"]) == b"aHVudGVyMg=="
    daemonset = server.one("DaemonSet", NAME)
    assert daemonset["metadata"]["annotations"] == {
        "artifacts.clusterdepot.io/rollout-on": f"secret/{NAME}-storage"
    }
    variables = {
        variable["name"]: variable["valueFrom"]["secretKeyRef"]
        for container in daemonset["spec"]["template"]["spec"]["initContainers"]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    # The other key that such a storage may have is not in the Secret.
    assert variables == {"RCLONE_CONFIG_STORAGE_KEY": {"name": f"{NAME}-storage", "key": "account_key"}}


def test_credentials_that_look_like_json_stay_json(rendered: Mapping[str, Rendered]) -> None:
    secret = rendered["server_of_secrets"].one("Secret", "mine")
    credentials = json.loads(b64decode(secret["data"]["service_account_credentials"]))
    assert credentials == {"type": "service_account"}
    assert rendered["server_of_secrets"].server_runs["install"]["storage"]["secret"] == "mine"
    assert rendered["server_of_secrets"].one("DaemonSet", NAME)


def test_actions_have_the_options_of_the_role_and_their_own(rendered: Mapping[str, Rendered]) -> None:
    runs = rendered["server_of_actions"].server_runs
    assert list(runs) == ["install", "remove", "offline"]
    install = runs["install"]
    assert install["script"] == "echo $1"
    assert (install["max_fail"], install["refresh"]) == (1, 0)
    assert install["selector"] == {"pool": "build"}
    assert install["service_account"] == NAME
    assert runs["remove"]["state"] == "absent"
    assert runs["offline"]["selector"] == {}
    assert not {"storage", "service_account"} & set(runs["offline"])


def test_actions_need_no_server_that_stays(rendered: Mapping[str, Rendered]) -> None:
    actions = rendered["server_of_actions"]
    assert NAME not in [item["metadata"]["name"] for item in actions.objects if item["kind"] == "DaemonSet"]
    assert ("DaemonSet", NAME) in _absent(actions.server_unwanted)
    assert ("DaemonSet", NAME) not in _absent(rendered["server"].server_unwanted)


def test_service_account_is_for_the_storage_only(rendered: Mapping[str, Rendered]) -> None:
    account = rendered["server_of_actions"].one("ServiceAccount", NAME)
    assert account["automountServiceAccountToken"] is False
    assert set(account["metadata"]["annotations"]) == {"azure.workload.identity/client-id", "team"}
    kinds = {item["kind"] for case in GOOD for item in rendered[case].objects if NAME in repr(item)}
    assert not {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"} & kinds
    assert ("ServiceAccount", NAME) in _absent(rendered["server"].server_unwanted)


@pytest.mark.parametrize("case", GOOD)
def test_what_is_not_wanted_is_deleted_by_its_labels_alone(
    rendered: Mapping[str, Rendered], case: str
) -> None:
    assert not [item for item in rendered[case].absent if item["kind"] != "ConfigMap" and NAME in repr(item)]
    assert _absent(rendered[case].server_own) == [("DaemonSet", NAME), ("Secret", f"{NAME}-storage")]
    for item in rendered[case].server_own:
        assert item["metadata"]["namespace"] == NAME
        assert item["apiVersion"] == {"DaemonSet": "apps/v1", "Secret": "v1"}[item["kind"]]


def test_removal_runs_what_takes_back_on_all_nodes(rendered: Mapping[str, Rendered]) -> None:
    removal = rendered["server_of_actions"].server_removal
    assert {run["state"] for run in removal.values()} == {"absent"}
    # Where nothing is run, no storage has to be there; where something is, the action said that it has none.
    assert not [run for run in removal.values() if {"storage", "selector", "script"} & set(run)]
    assert removal["offline"]["absent_script"] == "false"


def test_removal_keeps_the_namespace(rendered: Mapping[str, Rendered]) -> None:
    assert _absent(rendered["server"].server_absent) == [
        ("DaemonSet", NAME),
        ("Secret", f"{NAME}-storage"),
        ("ConfigMap", "package-server-4d1f0c2a9b7e"),
        ("ConfigMap", "ended-1"),
        ("ConfigMap", "interrupted-1"),
        ("Lease", "ended-1"),
        ("Secret", "ended-1"),
        ("Secret", "interrupted-1"),
    ]
    assert _absent(rendered["server"].server_removed) == [
        ("DaemonSet", NAME),
        ("Secret", f"{NAME}-storage"),
        ("ServiceAccount", NAME),
    ]
    assert ("Secret", "mine") in _absent(rendered["server_of_secrets"].server_removed)
    assert _absent(rendered["server_of_secrets"].server_absent)[-1] == ("Namespace", NAME)


def test_removal_that_leaves_nodes_alone_leaves_nothing_that_goes_on(
    rendered: Mapping[str, Rendered],
) -> None:
    actions = ["running", "waiting", "ended", "interrupted", "everywhere", "begun"]
    left = [item for item in _absent(rendered["server_of_secrets"].server_absent) if "-1" in item[1][-2:]]
    assert sorted(left) == sorted(
        [
            *((kind, f"{action}-1") for kind in ("ConfigMap", "Secret") for action in actions),
            ("DaemonSet", "everywhere-1"),
            ("Job", "ended-1"),
            ("Job", "waiting-1"),
            # That of a run which may go on stays.
            ("Lease", "ended-1"),
        ]
    )


def test_configurations_of_no_pod_go(rendered: Mapping[str, Rendered]) -> None:
    for case in GOOD:
        assert _absent(rendered[case].server_stale) == [("ConfigMap", "package-server-4d1f0c2a9b7e")]


def test_all_faults_are_told_at_once_and_without_secrets(rendered: Mapping[str, Rendered]) -> None:
    bad = rendered["server_bad"]
    assert [fault.partition(": ")[0].partition(" is ")[0] for fault in bad.faults] == [
        "package_server_namespace",
        "package_server_actions[2].name",
        "package_server_actions[3].namespace",
        "package_server_storage",
        "package_server_catalogue[mypackage][latest].path",
        "package_server_port",
        "package_server_storage_secret_data[account_key]",
        "package_server_actions[0].name",
        "package_server_actions[0].script",
        "package_server_actions[0].variables",
        "package_server_actions[1].canary",
        "package_server_actions[2]",
        "package_server_actions[3]",
    ]
    assert "hunter2" not in repr(bad)


def test_what_only_a_run_needs_does_not_keep_from_removing(rendered: Mapping[str, Rendered]) -> None:
    removal = rendered["server_bad"].server_removal_faults
    assert [fault.partition(": ")[0].partition(" is ")[0] for fault in removal] == [
        "package_server_namespace",
        "package_server_actions[2].name",
        "package_server_actions[3].namespace",
        "package_server_actions[0].name",
        "package_server_actions[3]",
    ]


def test_module_is_told_all_of_its_options(rendered: Mapping[str, Rendered]) -> None:
    (task,) = [task[MODULE] for task in _of_the_role("tasks/action.yml") if MODULE in task]
    # The action plugin gives these.
    assert set(task) == set(ARGUMENT_SPEC) - {"pod_files"}
    for option in set(task) - {"kubeconfig", "context"}:
        assert task[option].replace(" | default(omit)", "") == f"{{{{ _package_server_run.{option} }}}}"
    for case in GOOD:
        for options in rendered[case].server_runs.values():
            assert set(options) <= set(task)


def test_options_of_the_role_have_the_modules_defaults() -> None:
    defaults = _of_the_role("defaults/main.yml")
    for option, specified in ARGUMENT_SPEC.items():
        variable = f"package_server_{option}"
        if variable in defaults and "default" in specified and option != "name":
            assert defaults[variable] == specified["default"]


def test_what_is_secret_becomes_a_fact_without_being_told() -> None:
    facts = [task for task in _of_the_role("tasks/action.yml") if "ansible.builtin.set_fact" in task]
    assert [task["no_log"] for task in facts] == [True]
    for file in ("main", "render", "finish", "absent"):
        assert not [task for task in _of_the_role(f"tasks/{file}.yml") if "ansible.builtin.set_fact" in task]


@pytest.fixture(scope="module", name="example")
def _example(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    variables = yaml.safe_load((EXAMPLE / "package_server.yml").read_text(encoding="utf-8"))
    given = {**FIXED, **variables, "inventory_dir": str(EXAMPLE.parents[1])}
    return run(tmp_path_factory.mktemp("example"), {"example": given})["example"]


def test_example_runs_the_script_as_it_was(example: Rendered) -> None:
    assert example.faults == []
    assert list(example.server_runs) == ["pkgserve-example"]
    options = example.server_runs["pkgserve-example"]
    assert options["arguments"] == ["install", "mystorageaccountname"]
    assert options["scripts"]["install"] == (EXAMPLE / "install.bash").read_text(encoding="utf-8")
    assert options["storage"] == {
        "type": "azureblob",
        "account": "mystorageaccountname",
        "container": "pkg",
        "identity": "node",
    }
