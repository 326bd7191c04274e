# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.package_server import (
    FilterModule,
    package_server,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes import pod_files

WISH: dict[str, Any] = {
    "namespace": "packages",
    "name": "server",
    "storage": {"type": "http", "url": "http://files.example.org"},
    "storage_secret_data": {},
    "catalogue": None,
    "actions": [],
    "resident": False,
    "port": 8290,
    "refresh": 60,
    "catalogue_timeout": 120,
    "selector": {},
    "tolerations": [],
    "service_account": "",
    "rclone_image": "docker.io/rclone/rclone:1.75",
    "haproxy_image": "docker.io/library/haproxy:2.6",
    "action_image": "docker.io/library/busybox:1.36",
    "image_pull_secrets": [],
    "priority_class": "",
}


def _faults(*actions: object, **changes: Any) -> list[str]:
    found: list[str] = package_server({**WISH, "actions": list(actions), **changes})["faults"]
    return found


def test_actions_become_options_of_the_module() -> None:
    prepared = package_server({**WISH, "actions": [{"name": "install", "script": "true", "port": None}]})
    assert prepared["faults"] == []
    assert prepared["names"] == ["install"]
    options = prepared["runs"]["install"]
    assert (options["name"], options["namespace"], options["storage"]) == (
        "install",
        "packages",
        WISH["storage"],
    )
    # What nobody has said is left to the module.
    assert not {"port", "catalogue", "selector", "priority_class", "state"} & set(options)


def test_server_that_stays_is_made_of_the_same_variables() -> None:
    configmap, daemonset = package_server({**WISH, "resident": True, "port": "8291"})["objects"]
    assert configmap["metadata"]["namespace"] == daemonset["metadata"]["namespace"] == "packages"
    assert daemonset["metadata"]["name"] == "server"
    assert "127.0.0.1:8291" in configmap["data"]["haproxy.cfg"]
    assert package_server(WISH)["objects"] == []


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"name": "a"}, "package_server_actions[0].script: is missing"),
        ({"script": "true"}, "package_server_actions[0]: missing required arguments: name"),
        (
            {"name": "a", "script": "true", "time_limit": "soon"},
            "package_server_actions[0].time_limit: argument 'time_limit' is of type",
        ),
        (
            {"name": "a", "script": "true", "mode": "cron"},
            "package_server_actions[0].mode: value of mode must be one of",
        ),
        ({"name": "a", "script": "true", "colour": 1}, "package_server_actions[0]: the key 'colour' is not"),
        (
            {"name": "a", "script": "true", "storage": {"type": "ftp"}},
            "package_server_actions[0].storage.type: ",
        ),
        ("a", "package_server_actions[0]: 'a' is not a mapping"),
        ({"name": "server", "script": "true"}, "package_server_actions[0].name: 'server' is the name of the"),
        (
            {"name": "a", "script": "true", "context": "x"},
            "package_server_actions[0].context: is told to all",
        ),
    ],
)
def test_fault_of_an_action_has_its_place(action: object, told: str) -> None:
    (fault,) = _faults(action)
    assert fault.startswith(told)


def test_fault_that_actions_share_is_told_once_and_with_the_variable() -> None:
    actions = [{"name": name, "script": "true"} for name in ("a", "b", "c")]
    assert [fault.partition(": ")[0] for fault in _faults(*actions, storage={"type": "ftp"}, refresh=-1)] == [
        "package_server_storage.type",
        "package_server_refresh",
    ]


def test_all_faults_of_an_action_are_told() -> None:
    wrong = {"name": "A", "script": "", "colour": 1}
    # Ansible's validation comes first; what it lets pass is read only then.
    assert len(_faults(wrong)) == 1
    assert len(_faults({key: value for key, value in wrong.items() if key != "colour"})) == 2


@pytest.mark.parametrize(
    ("data", "storage", "told"),
    [
        ({"account_key": "x"}, {}, "storage_secret_data: is of no use without a storage"),
        (
            {"key": "hunter2"},
            {"type": "azureblob", "account": "abc"},
            "storage_secret_data: the key 'key' is",
        ),
        ({"access_key_id": "x"}, {"type": "s3", "bucket": "abc"}, "has no key secret_access_key"),
        ({"account_key": 7}, {"type": "azureblob", "account": "abc"}, "storage_secret_data[account_key]: "),
        ("hunter2", {"type": "azureblob", "account": "abc"}, "storage_secret_data: a str is not a mapping"),
        (
            {"account_key": "x"},
            {"type": "azureblob", "account": "abc", "identity": "node"},
            "storage.identity: 'node' is given beside a secret",
        ),
    ],
)
def test_credentials_that_the_storage_does_not_know_are_told_without_them(
    data: object, storage: Mapping[str, str], told: str
) -> None:
    faults = _faults(storage=storage, storage_secret_data=data)
    assert any(told in fault for fault in faults)
    assert "hunter2" not in repr(faults)


def test_credentials_are_in_a_secret_with_the_name_that_the_storage_tells() -> None:
    data = {"access_key_id": "x", "secret_access_key": "y"}
    for given, name in (({}, "server-storage"), ({"secret": "mine"}, "mine")):
        storage = {"type": "s3", "bucket": "packages", **given}
        wish = {**WISH, "storage": storage, "storage_secret_data": data, "resident": True}
        prepared = package_server(wish)
        assert prepared["secret_made"] == name
        assert prepared["objects"][1]["metadata"]["annotations"] == {
            "artifacts.clusterdepot.io/rollout-on": f"secret/{name}"
        }
        removed = package_server(wish, removes=True)["unwanted"]
        assert ("Secret", name) in [(item["kind"], item["metadata"]["name"]) for item in removed]


