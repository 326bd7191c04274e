# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each container may do, sees and is told; with every storage, as a Job, a DaemonSet and a server."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.containers import (
    SERVER_USER,
    STORAGE_USER,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.server import ServerOptions
from tests.unit.plugins.module_utils._nodes.pods import (
    ACTION,
    FILES,
    PLAIN_SETTINGS,
    SETTINGS,
    STORAGES,
    VARIABLE,
    WORKLOADS,
    configured,
    containers_of,
    daemonset_of,
    job_of,
    pod_of,
    server_of,
    storage_of,
)

SERVERS = {"catalogue", "storage", "server"}
SECRETIVE = {"catalogue", "storage"}


@pytest.fixture(name="workload", params=WORKLOADS)
def _workload(request: pytest.FixtureRequest) -> dict[str, Any]:
    return WORKLOADS[request.param]


def environment_of(container: Mapping[str, Any]) -> dict[str, Any]:
    """Variables with their value, or where it comes from; each is there once."""
    found = {one["name"]: one.get("value", one.get("valueFrom")) for one in container["env"]}
    assert len(found) == len(container["env"])
    return found


def mounts_of(container: Mapping[str, Any]) -> dict[str, bool]:
    """Volumes that a container sees, and whether it may write there."""
    return {one["name"]: not one.get("readOnly", False) for one in container["volumeMounts"]}


def wanted_by(script: str) -> set[str]:
    """The variables that a script's description names."""
    description = FILES[script].partition("\nset -")[0]
    return set(re.findall(r"^#   ([A-Z_]+)  ", description, re.MULTILINE))


def test_credentials_are_where_the_storage_is_read_and_nowhere_else(workload: dict[str, Any]) -> None:
    for name, container in containers_of(workload).items():
        environment = environment_of(container)
        secrets = [one for one in environment.values() if isinstance(one, Mapping) and "secretKeyRef" in one]
        rclone = [variable for variable in environment if variable.startswith("RCLONE_C")]
        if name not in SECRETIVE:
            assert not secrets
            assert not rclone
            assert not {"certificates", "source"} & set(mounts_of(container))
        assert "envFrom" not in container


@pytest.mark.parametrize("kind", ["azureblob", "s3", "gcs", "http"])
def test_both_that_read_the_storage_have_its_credentials_by_reference(kind: str) -> None:
    storage = STORAGES[kind]
    for name in SECRETIVE:
        environment = environment_of(containers_of(job_of(ACTION, storage))[name])
        for variable, key in storage.secret_keys:
            assert environment[variable] == {"secretKeyRef": {"name": storage.secret, "key": key}}
        for variable, key in storage.optional_secret_keys:
            reference = {"name": storage.secret, "key": key, "optional": True}
            assert environment[variable] == {"secretKeyRef": reference}
        assert dict(storage.environment).items() <= environment.items()
        assert environment["CATALOGUE_REMOTE"] == storage.remote


def test_only_the_action_is_privileged(workload: dict[str, Any]) -> None:
    for name, container in containers_of(workload).items():
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        if name == "action":
            assert context["privileged"] is True
            continue
        assert context == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": context["runAsUser"],
            "runAsGroup": context["runAsUser"],
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def test_nobody_else_is_the_user_that_holds_the_credentials(workload: dict[str, Any]) -> None:
    users = {name: one["securityContext"]["runAsUser"] for name, one in containers_of(workload).items()}
    holding = {user for name, user in users.items() if name in SECRETIVE}
    others = {user for name, user in users.items() if name not in SECRETIVE}
    assert holding <= {STORAGE_USER}
    assert not holding & others
    # Users of the distributions, of a person, and nobody.
    assert 60999 < STORAGE_USER < 65520
    assert users.get("server", SERVER_USER) == SERVER_USER != 65534


def test_no_pod_has_a_token(workload: dict[str, Any]) -> None:
    pod = pod_of(workload)
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "secret", "emptyDir", "hostPath"}


def test_the_users_script_and_variables_are_seen_by_the_action_alone(workload: dict[str, Any]) -> None:
    containers = containers_of(workload)
    for name, container in containers.items():
        own = {"script", "variables"} & set(mounts_of(container))
        assert not own or name == "action"
        assert VARIABLE not in json.dumps(container)
    assert ACTION.script not in json.dumps(workload)


