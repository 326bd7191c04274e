# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import dataclasses
import json

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    LARGEST_CATALOGUE,
    LARGEST_PACKAGES,
    Configuration,
    configuration_faults,
    server_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import (
    RECORD_FILES,
    RUN_FILES,
    SERVER_FILES,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.script import LARGEST_VARIABLES
from tests.unit.plugins.module_utils._nodes.pods import (
    ACTION,
    FILES,
    PLAIN_ACTION,
    PLAIN_SETTINGS,
    SCRIPT,
    SETTINGS,
    STORAGES,
    VARIABLE,
    configured,
)

STORAGE = STORAGES["s3"]
# A ConfigMap, and a Secret as well, holds 1 MiB.
MOST_OCTETS = 1_048_576


def object_of(configuration: Configuration, kind: str, name: str) -> dict[str, object]:
    (found,) = [
        one for one in configuration.objects if (one["kind"], one["metadata"]["name"]) == (kind, name)
    ]
    return found


def test_an_action_has_scripts_its_own_script_and_its_variables() -> None:
    configuration = configured(ACTION, STORAGE)
    assert configuration.names == {
        ("ConfigMap", configuration.scripts),
        ("ConfigMap", configuration.script),
        ("Secret", configuration.variables),
    }
    scripts = object_of(configuration, "ConfigMap", configuration.scripts)["data"]
    assert isinstance(scripts, dict)
    assert set(scripts) == {*RUN_FILES, *RECORD_FILES, *SERVER_FILES, "haproxy.cfg", "packages.toml"}
    assert all(scripts[name] == text for name, text in FILES.items())
    assert scripts["packages.toml"] == SETTINGS.catalogue
    assert f"bind 127.0.0.1:{SETTINGS.port} " in scripts["haproxy.cfg"]
    assert object_of(configuration, "ConfigMap", configuration.script)["data"] == {"script": SCRIPT}
    secret = object_of(configuration, "Secret", configuration.variables)
    assert secret["data"] == {"TOKEN": base64.b64encode(VARIABLE.encode()).decode()}


def test_what_is_not_needed_is_not_there() -> None:
    plain = configured(PLAIN_ACTION, None, PLAIN_SETTINGS)
    assert plain.variables == ""
    assert not plain.has_catalogue
    assert [one["kind"] for one in plain.objects] == ["ConfigMap", "ConfigMap"]
    assert set(plain.objects[0]["data"]) == {*RUN_FILES, *RECORD_FILES}
    stored = configured(ACTION, STORAGE, PLAIN_SETTINGS)
    assert not stored.has_catalogue
    assert "packages.toml" not in stored.objects[0]["data"]


def test_a_server_has_no_script_of_a_user() -> None:
    configuration = server_configuration("packages", STORAGE, SETTINGS, FILES)
    assert configuration.names == {("ConfigMap", configuration.scripts)}
    assert set(configuration.objects[0]["data"]) == {*SERVER_FILES, "haproxy.cfg", "packages.toml"}
    assert configuration.objects[0]["metadata"]["labels"]["app.kubernetes.io/name"] == "package-server"


def test_nothing_can_be_changed_and_all_is_found_again() -> None:
    for one in configured(ACTION, STORAGE).objects:
        assert one["immutable"] is True
        assert one["metadata"]["namespace"] == SETTINGS.namespace
        assert one["metadata"]["labels"] == {
            "app.kubernetes.io/name": "node-action",
            "app.kubernetes.io/instance": "install-tool",
            "app.kubernetes.io/component": "configuration",
            "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
            "app.kubernetes.io/part-of": "clusterdepot",
        }


def test_other_content_has_another_name_and_the_same_content_the_same() -> None:
    first = configured(ACTION, STORAGE)
    assert configured(ACTION, STORAGE) == first
    script = configured(dataclasses.replace(ACTION, script="false\n"), STORAGE)
    assert (script.scripts, script.script == first.script) == (first.scripts, False)
    variables = configured(dataclasses.replace(ACTION, variables=(("TOKEN", "other"),)), STORAGE)
    assert (variables.scripts, variables.script) == (first.scripts, first.script)
    assert variables.variables != first.variables
    port = configured(ACTION, STORAGE, dataclasses.replace(SETTINGS, port=20001))
    assert (port.script, port.variables) == (first.script, first.variables)
    assert port.scripts != first.scripts
    catalogue = dataclasses.replace(SETTINGS, catalogue="# none\n")
    assert configured(ACTION, STORAGE, catalogue).scripts != first.scripts


def test_the_users_variables_are_in_the_secret_alone() -> None:
    configuration = configured(ACTION, STORAGE)
    encoded = base64.b64encode(VARIABLE.encode()).decode()
    for one in configuration.objects:
        written = json.dumps(one)
        assert VARIABLE not in written
        assert (encoded in written) is (one["kind"] == "Secret")
    assert VARIABLE not in configuration.variables


def test_the_largest_fits() -> None:
    settings = dataclasses.replace(SETTINGS, catalogue="#" * LARGEST_CATALOGUE)
    action = dataclasses.replace(ACTION, variables=(("A", "x" * (LARGEST_VARIABLES - 1)),))
    assert configuration_faults((), STORAGE, settings) == []
    for one in configured(action, STORAGE, settings).objects:
        assert sum(len(name) + len(text) for name, text in one["data"].items()) < MOST_OCTETS


def test_what_cannot_go_together_is_told_at_once() -> None:
    too_many = ["a/" + "b" * 98] * (LARGEST_PACKAGES // 100)
    large = dataclasses.replace(PLAIN_SETTINGS, catalogue="#" * (LARGEST_CATALOGUE + 1))
    in_storage = f"allowed: {LARGEST_CATALOGUE}, or any size in the storage"
    told = [str(fault) for fault in configuration_faults([*too_many, "a/b"], STORAGES["identity"], large)]
    assert told == [
        "service_account: is missing: the identity workload is that of a service account",
        f"catalogue: has {LARGEST_CATALOGUE + 1} octets; {in_storage}",
        f"packages: their names have {len(too_many) * 101 + 3} octets; allowed: {LARGEST_PACKAGES}",
    ]


def test_packages_need_a_storage() -> None:
    told = [str(fault) for fault in configuration_faults(["a/b"], None, SETTINGS)]
    assert told == ["packages: are of no use without 'storage'", "catalogue: is of no use without 'storage'"]
    assert configuration_faults([], None, PLAIN_SETTINGS) == []
    assert configuration_faults(["a/b"], STORAGES["identity"], SETTINGS) == []