@pytest.mark.parametrize(
    "changes",
    [
        {"storage": {"type": "s3", "bucket": "packages", "secret": "server-storage"}},
        {"storage": {**WISH["storage"], "ca_secret": "server-storage"}},
        {"service_account": "server"},
    ],
)
def test_what_others_made_is_not_deleted_though_it_has_a_name_of_ours(changes: dict[str, Any]) -> None:
    ours = [("DaemonSet", "server"), ("Secret", "server-storage"), ("ServiceAccount", "server")]
    spared = ours[2] if "service_account" in changes else ours[1]
    for removes in (False, True):
        unwanted = package_server({**WISH, **changes}, removes=removes)["unwanted"]
        found = [(item["kind"], item["metadata"]["name"]) for item in unwanted]
        assert found == [one for one in ours if one != spared]


def test_nobody_waits_for_a_port_that_another_one_has() -> None:
    both = [{"name": name, "script": "true", "port": 9000} for name in ("a", "b")]
    (fault,) = _faults(*both)
    assert fault.startswith("package_server_actions[1].port: 9000 is the port of the action 'a'")
    (fault,) = _faults({**both[0], "port": "8290"}, resident=True)
    assert fault.startswith("package_server_actions[0].port: 8290 is the port of the package server")
    assert _faults({**both[0], "port": 8290}) == []
    # Without packages, and where it is taken back, nothing listens.
    assert _faults(both[0], {**both[1], "storage": {}}) == []
    assert _faults(both[0], {**both[1], "state": "absent"}) == []


def test_an_action_without_packages_has_no_catalogue_of_them() -> None:
    catalogue = {"tool": {"1": {"path": "tool.deb"}}}
    action = {"name": "offline", "script": "true", "storage": {}}
    prepared = package_server({**WISH, "catalogue": catalogue, "actions": [action]})
    assert prepared["faults"] == []
    assert not {"storage", "catalogue"} & set(prepared["runs"]["offline"])
    (fault,) = _faults(storage={}, catalogue=catalogue)
    assert fault.startswith("package_server_catalogue: is of no use without 'storage'")


def test_server_that_stays_needs_a_storage() -> None:
    (fault,) = _faults(storage={}, resident=True)
    assert fault.startswith("package_server_storage: is missing")


@pytest.mark.parametrize(
    ("changes", "account", "made"),
    [
        ({}, "server", True),
        ({"service_account": "theirs"}, "theirs", False),
        ({"actions": [{"name": "a", "script": "true", "service_account": "own"}]}, "own", True),
    ],
)
def test_identity_of_a_workload_needs_a_service_account(
    changes: dict[str, Any], account: str, made: bool
) -> None:
    storage = {"type": "gcs", "bucket": "packages", "identity": "workload"}
    actions = [{"name": "a", "script": "true"}]
    prepared = package_server({**WISH, "storage": storage, "actions": actions, **changes})
    assert prepared["faults"] == []
    assert prepared["runs"]["a"]["service_account"] == account
    assert prepared["service_account_made"] is made


def test_no_service_account_where_none_is_needed() -> None:
    assert package_server({**WISH, "resident": True})["service_account_made"] is False


def test_nothing_is_an_empty_text_before_ansible_core_2_19() -> None:
    empty: tuple[object, ...] = (None, "", {})
    for nothing in empty:
        prepared = package_server(
            {**WISH, "catalogue": nothing, "actions": [{"name": "a", "script": "true"}]}
        )
        assert "catalogue" not in prepared["runs"]["a"]


def test_removal_is_told_only_what_it_needs() -> None:
    wrong = {"name": "a", "script": "#!/usr/bin/python", "variables": 1, "colour": "red", "max_fail": 2}
    prepared = package_server({**WISH, "actions": [wrong], "storage": {"type": "ftp"}}, removes=True)
    assert prepared["faults"] == []
    assert prepared["runs"]["a"].items() >= {"name": "a", "state": "absent", "max_fail": 2}.items()
    assert not {"script", "variables", "colour", "storage", "selector"} & set(prepared["runs"]["a"])
    asking = {"name": "a", "absent_script": "true", "variables": {"A": "b"}, "force": True}
    options = package_server({**WISH, "actions": [asking]}, removes=True)["runs"]["a"]
    assert (options["variables"], options["storage"]) == ({"A": "b"}, WISH["storage"])
    assert "force" not in options


class _Lazy(dict[str, Any]):
    """What a template gives: it cannot be copied but at the cost of all variables."""

    def __deepcopy__(self, memo: object) -> _Lazy:
        raise AssertionError("copied with all it has")


def test_what_a_template_gives_is_never_copied_deeply() -> None:
    wish = _Lazy(
        {**WISH, "actions": [_Lazy({"name": "a", "script": "true", "variables": _Lazy({"A": "b"})})]}
    )
    assert package_server(wish)["faults"] == []


def test_list_of_actions_is_a_list() -> None:
    (fault,) = _faults(actions={"name": "a"})
    assert fault == "package_server_actions: a mapping is not a list of actions"


def test_it_takes_a_mapping_only() -> None:
    with pytest.raises(AnsibleFilterError, match="list"):
        package_server([])


def test_scripts_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    # The collection's own files are not taken away from other tests.
    monkeypatch.setattr(pod_files, "_FOLDER", tmp_path)
    with pytest.raises(AnsibleFilterError, match="the scripts of the pods cannot be read"):
        package_server(WISH)


def test_it_is_offered_to_ansible() -> None:
    assert FilterModule().filters() == {"package_server": package_server}