def test_variables_are_files_for_root() -> None:
    job = job_of()
    (volume,) = [one for one in pod_of(job)["volumes"] if one["name"] == "variables"]
    assert volume["secret"] == {"secretName": configured().variables, "defaultMode": 0o400}
    assert environment_of(containers_of(job)["action"])["RUN_VARIABLES"] == "/variables"


def test_what_is_mounted_is_there_and_the_other_way_round(workload: dict[str, Any]) -> None:
    volumes = [volume["name"] for volume in pod_of(workload)["volumes"]]
    assert len(volumes) == len(set(volumes))
    containers = containers_of(workload).values()
    assert {name for container in containers for name in mounts_of(container)} == set(volumes)
    for container in containers:
        folders = [one["mountPath"] for one in container["volumeMounts"]]
        assert len(folders) == len(set(folders))


def test_who_may_write_where(workload: dict[str, Any]) -> None:
    allowed = {
        "catalogue": {"shared", "stage", "result"},
        "storage": {"shared", "stage"},
        "server": set(),
        "action": {"result"},
        "result": set(),
    }
    for name, container in containers_of(workload).items():
        writable = {volume for volume, writes in mounts_of(container).items() if writes}
        assert writable <= allowed[name]


def test_each_script_is_told_all_that_it_wants(workload: dict[str, Any]) -> None:
    wanted = {
        "catalogue": wanted_by("fetch_packages.sh"),
        "storage": wanted_by("fetch_packages.sh") | wanted_by("serve_storage.sh"),
        "server": wanted_by("serve_packages.sh"),
        "result": set(),
    }
    run, record = wanted_by("run_action.sh"), wanted_by("record_action.sh")
    assert len(run) == 18
    assert record == {"RECORD_FILE", "RUN_ATTEMPT"}
    assert min(len(wanted[name]) for name in SERVERS) >= 4
    for name, container in containers_of(workload).items():
        scripts = [word.rpartition("/")[2] for word in container["command"] if word.endswith(".sh")]
        expected = wanted.get(name, run | record if scripts == ["record_action.sh"] else run)
        found = {variable for variable in environment_of(container) if not variable.startswith("RCLONE_C")}
        assert found == expected


def test_no_container_takes_what_it_does_not_need(workload: dict[str, Any]) -> None:
    limits = {"catalogue": "256Mi", "storage": "256Mi", "server": "128Mi", "result": "16Mi"}
    for name, container in containers_of(workload).items():
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        if name == "action":
            assert "limits" not in container["resources"]
        else:
            assert container["resources"]["limits"] == {"memory": limits[name]}
            assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_the_order_in_which_containers_are_started() -> None:
    storage = STORAGES["s3"]
    job, daemonset, server = job_of(ACTION, storage), daemonset_of(ACTION, storage), server_of(storage)
    assert list(containers_of(job)) == ["catalogue", "storage", "server", "action"]
    assert [one["name"] for one in pod_of(job)["containers"]] == ["action"]
    assert list(containers_of(daemonset)) == ["catalogue", "storage", "server", "action", "result"]
    assert [one["name"] for one in pod_of(daemonset)["containers"]] == ["result"]
    assert [one["name"] for one in pod_of(server)["initContainers"]] == ["catalogue"]
    assert [one["name"] for one in pod_of(server)["containers"]] == ["storage", "server"]
    for workload in (job, daemonset):
        staying = {name for name, one in containers_of(workload).items() if one.get("restartPolicy")}
        assert staying == {"storage", "server"}
        assert all(containers_of(workload)[name]["restartPolicy"] == "Always" for name in staying)
    assert not [one for one in containers_of(server).values() if "restartPolicy" in one]


def test_without_a_storage_nothing_is_served_and_no_network_of_the_node_is_used() -> None:
    for workload, names in ((job_of(), ["action"]), (daemonset_of(), ["action", "result"])):
        assert list(containers_of(workload)) == names
        environment = environment_of(containers_of(workload)["action"])
        assert (environment["RUN_PORT"], environment["RUN_PACKAGES"]) == ("", "")
        assert "hostNetwork" not in pod_of(workload)
        assert "shared" not in json.dumps(workload)


def test_with_a_storage_the_nodes_loopback_is_the_pods() -> None:
    for workload in (job_of(ACTION, STORAGES["s3"]), server_of(STORAGES["s3"])):
        assert pod_of(workload)["hostNetwork"] is True
        assert pod_of(workload)["dnsPolicy"] == "ClusterFirstWithHostNet"
        (port,) = containers_of(workload)["server"]["ports"]
        assert (port["containerPort"], port["hostPort"], port["hostIP"]) == (23456, 23456, "127.0.0.1")
    environment = environment_of(containers_of(job_of(ACTION, STORAGES["s3"]))["action"])
    assert (environment["RUN_PORT"], environment["RUN_PACKAGES"]) == ("23456", "/stage/by-name")


def test_only_an_action_sees_the_processes_of_the_node(workload: dict[str, Any]) -> None:
    assert pod_of(workload).get("hostPID", False) is ("action" in containers_of(workload))
    assert not {"hostIPC", "shareProcessNamespace"} & set(pod_of(workload))


def test_no_folder_of_the_node_is_mounted_but_that_of_a_storage() -> None:
    for name, workload in WORKLOADS.items():
        folders = [volume["hostPath"] for volume in pod_of(workload)["volumes"] if "hostPath" in volume]
        expected = [{"path": "/srv/packages", "type": "Directory"}] if name.endswith("of local") else []
        assert folders == expected
    for container in containers_of(job_of(ACTION, STORAGES["local"])).values():
        assert mounts_of(container).get("source", False) is False


def test_what_the_action_is_told() -> None:
    action = dataclasses.replace(
        ACTION, namespaces=("mount", "net"), time_limit=77, force=True, removes=True, variables=()
    )
    settings = dataclasses.replace(
        SETTINGS, lock_limit=5, server_limit=6, grace=7, nsenter="/usr/bin/nsenter"
    )
    container = containers_of(job_of(action, STORAGES["s3"], settings))["action"]
    assert container["command"] == ["sh", "/scripts/run_action.sh", "install", "account1"]
    assert container["image"] == settings.action_image
    assert environment_of(container) == {
        "RUN_STATE": "/var/lib/clusterdepot/actions/install-tool",
        "RUN_HASH": action.content_hash,
        "RUN_SCRIPT": "/script/script",
        "RUN_VARIABLES": "",
        "RUN_PACKAGES": "/stage/by-name",
        "RUN_NAMESPACES": "mount net",
        "RUN_PORT": "23456",
        "RUN_TIME_LIMIT": "77",
        "RUN_LOCK_LIMIT": "5",
        "RUN_SERVER_LIMIT": "6",
        "RUN_GRACE": "7",
        "RUN_FORCE": "true",
        "RUN_REMOVES": "true",
        "RUN_STAYS": "false",
        "RUN_NSENTER": "/usr/bin/nsenter",
        "RUN_MESSAGE_FILE": "/dev/termination-log",
        "RUN_INSTANCE": {"fieldRef": {"fieldPath": "metadata.uid"}},
        "RUN_NODE": {"fieldRef": {"fieldPath": "spec.nodeName"}},
    }


def test_the_server_calls_itself_what_the_action_waits_for() -> None:
    containers = containers_of(job_of(ACTION, STORAGES["s3"]))
    instance = environment_of(containers["server"])["PKG_INSTANCE"]
    assert instance == environment_of(containers["action"])["RUN_INSTANCE"]


def test_what_the_catalogue_is_told() -> None:
    action = dataclasses.replace(ACTION, packages=("tool/v2", "tool/v3"))
    storage = STORAGES["azureblob"]
    environment = environment_of(containers_of(job_of(action, storage))["catalogue"])
    common = {
        "CATALOGUE_REMOTE": "storage:pkg",
        "CATALOGUE_FILE": "/scripts/packages.toml",
        "CATALOGUE_FOLDER": ServerOptions(1, "/shared").folder,
        "CATALOGUE_AWK": "/scripts/catalogue.awk",
        "CATALOGUE_PACKAGES": "tool/v2 tool/v3",
        "CATALOGUE_LIMIT": "120",
        "STAGE_FOLDER": "/stage",
        "MESSAGE_FILE": "/dev/termination-log",
        "RCLONE_PID": "",
        "RCLONE_CA_CERT": "/certificates/ca.crt",
    }
    assert common.items() <= environment.items()
    stored = containers_of(job_of(action, storage, PLAIN_SETTINGS))["catalogue"]
    assert environment_of(stored)["CATALOGUE_FILE"] == ""
    assert environment_of(containers_of(server_of(storage))["catalogue"])["CATALOGUE_PACKAGES"] == ""


def test_the_kubelet_does_not_take_a_dollar_for_a_variable() -> None:
    storage = storage_of({"type": "local", "path": "/srv", "prefix": "$(PATH)/$$a"})
    environment = environment_of(containers_of(job_of(ACTION, storage))["catalogue"])
    assert environment["CATALOGUE_REMOTE"] == "storage:/source/$$(PATH)/$$$$a"
    (probe,) = containers_of(daemonset_of())["result"]["readinessProbe"]["exec"]["command"][2:]
    assert probe == '[ "$$(cat /result/code)" = 0 ]'


def test_only_where_an_action_records_its_end_others_wait_for_it() -> None:
    storage = STORAGES["s3"]
    daemonset = containers_of(daemonset_of(ACTION, storage))
    assert environment_of(daemonset["action"])["RECORD_FILE"] == "/result/code"
    assert environment_of(daemonset["action"])["RUN_STAYS"] == "true"
    assert daemonset["action"]["command"] == ["sh", "/scripts/record_action.sh", "install", "account1"]
    # What an earlier start of the pod has left would put the servers to sleep.
    assert daemonset["catalogue"]["command"] == [
        "sh",
        "-c",
        'rm -f /result/code && exec sh "$$0"',
        "/scripts/fetch_packages.sh",
    ]
    for name in ("storage", "server"):
        assert environment_of(daemonset[name])["FINISHED_FILE"] == "/result/code"
    for workload in (job_of(ACTION, storage), server_of(storage)):
        for name in ("storage", "server"):
            assert environment_of(containers_of(workload)[name])["FINISHED_FILE"] == ""
        assert "result" not in {volume["name"] for volume in pod_of(workload)["volumes"]}


def test_the_result_has_nothing_but_a_readiness() -> None:
    result = containers_of(daemonset_of(ACTION, STORAGES["s3"]))["result"]
    assert result["env"] == []
    assert mounts_of(result) == {"result": False}


def test_a_workload_identity_gives_tokens_to_those_that_read_the_storage_alone() -> None:
    for workload in (job_of(ACTION, STORAGES["identity"]), server_of(STORAGES["identity"])):
        metadata = workload["spec"]["template"]["metadata"]
        assert metadata["labels"]["azure.workload.identity/use"] == "true"
        for key, separator in (("azure.workload.identity", ";"), ("eks.amazonaws.com", ",")):
            without = metadata["annotations"][f"{key}/skip-containers"].split(separator)
            assert set(containers_of(workload)) - set(without) == SECRETIVE
        assert pod_of(workload)["serviceAccountName"] == "packages"
    others = job_of(ACTION, STORAGES["s3"])["spec"]["template"]["metadata"]
    assert "azure.workload.identity/use" not in others["labels"]


def test_where_pods_are_put_and_how() -> None:
    pod = pod_of(job_of())
    assert pod["nodeSelector"] == {"pool": "work", "kubernetes.io/os": "linux"}
    # Behind it is how long the Job stays on a node that is not heard of.
    assert pod["tolerations"][0] == pod_of(daemonset_of())["tolerations"][0]
    assert pod_of(daemonset_of())["tolerations"] == [
        {"key": "dedicated", "operator": "Equal", "value": "work", "effect": "NoSchedule"}
    ]
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert pod["priorityClassName"] == "system-node-critical"
    plain = pod_of(WORKLOADS["plain daemonset"])
    assert plain["nodeSelector"] == {"kubernetes.io/os": "linux"}
    keys = {"tolerations", "imagePullSecrets", "priorityClassName", "serviceAccountName"}
    assert not keys & set(plain)


def test_the_pod_has_more_time_to_end_than_the_script() -> None:
    for workload in (job_of(), daemonset_of()):
        assert pod_of(workload)["terminationGracePeriodSeconds"] == SETTINGS.grace + 15
